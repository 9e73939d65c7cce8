"""Only what is valid, known and of one piece is signed."""

import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.errors import (
    DecodeError,
    LimitError,
    NotUnderstoodError,
    SigningError,
    UnknownFieldsError,
    ValidationError,
)
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing import PrivateKey, Sealed, pae, seal
from tests.unit import samples
from tests.unit.sealing.test_keys import Plugged

UNKNOWN = b"\xa0\x3f\x01"


def test_a_sealed_record_is_the_bytes_that_were_signed() -> None:
    """The payload is the encoding, the identity its SHA-256, the signature over its PAE."""
    record = samples.record()
    sealed = seal(record, samples.ED25519)
    assert sealed.payload == record.SerializeToString()
    assert sealed.payload_type == RECORD_PAYLOAD_TYPE
    assert sealed.digest.sha256 == sealed.sha256
    signed = pae(sealed.payload_type, sealed.payload)
    assert samples.ED25519.public.fits(sealed.signatures[0].sig, signed)
    assert sealed.signatures[0].keyid == samples.ED25519.keyid
    assert sealed.peek() == record


@pytest.mark.parametrize("key", [samples.ED25519, samples.ECDSA], ids=["ed25519", "ecdsa-p256"])
def test_openssl_verifies_what_was_sealed(key: PrivateKey, tmp_path: Path) -> None:
    """A stranger needs no MLSpec to check a signature over the PAE."""
    sealed = seal(samples.record(), key)
    data = tmp_path / "pae"
    data.write_bytes(pae(sealed.payload_type, sealed.payload))
    (tmp_path / "sig").write_bytes(sealed.signatures[0].sig)
    (tmp_path / "key.pub").write_text(key.public.to_pem())
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pub", "-rawin"]
    command += ["-in", "pae", "-sigfile", "sig"]
    command += ["-digest", "sha256"] if key.algorithm == "ecdsa-p256" else []
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    data.write_bytes(data.read_bytes()[:-1])
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_both_forms_survive_and_are_told_apart() -> None:
    """JSON and protobuf envelopes read back equal, whichever they are."""
    sealed = seal(samples.record(), samples.ED25519)
    assert Sealed.from_json(sealed.to_json()) == sealed
    assert Sealed.from_bytes(sealed.to_bytes()) == sealed
    for data in (sealed.to_json(), b"\n " + sealed.to_json(), sealed.to_bytes()):
        assert Sealed.from_any(data) == sealed


def test_a_protobuf_envelope_that_looks_like_json_is_told_apart() -> None:
    """A payload of 123 bytes makes the protobuf form start like indented JSON."""
    message = v1.Envelope(payload=b"x" * 123, payload_type="t")
    message.signatures.add(sig=b"s")
    assert message.SerializeToString().startswith(b"\n{")
    assert Sealed.from_any(message.SerializeToString()).payload == b"x" * 123


def test_countersigning_adds_a_signature_and_keeps_the_identity() -> None:
    """The record stays the same record; the first envelope is left as it was."""
    sealed = seal(samples.record(), samples.ED25519)
    both = sealed.countersign(samples.ECDSA)
    assert both.sha256 == sealed.sha256
    assert [each.keyid for each in both.signatures] == [
        samples.ED25519.keyid,
        samples.ECDSA.keyid,
    ]
    assert len(sealed.signatures) == 1
    assert both != sealed


def test_a_sealed_record_cannot_be_changed() -> None:
    """Neither it nor what it hands out leads inside."""
    sealed = seal(samples.record(), samples.ED25519)
    with pytest.raises(AttributeError):
        sealed.sha256 = bytes(32)
    with pytest.raises(AttributeError):
        sealed.envelope.payload = b""  # type: ignore[misc]
    sealed.peek().header.namespace_name = "other"
    assert sealed.peek().header.namespace_name == samples.NAMESPACE


def test_the_reference_says_digest_type_and_stage() -> None:
    """A child names its parent by all three."""
    sealed = seal(samples.record(), samples.ED25519)
    assert sealed.reference == v1.RecordReference(
        digest=sealed.digest, payload_type=RECORD_PAYLOAD_TYPE, stage=samples.STAGE
    )


def test_p1_unknown_field_at_the_top() -> None:
    """What no reader shows is not signed."""
    record = samples.record()
    record.MergeFromString(UNKNOWN)
    with pytest.raises(UnknownFieldsError) as caught:
        seal(record, samples.ED25519)
    assert caught.value.path == "#1012"


def test_p1_unknown_field_deep_inside() -> None:
    """Depth hides nothing."""
    record = samples.record()
    seal(record, samples.ED25519)
    record.header.inputs[0].digest.MergeFromString(UNKNOWN)
    with pytest.raises(UnknownFieldsError) as caught:
        seal(record, samples.ED25519)
    assert caught.value.path == "header.inputs[0].digest#1012"


def other_stage(record: v1.Record) -> None:
    """P3: the header says another stage than the body is of."""
    record.header.stage = v1.STAGE_RUN_MANIFEST


def no_header(record: v1.Record) -> None:
    """No header at all."""
    record.ClearField("header")


def bad_rate(record: v1.Record) -> None:
    """A size below nothing."""
    record.header.inputs[0].size_bytes = -1


def unknown_state(record: v1.Record) -> None:
    """P8: an enum value that this version does not define."""
    record.header.state = 99  # type: ignore[assignment]


def unknown_stage(record: v1.Record) -> None:
    """P8: a stage that this version does not define."""
    record.header.stage = 99  # type: ignore[assignment]
    record.ClearField("body")


def not_a_number(record: v1.Record) -> None:
    """P7: NaN where a number decides."""
    annotation = record.header.annotations.add(
        name="bank.example/x", duty=v1.ANNOTATION_DUTY_IGNORABLE
    )
    annotation.parameters.add(name="p", number_value=math.nan)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (no_header, "header"),
        (bad_rate, "header.inputs[0].size_bytes"),
        (unknown_state, "header.state"),
        (unknown_stage, "header.stage"),
        (not_a_number, "header.annotations[0].parameters[0].number_value"),
    ],
)
def test_an_invalid_record_is_not_signed(change: Callable[[v1.Record], None], path: str) -> None:
    """P7, P8: the error names the field; the unaltered record passes."""
    record = samples.record()
    seal(record, samples.ED25519)
    change(record)
    with pytest.raises(ValidationError) as caught:
        seal(record, samples.ED25519)
    assert path in {violation.path for violation in caught.value.violations}
    assert caught.value.exit_code == 1


def test_p3_stage_in_header_and_body_differ() -> None:
    """Header and body are of one stage, or nothing is signed."""
    record = samples.record()
    other_stage(record)
    with pytest.raises(DecodeError) as caught:
        seal(record, samples.ED25519)
    assert caught.value.id == "record.stage"


def test_a_record_of_a_newer_version_is_not_signed() -> None:
    """Nobody vouches for what he cannot check."""
    with pytest.raises(NotUnderstoodError):
        seal(samples.record(spec_version="99.0.0"), samples.ED25519)


def test_annotations_of_ones_own_can_be_sealed() -> None:
    """Whoever writes an annotation that must be understood understands it."""
    record = samples.record()
    record.header.annotations.add(name="bank.example/tier", duty=v1.ANNOTATION_DUTY_MUST_UNDERSTAND)
    assert seal(record, samples.ED25519).peek() == record


def test_d9_a_record_that_is_too_large_is_not_signed() -> None:
    """The bound of readers is the bound of writers."""
    record = samples.record()
    record.object_event.reason = "x" * (17 * 1024 * 1024)
    with pytest.raises(LimitError) as caught:
        seal(record, samples.ED25519)
    assert caught.value.remedy


def test_a_signer_that_fails_leaves_nothing() -> None:
    """A key service's failure is one of our errors, and nothing half sealed comes back."""
    with pytest.raises(SigningError):
        seal(samples.record(), Plugged(TimeoutError("no answer")))


def test_d9_signatures_are_bounded() -> None:
    """The sixty-fifth signature is refused when it is made, not when it is read."""
    sealed = seal(samples.record(), samples.ED25519)
    for _ in range(63):
        sealed = sealed.countersign(Plugged(b"sig"))
    with pytest.raises(LimitError):
        sealed.countersign(samples.ED25519)


def test_peeking_into_something_else_is_refused() -> None:
    """An envelope of another type holds no record, whatever its bytes."""
    message = v1.Envelope(payload=samples.record().SerializeToString(), payload_type="text/plain")
    message.signatures.add(sig=b"s")
    with pytest.raises(DecodeError) as caught:
        Sealed.from_bytes(message.SerializeToString()).peek()
    assert caught.value.id == "envelope.payload_type"
