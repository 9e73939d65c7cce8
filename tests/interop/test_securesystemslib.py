"""Envelopes, verified by securesystemslib, which nobody here wrote, and the reverse."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.exceptions import VerificationError as TheirError
from securesystemslib.signer import CryptoSigner, Key, SSlibKey  # type: ignore[attr-defined]

from mlspec.errors import UntrustedError
from mlspec.exporters import read_statement, sign_statement
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import Envelope, PrivateKey, Sealed, pae, unseal
from tests.unit import samples
from tests.unit.exporters.cases import output, sealed, verified

KEYS = [samples.ED25519, samples.ECDSA]


def their_key(key: PrivateKey, keyid: str | None = None) -> SSlibKey:
    """The public half of a key of ours."""
    public = load_pem_public_key(key.public.to_pem().encode())
    return SSlibKey.from_crypto(public, keyid=keyid or key.keyid)


def their_signer(key: PrivateKey, keyid: str | None = None) -> CryptoSigner:
    """A signer of theirs with a key of ours."""
    private = load_pem_private_key(key.to_pem(None), None)
    return CryptoSigner(private, their_key(key, keyid))


def read_by_them(envelope: Envelope) -> TheirEnvelope:
    """What they make of the JSON form."""
    return TheirEnvelope.from_dict(json.loads(envelope.to_json()))


def flipped(made: TheirEnvelope) -> TheirEnvelope:
    """The same with one bit of the payload changed."""
    return TheirEnvelope(
        bytes([made.payload[0] ^ 1]) + made.payload[1:], made.payload_type, made.signatures
    )


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_they_verify_what_we_seal(key: PrivateKey) -> None:
    """A record and its statement; and not once a bit is changed, or for another key."""
    for envelope in (sealed(output(), key=key).envelope, sign_statement(verified(output()), key)):
        theirs = read_by_them(envelope)
        assert theirs.pae() == pae(envelope.payload_type, envelope.payload)
        assert set(theirs.verify([their_key(key)], 1)) == {key.keyid}
        with pytest.raises(TheirError):
            flipped(theirs).verify([their_key(key)], 1)
        with pytest.raises(TheirError):
            theirs.verify([their_key(samples.OTHER_ED25519, key.keyid)], 1)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.algorithm)
def test_we_verify_what_they_seal(key: PrivateKey) -> None:
    """A record that they signed is one like ours, whatever they call the key."""
    record = sealed(output(), key=samples.OTHER_ED25519)
    for keyid in (key.keyid, "release-key-3"):
        theirs = TheirEnvelope(record.payload, RECORD_PAYLOAD_TYPE, {})
        theirs.sign(their_signer(key, keyid))
        taken = Sealed.from_json(json.dumps(theirs.to_dict()).encode())
        assert [who.keyid for who in unseal(taken, samples.trust(key)).signers] == [key.keyid]
        with pytest.raises(UntrustedError):
            unseal(taken, samples.trust(samples.OTHER_ED25519))


def test_thresholds_agree() -> None:
    """Two of two signed: both verify; one of two: both refuse."""
    once = sealed(output())
    twice = once.countersign(samples.ECDSA)
    keys: list[Key] = [their_key(key) for key in KEYS]
    trust = samples.trust(*KEYS, threshold=2)
    assert len(read_by_them(twice.envelope).verify(keys, 2)) == 2
    assert len(unseal(twice, trust).signers) == 2
    with pytest.raises(TheirError):
        read_by_them(once.envelope).verify(keys, 2)
    with pytest.raises(UntrustedError) as caught:
        unseal(once, trust)
    assert caught.value.id == "role.threshold"


def test_d4_one_key_under_two_ids_is_where_we_differ() -> None:
    """They count it twice toward a threshold of two; we count it once."""
    key = samples.ED25519
    theirs = TheirEnvelope(sealed(output()).payload, RECORD_PAYLOAD_TYPE, {})
    for keyid in (key.keyid, "another-name"):
        theirs.sign(their_signer(key, keyid))
    both: list[Key] = [their_key(key), their_key(key, "another-name")]
    assert len(theirs.verify(both, 2)) == 2
    taken = Sealed.from_json(json.dumps(theirs.to_dict()).encode())
    assert len(unseal(taken, samples.trust(key, samples.ECDSA)).signers) == 1
    with pytest.raises(UntrustedError) as caught:
        unseal(taken, samples.trust(key, samples.ECDSA, threshold=2))
    assert caught.value.id == "role.threshold"


def test_we_read_a_statement_that_they_signed() -> None:
    """In-toto's form, made by hand as others make it."""
    made: dict[str, Any] = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model.onnx", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {"buildType": "https://bank.example/train"}},
    }
    theirs = TheirEnvelope(json.dumps(made).encode(), "application/vnd.in-toto+json", {})
    theirs.sign(their_signer(samples.ECDSA))
    envelope = Envelope.from_json(json.dumps(theirs.to_dict()).encode())
    (signature,) = envelope.signatures
    assert samples.ECDSA.public.fits(signature.sig, pae(envelope.payload_type, envelope.payload))
    statement = read_statement(envelope.payload)
    assert statement.subjects[0].sha256 == bytes.fromhex("ab" * 32)
    assert statement.predicate == made["predicate"]
