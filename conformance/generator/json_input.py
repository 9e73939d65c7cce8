"""ProtoJSON as it comes in: what every reader takes, and what docs/spec/encoding.md forbids."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from conformance.generator.making import MadeSet, inline, same_everywhere, to_json
from mlspec import v1

_TAKEN: dict[str, tuple[str, str, Any]] = {
    "camel_case": (
        "Names in camelCase.",
        '{"name": "p", "integerValue": "7"}',
        v1.Parameter(name="p", integer_value=7),
    ),
    "original_names": (
        "Names as in the .proto file.",
        '{"name": "p", "integer_value": "7"}',
        v1.Parameter(name="p", integer_value=7),
    ),
    "int64_number": (
        "A 64-bit number that is no text.",
        '{"name": "p", "integerValue": 7}',
        v1.Parameter(name="p", integer_value=7),
    ),
    "int64_largest": (
        "The largest 64-bit number.",
        '{"name": "p", "integerValue": "9223372036854775807"}',
        v1.Parameter(name="p", integer_value=2**63 - 1),
    ),
    "infinity": (
        "Infinity in quotes.",
        '{"name": "p", "numberValue": "-Infinity"}',
        v1.Parameter(name="p", number_value=float("-inf")),
    ),
    "enum_number": (
        "An enum value by its number.",
        '{"identity": "ada@bank.example", "kind": 1}',
        v1.Actor(identity="ada@bank.example", kind=v1.ACTOR_KIND_PERSON),
    ),
    "null_is_absent": (
        "null is absence.",
        '{"name": "p", "unit": null}',
        v1.Parameter(name="p"),
    ),
    "escaped_pair": (
        "A character beyond the first plane, as two escapes.",
        '{"name": "\\ud83e\\uddea"}',
        v1.Parameter(name="\U0001f9ea"),
    ),
    "timestamp_offset": (
        "A time with an offset.",
        '{"name": "p", "timestampValue": "1970-01-01T01:00:00+01:00"}',
        v1.Parameter(name="p", timestamp_value=Timestamp()),
    ),
}

_REFUSED: dict[str, tuple[str, str, bytes]] = {
    "unknown_name": ("Parameter", "A name that is no field.", b'{"name": "p", "nmae": 1}'),
    "unknown_enum_name": ("Actor", "An enum value that there is not.", b'{"kind": "ACTOR_X"}'),
    "int64_overflow": ("Parameter", "2^63.", b'{"name":"p","integerValue":"9223372036854775808"}'),
    "int64_fraction": ("Parameter", "A fraction for a whole number.", b'{"integerValue": 1.5}'),
    "bool_text": ("Parameter", "Text for a bool.", b'{"name": "p", "boolValue": "true"}'),
    "string_number": ("Parameter", "A number for text.", b'{"name": 1}'),
    "time_without_zone": (
        "Parameter",
        "A time without a zone.",
        b'{"name": "p", "timestampValue": "1970-01-01T00:00:00"}',
    ),
    "time_year_10000": (
        "Parameter",
        "A time after 9999.",
        b'{"name": "p", "timestampValue": "10000-01-01T00:00:00Z"}',
    ),
    "truncated": ("Parameter", "A brace is missing.", b'{"name": "p"'),
    "list_for_object": ("Parameter", "A list at the top.", b"[]"),
    "null_in_list": ("Curve", "null in a list.", b'{"x": [null]}'),
    "base64_junk": ("Annotation", "What is no base64.", b'{"content": "!!!!"}'),
    "double_out_of_range": ("Parameter", "A double of 1e400.", b'{"numberValue": 1e400}'),
    "twins": ("Parameter", "A key twice.", b'{"name": "p", "name": "q"}'),
    "both_names": (
        "Parameter",
        "A field under both its names.",
        b'{"name": "p", "integerValue": "1", "integer_value": "2"}',
    ),
    "oneof_twice": ("Parameter", "Two of a oneof.", b'{"integerValue": "1", "boolValue": true}'),
    "unsafe_integer": (
        "Parameter",
        "A number beyond 2^53 that is not quoted.",
        b'{"name": "p", "integerValue": 9007199254740993}',
    ),
    "int32_text": ("KeyThreshold", "Text for a 32-bit number.", b'{"threshold": "1"}'),
    "double_text": ("Parameter", "Text for a real number.", b'{"numberValue": "1.5"}'),
    "base64_unpadded": ("Annotation", "Base64 without padding.", b'{"content": "AAE"}'),
    "base64_url": ("Annotation", "The URL-safe alphabet.", b'{"content": "_-8="}'),
    "base64_unused_bits": ("Annotation", "Unused bits that are set.", b'{"content": "AAF="}'),
    "byte_order_mark": ("Parameter", "A byte-order mark.", b'\xef\xbb\xbf{"name": "p"}'),
    "not_utf8": ("Parameter", "Text that is not UTF-8.", b'{"name": "\xff"}'),
    "lone_surrogate": ("Parameter", "Half a pair.", b'{"name": "\\ud83e"}'),
    "trailing": ("Parameter", "A second value.", b'{"name": "p"} {}'),
    "comment": ("Parameter", "A comment.", b'{"name": "p" /* no */}'),
    "trailing_comma": ("Parameter", "A comma too many.", b'{"name": "p",}'),
    "single_quotes": ("Parameter", "Other quotes.", b"{'name': 'p'}"),
    "bare_infinity": ("Parameter", "Infinity without quotes.", b'{"numberValue": Infinity}'),
    "leading_zero": ("Parameter", "A number 007.", b'{"integerValue": 007}'),
}


def sets() -> Iterator[MadeSet]:
    """Yield the set that every reader takes, and the one that it must refuse."""
    taken = MadeSet("encode/json", "ProtoJSON that every reader takes.")
    for name, (purpose, text, message) in _TAKEN.items():
        case = taken.add(name, purpose)
        case.convert.message_type = message.DESCRIPTOR.full_name
        case.convert.json.CopyFrom(inline(text.encode()))
        expected = case.convert.message
        expected.binary.CopyFrom(inline(message.SerializeToString(deterministic=True)))
        expected.json.CopyFrom(inline(to_json(message)))
        expected.same_bytes = same_everywhere(message)
    yield taken
    refused = MadeSet("reject/json", "ProtoJSON that docs/spec/encoding.md has a reader refuse.")
    for name, (kind, purpose, data) in _REFUSED.items():
        case = refused.add(f"{name}_fail", purpose)
        case.convert.message_type = f"mlspec.v1.{kind}"
        case.convert.json.CopyFrom(inline(data))
        case.convert.unreadable = purpose
    yield refused
