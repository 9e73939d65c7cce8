"""Sigstore bundles: an envelope with the hint of a bare public key."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.errors import InputError, LimitError, MLSpecError, TamperedError, UntrustedError
from mlspec.exporters import read_bundle, sign_statement, to_bundle
from mlspec.sealing import Envelope, PrivateKey, Sealed, Signature, unseal
from tests.unit import samples
from tests.unit.exporters.cases import output, sealed, verified

Alter = Callable[[dict[str, Any]], object]
KEYS = [samples.ED25519, samples.ECDSA]
WHOLE = to_bundle(sealed(output()).envelope)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_a_bundle_holds_the_envelope_and_a_hint(key: PrivateKey) -> None:
    """In the version that is current, for both algorithms; what is in it verifies as before."""
    record = sealed(output(), key=key)
    made = json.loads(to_bundle(record.envelope))
    assert made == {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": key.keyid}, "tlogEntries": []},
        "dsseEnvelope": json.loads(record.to_json()),
    }
    read = Sealed(read_bundle(json.dumps(made).encode()))
    assert read == record
    assert unseal(read, samples.trust(key)).sha256 == record.sha256


def test_a_statement_goes_into_a_bundle_too() -> None:
    """A bundle does not care what was signed."""
    envelope = sign_statement(verified(output()), samples.ECDSA)
    assert read_bundle(to_bundle(envelope)) == envelope


def test_one_of_several_signatures_is_chosen_by_its_key() -> None:
    """A bundle holds one: which, the caller says."""
    first, second = samples.ED25519, samples.ECDSA
    twice = sealed(output()).countersign(second)
    for key in (first, second):
        (signature,) = read_bundle(to_bundle(twice.envelope, key.keyid[:12])).signatures
        assert signature.keyid == key.keyid
    nameless = Envelope(b"x", "text/plain", (Signature(b"s"),))
    for envelope, keyid, error_id in (
        (twice.envelope, "", "bundle.keyid"),
        (twice.envelope, "zz", "bundle.keyid"),
        (nameless, "", "bundle.hint"),
    ):
        with pytest.raises(InputError) as caught:
            to_bundle(envelope, keyid)
        assert caught.value.id == error_id


def test_the_hint_stands_in_for_a_missing_key_id() -> None:
    """Others write the key's name only once."""
    made = json.loads(to_bundle(sealed(output()).envelope))
    del made["dsseEnvelope"]["signatures"][0]["keyid"]
    (signature,) = read_bundle(json.dumps(made).encode()).signatures
    assert signature.keyid == samples.ED25519.keyid


@pytest.mark.parametrize("name", ["certificate", "x509CertificateChain"])
def test_d6_a_certificate_in_the_bundle_is_not_used(name: str) -> None:
    """Keys are the verifier's own: a bundle that brings one along is refused."""
    made = json.loads(to_bundle(sealed(output()).envelope))
    assert unseal(Sealed(read_bundle(json.dumps(made).encode())), samples.trust(samples.ED25519))
    made["verificationMaterial"][name] = {"rawBytes": "MAA="}
    with pytest.raises(InputError) as caught:
        read_bundle(json.dumps(made).encode())
    assert caught.value.id == "bundle.certificate"


def test_d2_a_hint_that_lies_changes_nothing() -> None:
    """The key that fits is found among the trusted ones, and reported; a stranger's is not."""
    made = json.loads(to_bundle(sealed(output()).envelope))
    del made["dsseEnvelope"]["signatures"][0]["keyid"]
    made["verificationMaterial"]["publicKey"]["hint"] = samples.ECDSA.keyid
    read = Sealed(read_bundle(json.dumps(made).encode()))
    both = samples.trust(samples.ED25519, samples.ECDSA)
    assert [who.keyid for who in unseal(read, both).signers] == [samples.ED25519.keyid]
    with pytest.raises(TamperedError) as tampered:
        unseal(read, samples.trust(samples.ECDSA))
    assert tampered.value.id == "signature.tampered"
    with pytest.raises(UntrustedError) as unknown:
        unseal(read, samples.trust(samples.OTHER_ED25519))
    assert unknown.value.id == "signature.unknown_key"


@pytest.mark.parametrize(
    ("alter", "error_id"),
    [
        (lambda d: d.update(mediaType="application/vnd.dev.sigstore.bundle.v0.2+json"), "version"),
        (lambda d: d.pop("mediaType"), "version"),
        (lambda d: d.update(media_type="x"), "twins"),
        (lambda d: d.update(DsseEnvelope=d["dsseEnvelope"]), "twins"),
        (lambda d: d["verificationMaterial"].update(public_key={}), "twins"),
        (lambda d: d["verificationMaterial"]["publicKey"].update(Hint=""), "twins"),
        (lambda d: d.update(verificationMaterial=[]), "shape"),
        (lambda d: d["verificationMaterial"].pop("publicKey"), "shape"),
        (lambda d: d["verificationMaterial"]["publicKey"].update(hint=7), "shape"),
        (lambda d: d.pop("dsseEnvelope"), "content"),
        (lambda d: d.update(messageSignature={}), "content"),
        (
            lambda d: d["dsseEnvelope"]["signatures"].append(d["dsseEnvelope"]["signatures"][0]),
            "signatures",
        ),
    ],
)
def test_what_is_no_such_bundle(alter: Alter, error_id: str) -> None:
    """Other versions, other spellings, other contents."""
    made = json.loads(to_bundle(sealed(output()).envelope))
    read_bundle(json.dumps(made).encode())
    alter(made)
    with pytest.raises(InputError) as caught:
        read_bundle(json.dumps(made).encode())
    assert caught.value.id == f"bundle.{error_id}"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_foreign_exception_comes_out(data: st.DataObject) -> None:
    """Bytes changed, cut or put in anywhere: an envelope, or one of our errors."""
    place = data.draw(st.integers(0, len(WHOLE)))
    changed = WHOLE[:place] + data.draw(st.binary(max_size=4)) + WHOLE[place + 2 :]
    assert isinstance(samples.attempt(lambda: read_bundle(changed)), Envelope | MLSpecError)


def test_d2_a_hint_is_no_longer_than_a_key_id() -> None:
    """It takes the place of one."""
    for length in (255, 256):
        made = json.loads(WHOLE)
        made["verificationMaterial"]["publicKey"]["hint"] = "h" * length
        del made["dsseEnvelope"]["signatures"][0]["keyid"]
        data = json.dumps(made).encode()
        if length == 255:
            assert read_bundle(data).signatures[0].keyid == "h" * length
            continue
        with pytest.raises(LimitError) as caught:
            read_bundle(data)
        assert caught.value.id == "limit.size"
