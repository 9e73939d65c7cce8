"""Records that must be refused although a trusted key signed them; each beside one that must not.

The parts are tested one by one in tests/unit/codec and tests/unit/sealing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.message import Message

from mlspec import codec, records, v1
from mlspec.errors import ValidationError
from mlspec.sealing import Sealed, VerifiedRecord, seal, unseal
from mlspec.validation import validate
from tests.attacks.refusing import ONE, PAYLOAD, RECORD, SEALED, TRUST, refused, signed
from tests.unit import samples

FULL = Path(__file__).parents[2] / "vectors/v1/objectives/full.txtpb"
UNKNOWN = b"\xa0\x3f\x01"
HEADER = v1.Record(header=RECORD.header).SerializeToString()
BODY = v1.Record(object_event=RECORD.object_event).SerializeToString()
REFERENCE = v1.RecordReference(digest=v1.Digest(sha256=bytes(32)), payload_type="text/plain")
EVERYTHING = samples.trust(ONE, stages=records.all_stages())


def verify(payload: bytes) -> VerifiedRecord:
    """Verify bytes that a trusted key signed, whatever they are."""
    return unseal(signed(payload), EVERYTHING)


def at_the_top(record: v1.Record) -> None:
    """A field beside header and body."""
    record.MergeFromString(UNKNOWN)


def deep_inside(record: v1.Record) -> None:
    """A field in a digest of an input."""
    record.header.inputs[0].digest.MergeFromString(UNKNOWN)


@pytest.mark.parametrize("smuggle", [at_the_top, deep_inside])
def test_p1_an_unknown_field_at_any_depth(smuggle: Callable[[v1.Record], None]) -> None:
    """Nobody seals it, and signed by others it is refused, as long as the record is not newer."""
    record = samples.record()
    assert verify(record.SerializeToString()).record == record
    smuggle(record)
    refused("fields.unknown", seal, record, ONE)
    refused("fields.unknown", verify, record.SerializeToString())


@pytest.mark.parametrize("payload", [HEADER + PAYLOAD, PAYLOAD + BODY, PAYLOAD + HEADER])
def test_p2_header_or_body_twice(payload: bytes) -> None:
    """Readers differ in which of two they show: two are refused."""
    assert verify(HEADER + BODY).record == RECORD
    refused("decode.duplicate_field", verify, payload)


def test_p3_stage_in_header_and_body_differ() -> None:
    """A role for the header's stage does not let in a body of another."""
    record = samples.record()
    assert verify(record.SerializeToString()).record == record
    record.header.stage = v1.STAGE_MODEL_TRAINING
    refused("record.stage", seal, record, ONE)
    refused("record.stage", verify, record.SerializeToString())


def test_p4_cut_between_two_fields() -> None:
    """Such a cut parses. The signature shows it, the reference shows it, and so does the body."""
    assert unseal(SEALED, TRUST).record == RECORD
    assert codec.decode(v1.Record, HEADER).HasField("header")
    cut = Sealed(type(SEALED.envelope)(HEADER, SEALED.payload_type, SEALED.signatures))
    refused("signature.tampered", unseal, cut, TRUST)
    refused("invalid", verify, HEADER)
    assert cut.sha256 != SEALED.sha256


@pytest.mark.parametrize(
    ("other", "error_id"),
    [
        (REFERENCE, "version"),
        (v1.Digest(sha256=bytes(32)), "decode"),
        (v1.Envelope(payload=PAYLOAD, payload_type="t"), "decode"),
        (RECORD.header, "decode.duplicate_field"),
    ],
    ids=["reference", "digest", "envelope", "header"],
)
def test_p5_another_message_under_a_good_signature(other: Message, error_id: str) -> None:
    """What merely parses as a record is judged as one, and does not pass."""
    assert verify(PAYLOAD).record == RECORD
    refused(error_id, verify, other.SerializeToString())


def test_p6_text_that_is_not_utf8() -> None:
    """Refused with the path of the text."""
    assert verify(PAYLOAD).record == RECORD
    for wrong in (b"loans\xff\xfesv", b"loans.c\xc0\xaf", b"loans\xed\xa0\x80v"):
        payload = PAYLOAD.replace(b"loans.csv", wrong, 1)
        error = refused("decode", verify, payload)
        assert error.path == "header.inputs[0].name"


def objectives(bound: float) -> v1.Record:
    """The objectives of the vectors, with another bound in their first criterion."""
    record = codec.decode(v1.Record, FULL.read_bytes(), codec.Format.TEXT)
    record.objectives.criteria[0].bound = bound
    return record


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_p7_bounds_that_compare_with_nothing(number: float) -> None:
    """A bar of NaN or infinity is neither sealed nor verified."""
    assert verify(objectives(0.5).SerializeToString())
    assert seal(objectives(0.5), ONE)
    refused("invalid", seal, objectives(number), ONE)
    refused("invalid", verify, objectives(number).SerializeToString())


def test_p7_the_sign_of_nought_decides_nothing() -> None:
    """-0 is not less than 0: a verdict that says so is refused, one that calls them equal holds."""
    result = v1.CriterionResult(
        criterion_id="bias",
        verdict=v1.VERDICT_PASS,
        observed=-0.0,
        bound=0.0,
        sample_count=10,
        comparison=v1.COMPARISON_GREATER_OR_EQUAL,
    )
    validate(result)
    result.comparison = v1.COMPARISON_LESS
    error = refused("invalid", validate, result)
    assert isinstance(error, ValidationError)
    assert [each.rule_id for each in error.violations] == ["criterion_result.verdict.follows"]


@pytest.mark.parametrize("field", ["state", "capture"])
def test_p8_an_enum_value_that_nobody_defined(field: str) -> None:
    """In a record that is not newer it breaks a rule, at its path."""
    record = samples.record()
    assert verify(record.SerializeToString()).record == record
    setattr(record.header, field, 99)
    refused("invalid", seal, record, ONE)
    refused("invalid", verify, record.SerializeToString())
