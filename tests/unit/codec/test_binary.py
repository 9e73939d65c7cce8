"""The wire format is read strictly, and what is refused is named by its path."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import codec, v1
from mlspec.codec import wire
from mlspec.codec.streams import frame
from mlspec.errors import DecodeError, LimitError, MLSpecError, UnknownFieldsError
from tests.unit import samples

RECORD = samples.record()
DATA = RECORD.SerializeToString()
UNKNOWN = b"\xa0\x3f\x01"
"""Field 1012, a varint."""


def header_of(data: bytes) -> bytes:
    """The bytes of field 1 as they stand on the wire, tag and length included."""
    token = next(iter(wire.tokens(data)))
    assert token.number == 1
    return data[: token.end]


def test_a_record_survives() -> None:
    """What was encoded decodes to an equal message."""
    assert codec.decode(v1.Record, codec.encode(RECORD)) == RECORD


def test_p1_unknown_field_at_the_top() -> None:
    """A field that nobody knows is refused by its number."""
    with pytest.raises(UnknownFieldsError) as caught:
        codec.decode(v1.Record, DATA + UNKNOWN)
    assert caught.value.path == "#1012"
    assert caught.value.exit_code == 2


def test_p1_unknown_field_deep_inside() -> None:
    """The path leads to the message that holds the unknown field, indices included."""
    record = samples.record()
    record.header.inputs.add(name="b").digest.MergeFromString(UNKNOWN)
    with pytest.raises(UnknownFieldsError) as caught:
        codec.decode(v1.Record, record.SerializeToString())
    assert caught.value.path == "header.inputs[1].digest#1012"
    assert codec.find_unknown_fields(record) == "header.inputs[1].digest#1012"
    assert codec.find_unknown_fields(RECORD) is None


def test_p1_a_known_number_with_another_wire_type_is_unknown() -> None:
    """Field 1 as a varint is not the header."""
    with pytest.raises(UnknownFieldsError):
        codec.decode(v1.RecordHeader, b"\x08\x01")


def test_unknown_fields_are_kept_on_request() -> None:
    """A newer record can be handed on without losing what is not understood."""
    kept = codec.decode(v1.Record, DATA + UNKNOWN, unknown="keep")
    assert kept.SerializeToString() == DATA + UNKNOWN


def test_p2_duplicate_header() -> None:
    """Readers differ in which of two headers they show: two are refused, one passes."""
    assert codec.decode(v1.Record, DATA) == RECORD
    with pytest.raises(DecodeError) as caught:
        codec.decode(v1.Record, header_of(DATA) + DATA)
    assert caught.value.path == "header"
    assert caught.value.id == "decode.duplicate_field"


def test_p2_duplicate_body() -> None:
    """The same body twice is refused, although a runtime would merge them."""
    body = DATA[len(header_of(DATA)) :]
    with pytest.raises(DecodeError, match="once"):
        codec.decode(v1.Record, DATA + body)


def test_p2_two_bodies_of_one_oneof() -> None:
    """Two bodies are refused, although a runtime would show the last one."""
    two = v1.Record()
    other = next(
        field
        for field in v1.Record.DESCRIPTOR.oneofs_by_name["body"].fields
        if field.name != "object_event"
    )
    getattr(two, other.name).SetInParent()
    with pytest.raises(DecodeError, match="once"):
        codec.decode(v1.Record, DATA + two.SerializeToString())


def test_p4_cut_anywhere() -> None:
    """Every cut is refused or leaves another message; none raises anything else."""
    for end in range(len(DATA)):
        result = samples.attempt(partial(codec.decode, v1.Record, DATA[:end]))
        assert isinstance(result, DecodeError) or result != RECORD


def test_a_cut_names_the_place() -> None:
    """A truncated file is refused with the path of the message that ends too soon."""
    with pytest.raises(DecodeError) as caught:
        codec.decode(v1.RecordHeader, RECORD.header.SerializeToString()[:-1])
    assert caught.value.path.startswith("inputs[0]") or caught.value.message


def test_p6_invalid_utf8() -> None:
    """Text that is not UTF-8 is refused by its path."""
    data = RECORD.header.SerializeToString().replace(b"loans.csv", b"loans.c\xff\xfe", 1)
    with pytest.raises(DecodeError) as caught:
        codec.decode(v1.RecordHeader, data)
    assert caught.value.path == "inputs[0].name"


def test_p5_another_message_of_the_same_shape_is_refused() -> None:
    """A digest read as a record is no record."""
    with pytest.raises(MLSpecError):
        codec.decode(v1.Record, samples.policy(samples.ED25519).SerializeToString())


def test_too_large() -> None:
    """The bound is on the bytes as given, and is checked before anything is parsed."""
    limits = codec.Limits(max_bytes=len(DATA))
    assert codec.decode(v1.Record, DATA, limits=limits) == RECORD
    with pytest.raises(LimitError) as caught:
        codec.decode(v1.Record, DATA, limits=codec.Limits(max_bytes=len(DATA) - 1))
    assert caught.value.id == "limit.size"


def nested(depth: int) -> v1.Expression:
    """An expression of `depth` expressions and operations within one another."""
    innermost = v1.Expression(number=1.0)
    for _ in range(depth // 2):
        innermost = v1.Expression(
            operation=v1.Operation(kind=v1.OPERATION_KIND_NEGATE, operands=[innermost])
        )
    return innermost


def test_d9_too_deep() -> None:
    """Messages nest to the bound and not beyond; far beyond it the runtime refuses first."""
    shallow = nested(60)
    assert codec.decode(v1.Expression, shallow.SerializeToString()) == shallow
    with pytest.raises(LimitError) as caught:
        codec.decode(v1.Expression, nested(70).SerializeToString())
    assert caught.value.path.startswith("operation.operands[0].operation")
    data = b""
    for _ in range(5000):
        data = b"\x1a" + frame(b"\x12" + frame(data))
    with pytest.raises((LimitError, DecodeError)):
        codec.decode(v1.Expression, data)


def test_d9_deep_groups_of_unknown_fields() -> None:
    """Groups, which no message of ours has, cannot be nested to exhaust a reader."""
    for depth in (10, 100_000):
        data = b"\xa3\x3f" * depth + b"\xa4\x3f" * depth
        with pytest.raises((LimitError, DecodeError, UnknownFieldsError)):
            codec.decode(v1.Record, data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_message_or_one_of_our_errors(data: bytes) -> None:
    """No foreign exception leaves the reader, whatever it is fed."""
    for message_type in (v1.Record, v1.Envelope, v1.TrustPolicy, v1.Expression):
        result = samples.attempt(partial(codec.decode, message_type, data))
        assert isinstance(result, message_type | MLSpecError)
