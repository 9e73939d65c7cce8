"""DSSE envelopes are read strictly, and say the same in both forms."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.errors import DecodeError, LimitError, MLSpecError
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import Envelope, Signature, pae
from mlspec.sealing.dsse import MAX_SIGNATURES
from tests.unit import samples

ENVELOPE = Envelope(b"\xffpayload", RECORD_PAYLOAD_TYPE, (Signature(b"s" * 64, "ab" * 32),))


def document(**changes: Any) -> bytes:
    """The envelope's JSON with members changed; None removes one."""
    made = {**json.loads(ENVELOPE.to_json()), **changes}
    return json.dumps({name: value for name, value in made.items() if value != "REMOVE"}).encode()


def test_pae_is_that_of_the_standard() -> None:
    """The example of the DSSE protocol."""
    expected = b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert pae("http://example.com/HelloWorld", b"hello world") == expected


def test_d8_pae_counts_bytes() -> None:
    """Lengths are of bytes: two letters of three bytes each are six."""
    assert (
        pae("\u20ac\u20ac", b"\xe2\x82\xac") == b"DSSEv1 6 \xe2\x82\xac\xe2\x82\xac 3 \xe2\x82\xac"
    )


def test_both_forms_survive() -> None:
    """An envelope reads back equal from JSON and from protobuf."""
    assert Envelope.from_json(ENVELOPE.to_json()) == ENVELOPE
    assert Envelope.from_bytes(ENVELOPE.to_bytes()) == ENVELOPE
    assert Envelope.from_json(document()) == ENVELOPE


def test_the_protobuf_form_has_the_numbers_of_dsse() -> None:
    """DSSE's own envelope.proto numbers payload 1, payloadType 2, signatures 3, sig 1, keyid 2."""
    numbers = {field.name: field.number for field in v1.Envelope.DESCRIPTOR.fields}
    assert numbers == {"payload": 1, "payload_type": 2, "signatures": 3}
    assert {f.name: f.number for f in v1.Signature.DESCRIPTOR.fields} == {"sig": 1, "keyid": 2}


def test_an_empty_keyid_is_none() -> None:
    """Unset and empty are the same (DSSE envelope, "Parsing rules")."""
    entry = {"sig": "AA=="}
    plain = Envelope.from_json(document(signatures=[entry]))
    assert Envelope.from_json(document(signatures=[{**entry, "keyid": ""}])) == plain
    assert Envelope.from_bytes(plain.to_bytes()) == plain


def test_members_that_dsse_does_not_know_are_ignored() -> None:
    """Consumers must ignore unrecognised members (DSSE envelope, "Parsing rules")."""
    signature = {**json.loads(ENVELOPE.to_json())["signatures"][0], "cert": "-----BEGIN"}
    assert Envelope.from_json(document(signatures=[signature], extra={"a": 1})) == ENVELOPE


def test_either_base64_alphabet_is_taken() -> None:
    """Verifiers must accept the standard and the URL-safe alphabet."""
    url_safe = base64.urlsafe_b64encode(ENVELOPE.payload).decode()
    assert "_" in url_safe
    assert Envelope.from_json(document(payload=url_safe)) == ENVELOPE


@pytest.mark.parametrize(
    "payload", ["_3BheWxvYWQ+", "/3BheWxvYWQ", "/3BheWxvYWQ=\n", "AB==", "", "/3Bhe WxvYWQ="]
)
def test_d7_loose_or_mixed_base64(payload: str) -> None:
    """One value, one spelling; the alphabets do not mix."""
    with pytest.raises(DecodeError) as caught:
        Envelope.from_json(document(payload=payload))
    assert caught.value.path == "payload"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'"payload":', b'"payload": "QUFB", "payload":', 1),
        lambda text: text + b"{}",
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: b"[" + text + b"]",
        lambda text: text.decode().encode("utf-16"),
    ],
)
def test_d7_freedoms_of_json(change: Any) -> None:
    """Duplicate keys, trailing data, byte-order marks and lists are refused."""
    assert Envelope.from_json(document()) == ENVELOPE
    with pytest.raises(DecodeError):
        Envelope.from_json(change(document()))


@pytest.mark.parametrize("name", ["payload_type", "PayloadType", "Payload", "SIGNATURES"])
def test_d7_other_spellings_of_a_member(name: str) -> None:
    """Some readers match names loosely: a second spelling of a known member is refused."""
    with pytest.raises(DecodeError) as caught:
        Envelope.from_json(document(**{name: "x"}))
    assert caught.value.id == "json.twins"


@pytest.mark.parametrize("signatures", [[], None, "REMOVE", {}, "AA==", [None], [[]], [{}], [1]])
def test_d3_no_signatures_or_null(signatures: Any) -> None:
    """An envelope without proper signatures is no envelope."""
    with pytest.raises(DecodeError) as caught:
        Envelope.from_json(document(signatures=signatures))
    assert caught.value.path.startswith("signatures")


@pytest.mark.parametrize(
    "entry", [{"sig": None}, {"sig": 1}, {"sig": ""}, {"sig": "AA==", "keyid": 1}]
)
def test_d3_junk_entries(entry: Any) -> None:
    """A signature is base64 text, a keyid is text."""
    with pytest.raises(DecodeError) as caught:
        Envelope.from_json(document(signatures=[entry]))
    assert caught.value.path.startswith("signatures[0]")


@pytest.mark.parametrize("name", ["payload", "payloadType"])
def test_missing_members(name: str) -> None:
    """Each required member is missed by name."""
    with pytest.raises(DecodeError) as caught:
        Envelope.from_json(document(**{name: "REMOVE"}))
    assert caught.value.path == name


def test_d9_bombs() -> None:
    """Too many signatures, too long ones, too deep or too large JSON end in a LimitError."""
    entry = {"sig": "AA=="}
    assert Envelope.from_json(document(signatures=[entry] * MAX_SIGNATURES))
    for bomb in (
        document(signatures=[entry] * (MAX_SIGNATURES + 1)),
        document(signatures=[{"sig": base64.b64encode(bytes(1025)).decode()}]),
        document(signatures=[{"sig": "AA==", "keyid": "a" * 256}]),
        document(payloadType="a" * 256),
        document(extra=json.loads("[" * 70 + "]" * 70)),
        b" " * (25 * 1024 * 1024),
    ):
        with pytest.raises(LimitError):
            Envelope.from_json(bomb)
    many = v1.Envelope(payload=b"x", payload_type="t")
    for _ in range(MAX_SIGNATURES + 1):
        many.signatures.add(sig=b"s")
    with pytest.raises(LimitError):
        Envelope.from_bytes(many.SerializeToString())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=120), st.booleans())
def test_any_bytes_give_an_envelope_or_one_of_our_errors(data: bytes, json_form: bool) -> None:
    """No foreign exception leaves the reader."""
    read = Envelope.from_json if json_form else Envelope.from_bytes
    assert isinstance(samples.attempt(lambda: read(data)), Envelope | MLSpecError)
