"""The edges of every kind of value, and what an older reader meets."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from conformance.generator import vectors
from conformance.generator.making import MadeSet, add_message, expect_rules, inline, to_json
from conformance.generator.wire_writing import bytes_field, varint_field
from mlspec import v1

_LAST_SECOND = 253_402_300_799
_COMBINING = "e\u0301 is not \u00e9; \u05d0\u05d1; \U0001f9ea\U0001f3fd; \u202eabc"
_MESSAGE = "mlspec.v1.Parameter"


def sets() -> Iterator[MadeSet]:
    """Yield the sets of values that are valid, of those that are not, and of what is unknown."""
    valid = MadeSet("encode/scalars", "The edges of every kind of value.")
    invalid = MadeSet("reject/scalars", "Values that programs can hold and the rules refuse.")
    for name, purpose, parts, refused in _values():
        message = v1.Parameter(name="p", **parts)
        if refused:
            add_message(invalid, f"{name}_fail", purpose, message)
        else:
            add_message(valid, name, purpose, message)
    _negative_zero_without_presence(invalid)
    _nested(valid)
    yield valid
    yield invalid
    yield _unknown()
    yield _other_spellings()


def _values() -> Iterator[tuple[str, str, dict[str, Any], bool]]:
    whole = {
        "zero": 0,
        "one": 1,
        "minus_one": -1,
        "largest": 2**63 - 1,
        "smallest": -(2**63),
        "beyond_doubles": 2**53 + 1,
    }
    for name, value in whole.items():
        yield f"int64_{name}", f"int64 {value}: text in JSON.", {"integer_value": value}, False
    real = {
        "zero": 0.0,
        "negative_zero": -0.0,
        "tenth": 0.1,
        "largest": 1.7976931348623157e308,
        "smallest_normal": 2.2250738585072014e-308,
        "smallest": 5e-324,
        "whole": 1e15,
        "exponent": 1e21,
        "infinity": float("inf"),
        "negative_infinity": float("-inf"),
    }
    for name, number in real.items():
        yield f"double_{name}", f"double {number!r}.", {"number_value": number}, False
    yield "double_nan", "NaN, which no rule allows here.", {"number_value": float("nan")}, True
    yield "nothing", "A oneof of which nothing is set: null.", {}, False
    yield "bool_false", "False that is set, which is not absence.", {"bool_value": False}, False
    yield "string_empty", "Empty text that is set.", {"string_value": ""}, False
    yield "string_combining", "No program normalises text.", {"string_value": _COMBINING}, False
    yield "string_nul", "A NUL is a character.", {"string_value": "a\x00b"}, False
    yield "string_escapes", "Quotes and controls.", {"string_value": '"\\/\b\f\n\r\t\x7f'}, False
    yield "string_64_kib", "As long as may be.", {"string_value": "\u00e9" * 32768}, False
    yield "string_over_64_kib", "A byte too long.", {"string_value": "x" * 65537}, True
    yield "bytes_empty", "Empty bytes that are set.", {"bytes_value": b""}, False
    yield "bytes_all", "Every byte.", {"bytes_value": bytes(range(256))}, False
    yield "bytes_64_kib", "As many as may be.", {"bytes_value": b"\xff" * 65536}, False
    yield "bytes_over_64_kib", "One too many.", {"bytes_value": b"\xff" * 65537}, True
    moments = {
        "first": (Timestamp(), False),
        "last": (Timestamp(seconds=_LAST_SECOND, nanos=999_999_999), True),
        "last_second": (Timestamp(seconds=_LAST_SECOND), False),
        "nanosecond": (Timestamp(seconds=1, nanos=1), False),
        "before_1970": (Timestamp(seconds=-1), True),
    }
    for name, (moment, refused) in moments.items():
        yield f"timestamp_{name}", "A moment.", {"timestamp_value": moment}, refused


def _negative_zero_without_presence(made: MadeSet) -> None:
    """-0 in a field without presence is not the default of the field, and is written."""
    message = v1.Interval(lower=0.1, upper=0.2, level=-0.0, method="wilson")
    add_message(made, "negative_zero_without_presence_fail", "-0 is no level.", message)


def nested_record(depth: int) -> Any:
    """Return a record in which messages lie `depth` deep, the outermost counted."""
    record = vectors.record("objectives", "minimal")
    inner = v1.Expression(number=0.5)
    if depth % 2:
        # The term of a metric is a message itself, one deeper.
        inner = record.objectives.criteria[0].measured
    # Record, Objectives, Criterion, Expression: four. Each operation is one more, as its operand.
    for _ in range((depth - 4) // 2):
        operation = v1.Operation(kind=v1.OPERATION_KIND_NEGATE, operands=[inner])
        inner = v1.Expression(operation=operation)
    record.objectives.criteria[0].measured.CopyFrom(inner)
    return record


def _nested(made: MadeSet) -> None:
    add_message(made, "nested_64", "Messages 64 deep, as deep as may be.", nested_record(64))


def _unknown() -> MadeSet:
    """Make the cases of fields and values that the specification lacks."""
    made = MadeSet("encode/unknown", "Fields and values that the specification lacks are kept.")
    known = v1.Parameter(name="p").SerializeToString()
    fields = {
        "field_varint": ("A number.", varint_field(1000, 7)),
        "field_text": ("Text.", bytes_field(1000, b"newer")),
        "field_twice": ("The same one twice.", varint_field(1000, 7) + varint_field(1000, 8)),
        "field_nested": ("Below the top.", bytes_field(8, bytes_field(99, b"newer"))),
    }
    for name, (purpose, extra) in fields.items():
        case = made.add(name, f"{purpose} It comes out again in bytes; JSON cannot hold it.")
        case.convert.message_type = _MESSAGE
        case.convert.binary.CopyFrom(inline(known + extra))
        case.convert.message.SetInParent()
    case = made.add("wire_type_fail", "A known number of another wire type is an unknown field.")
    case.convert.message_type = _MESSAGE
    case.convert.binary.CopyFrom(inline(varint_field(1, 0)))
    expect_rules(case.convert.message.violations, v1.Parameter())
    actor = v1.Actor(identity="ada@bank.example", kind=99)  # type: ignore[arg-type]
    purpose = "A value that the enum lacks is kept, a number in JSON, and refused by rule."
    add_message(made, "enum_value_fail", purpose, actor)
    return made


def _other_spellings() -> MadeSet:
    """Make the cases of bytes that say a message in another way than programs write it."""
    made = MadeSet("encode/spellings", "Other spellings of a message are read as the message.")
    shape = v1.Tensor(element_kind=v1.ELEMENT_KIND_UINT8, shape=[2, 1], content=b"ab")
    kind, content = varint_field(1, 6), bytes_field(3, b"ab")
    spelled = {
        "unpacked": (
            "A list of numbers, each with its tag.",
            kind + varint_field(2, 2) + varint_field(2, 1) + content,
        ),
        "packed_twice": (
            "A packed list in two parts.",
            kind + bytes_field(2, b"\x02") + bytes_field(2, b"\x01") + content,
        ),
        "backwards": (
            "Fields from the last to the first.",
            content + bytes_field(2, b"\x02\x01") + kind,
        ),
        "long_varint": (
            "A number in more bytes than it needs.",
            b"\x08\x86\x80\x00" + bytes_field(2, b"\x02\x01") + content,
        ),
        "scalar_twice": (
            "A number twice: the last counts.",
            varint_field(1, 1) + kind + bytes_field(2, b"\x02\x01") + content,
        ),
    }
    for name, (purpose, data) in spelled.items():
        add_spelling(made, name, purpose, data, shape)
    merged = v1.Record(header=v1.RecordHeader(namespace_name="loans", run_id="x"))
    halves = bytes_field(1, v1.RecordHeader(namespace_name="loans").SerializeToString())
    halves += bytes_field(1, v1.RecordHeader(run_id="x").SerializeToString())
    case = add_spelling(made, "message_twice_fail", "Two headers are merged.", halves, merged)
    expect_rules(case.convert.message.violations, merged)
    last = v1.Parameter(name="p", integer_value=1)
    both = v1.Parameter(name="p").SerializeToString() + bytes_field(2, b"text") + varint_field(3, 1)
    add_spelling(made, "oneof_twice", "Two members of a oneof: the last counts.", both, last)
    return made


def add_spelling(made: MadeSet, name: str, purpose: str, data: bytes, message: Any) -> Any:
    """Add a case of bytes that must be read as a message, and come out as one."""
    case = made.add(name, purpose)
    case.convert.message_type = message.DESCRIPTOR.full_name
    case.convert.binary.CopyFrom(inline(data))
    case.convert.message.binary.CopyFrom(inline(message.SerializeToString(deterministic=True)))
    case.convert.message.json.CopyFrom(inline(to_json(message)))
    return case
