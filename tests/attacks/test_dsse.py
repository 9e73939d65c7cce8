"""Envelopes that must be refused, from their bytes to the verdict; each beside one that must not.

The parts are tested one by one in tests/unit/sealing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import Envelope, Sealed, Signature, generate_key, pae, seal, unseal
from tests.attacks.refusing import (
    ONE,
    PAYLOAD,
    RECORD,
    SEALED,
    STRANGER,
    TRUST,
    TWO,
    document,
    read,
    refused,
    signed,
    with_signatures,
)
from tests.unit import samples

GOOD = SEALED.signatures[0]
OTHER_TYPES = (
    RECORD_PAYLOAD_TYPE.upper(),
    f"{RECORD_PAYLOAD_TYPE};v=1",
    f" {RECORD_PAYLOAD_TYPE}",
    "application/vnd.in-toto+json",
)


@pytest.mark.parametrize("kind", OTHER_TYPES)
def test_d1_another_payload_type(kind: str) -> None:
    """Put on afterwards it breaks the signature; signed by a trusted key it is no record."""
    assert read(document(payloadType=RECORD_PAYLOAD_TYPE)).record == RECORD
    refused("signature.tampered", read, document(payloadType=kind))
    refused("envelope.payload_type", unseal, signed(PAYLOAD, kind=kind), TRUST)


@pytest.mark.parametrize("keyid", ["", "unknown", TWO.keyid, ONE.keyid])
def test_d2_a_key_id_decides_nothing(keyid: str) -> None:
    """A good signature counts under any id; a stranger's counts under none, not even a good one."""
    trust = samples.trust(ONE, TWO)
    verified = unseal(with_signatures(Signature(GOOD.sig, keyid)), trust)
    assert [signer.keyid for signer in verified.signers] == [ONE.keyid]
    forged = Signature(STRANGER.sign(pae(RECORD_PAYLOAD_TYPE, PAYLOAD)), keyid)
    known = keyid in (ONE.keyid, TWO.keyid)
    expected = "signature.tampered" if known else "signature.unknown_key"
    refused(expected, unseal, with_signatures(forged), trust)


@pytest.mark.parametrize(
    ("signatures", "error_id"),
    [
        ([], "envelope.unsigned"),
        (None, "envelope.shape"),
        ([None], "envelope.shape"),
        ([{"sig": ""}], "envelope.shape"),
        ([{"sig": 7}], "envelope.shape"),
        ([{"sig": "AA=="}], "signature.unknown_key"),
        ([{"sig": "AA=="}] * 2, "signature.unknown_key"),
    ],
)
def test_d3_no_signature_that_is_one(signatures: Any, error_id: str) -> None:
    """Nothing, null and junk are told apart, and none of them vouches."""
    assert read(document()).record == RECORD
    refused(error_id, read, document(signatures=signatures))


def test_d3_junk_beside_a_good_signature_changes_nothing() -> None:
    """Before it, behind it, twice: one signer, as without."""
    [good] = json.loads(SEALED.to_json())["signatures"]
    junk = [{"sig": "AA=="}, {"sig": "////", "keyid": "x"}]
    for signatures in ([*junk, good], [good, *junk], [good, good, *junk]):
        assert len(read(document(signatures=signatures)).signers) == 1


@pytest.mark.parametrize("key", [ONE, TWO], ids=["ed25519", "ecdsa"])
def test_d4_one_key_under_two_ids_is_one(key: Any) -> None:
    """A threshold of two is met by two people, never by one who signs again under another name."""
    trust = samples.trust(ONE, TWO, threshold=2)
    assert unseal(SEALED.countersign(TWO), trust).roles == ("author",)
    data = pae(RECORD_PAYLOAD_TYPE, PAYLOAD)
    for second in (key.keyid, "other", ""):
        twice = with_signatures(
            Signature(key.sign(data), key.keyid), Signature(key.sign(data), second)
        )
        refused("role.threshold", unseal, twice, trust)


def test_d5_a_signature_in_another_form() -> None:
    """The trusted key says which algorithm: neither raw r and s nor Ed25519 pass for DER."""
    trust = samples.trust(TWO)
    sealed = seal(RECORD, TWO)
    assert unseal(sealed, trust).record == RECORD
    r, s = decode_dss_signature(sealed.signatures[0].sig)
    raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    for other in (raw, GOOD.sig, raw[:32], sealed.signatures[0].sig + b"\0"):
        envelope = replace(sealed.envelope, signatures=(Signature(other, TWO.keyid),))
        forged = Sealed(envelope)
        refused("signature.tampered", unseal, forged, trust)


@pytest.mark.parametrize("member", ["publicKey", "cert", "keyval", "certificateChain"])
def test_d6_a_key_that_came_along(member: str) -> None:
    """What an envelope brings of its own is ignored: only keys of the trust file vouch."""
    mallory = generate_key()
    entry = json.loads(seal(RECORD, mallory).to_json())["signatures"][0]
    brought = document(signatures=[entry | {member: mallory.public.to_pem()}])
    assert unseal(Sealed.from_json(brought), samples.trust(mallory)).record == RECORD
    refused("signature.unknown_key", unseal, Sealed.from_json(brought), TRUST)


def url_safe_and_not(text: bytes) -> bytes:
    """One string in both base64 alphabets."""
    return text.replace(json.loads(text)["payload"].encode(), b"_/8=", 1)


@pytest.mark.parametrize(
    ("change", "error_id"),
    [
        (lambda text: text.replace(b"{", b'{"payload": "AA==",', 1), "json.duplicate_key"),
        (lambda text: text + b"{}", "json.syntax"),
        (lambda text: b"\xef\xbb\xbf" + text, "decode.byte_order_mark"),
        (lambda text: text.replace(b'"payload"', b'"Payload"', 1), "json.twins"),
        (url_safe_and_not, "envelope.base64"),
    ],
)
def test_d7_loose_json_and_base64(change: Any, error_id: str) -> None:
    """What two readers could understand in two ways is no envelope."""
    assert read(document()).record == RECORD
    refused(error_id, read, change(document()))


@pytest.mark.parametrize("text", ["//A", "//A=\n", "//B=", "//A==", "/ /A=", "_/A=", ""])
def test_d7_other_spellings_of_one_payload(text: str) -> None:
    """A payload has one spelling in each alphabet: padded, without blanks, unused bits zero."""
    for good in ("//A=", "__A="):
        assert Envelope.from_json(document(payload=good)).payload == b"\xff\xf0"
    expected = "envelope.base64" if text else "envelope.shape"
    refused(expected, Envelope.from_json, document(payload=text))


def test_d8_another_encoding_before_signing() -> None:
    """Lengths count bytes: characters, the old binary form and the bare payload do not fit."""
    record = samples.record(namespace_name="loans")
    record.header.inputs[0].name = "pr\u00eats.csv"
    payload, kind = seal(record, ONE).payload, RECORD_PAYLOAD_TYPE.encode()
    assert unseal(signed(payload), TRUST).record == record
    old = b"".join(len(part).to_bytes(8, "little") + part for part in (kind, payload))
    count = len(payload.decode("utf-8", "surrogateescape"))
    assert count < len(payload)
    characters = b"DSSEv1 %d %b %d %b" % (len(kind), kind, count, payload)
    for data in (characters, (2).to_bytes(8, "little") + old, old, payload, kind + payload):
        other = (Signature(ONE.sign(data), ONE.keyid),)
        forged = Sealed(replace(signed(payload).envelope, signatures=other))
        refused("signature.tampered", unseal, forged, TRUST)


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "signatures": (lambda: document(signatures=[{"sig": "AA=="}] * 65), "limit.count"),
    "one signature": (
        lambda: document(signatures=[{"sig": base64.b64encode(bytes(1025)).decode()}]),
        "limit.size",
    ),
    "key id": (lambda: document(signatures=[{"sig": "AA==", "keyid": "k" * 256}]), "limit.size"),
    "depth": (lambda: document(x=json.loads("[" * 70 + "]" * 70)), "limit.depth"),
    "size": (lambda: document(x="x" * 25 * 1024 * 1024), "limit.size"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_d9_bombs(bomb: str) -> None:
    """Each bound is a LimitError before any key is tried; at the bound everything works."""
    [good] = json.loads(SEALED.to_json())["signatures"]
    assert read(document(signatures=[{"sig": "AA=="}] * 63 + [good])).record == RECORD
    make, error_id = BOMBS[bomb]
    refused(error_id, read, make())
