"""Whether plain data is the ProtoJSON of a message: checked before the runtime's reader sees it.

That reader takes both names of one field together, text for numbers, loose base64, numbers out of
range and a list for a message. It reads only what passed here, and so it only builds.
Source: https://protobuf.dev/programming-guides/json/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from mlspec.codec.base64_form import decode_base64
from mlspec.codec.descriptors import fields_by_json_name, is_repeated
from mlspec.errors import DecodeError, InputError, UnknownFieldsError

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor, EnumDescriptor

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})\Z")
_FLOAT_MAX = 3.4028234663852886e38
_EXACT = 1 << 53
_WORDS = ("NaN", "Infinity", "-Infinity")
_KNOWN_TYPES: dict[str, type[Timestamp | Duration]] = {
    Timestamp.DESCRIPTOR.full_name: Timestamp,
    Duration.DESCRIPTOR.full_name: Duration,
}
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(1 << 63), (1 << 63) - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, (1 << 32) - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, (1 << 64) - 1),
}


def check_message(descriptor: Descriptor, value: Any, path: str = "") -> None:
    """Raise DecodeError or UnknownFieldsError unless `value` is a `descriptor` in ProtoJSON."""
    if descriptor.full_name in _KNOWN_TYPES:
        _check_known_type(descriptor.full_name, value, path)
        return
    if not isinstance(value, dict):
        raise _bad(f"must be an object, one {descriptor.name}", value, path)
    names = fields_by_json_name(descriptor)
    given: dict[str, str] = {}
    for key, item in value.items():
        field = names.get(key)
        if field is None:
            raise UnknownFieldsError(
                f"must be a field of {descriptor.name} (got {key[:64]!r})",
                path=_join(path, key[:64]),
                remedy=f"{descriptor.name} has: {', '.join(f.name for f in descriptor.fields)}.",
            )
        _check_once(field, key, given, path)
        if item is not None:
            _check_field(field, item, _join(path, field.name))


def _check_once(field: FieldDescriptor, key: str, given: dict[str, str], path: str) -> None:
    """Note the field, or its oneof, as given; refuse it the second time."""
    group = field.containing_oneof
    slot = field.name if group is None or len(group.fields) == 1 else f"oneof {group.name}"
    if slot in given:
        raise DecodeError(
            f"must be given once (got both {given[slot]!r} and {key!r})",
            error_id="json.twins",
            path=_join(path, field.name),
            remedy="Keep one of the two.",
        )
    given[slot] = key


def _check_field(field: FieldDescriptor, value: Any, path: str) -> None:
    if not is_repeated(field):
        _check_value(field, value, path)
        return
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        raise InputError("maps are no part of the specification", error_id="json.map", path=path)
    if not isinstance(value, list):
        raise _bad("must be a list", value, path)
    for index, item in enumerate(value):
        _check_value(field, item, f"{path}[{index}]")


def _check_value(field: FieldDescriptor, value: Any, path: str) -> None:
    kind = field.cpp_type
    if field.message_type is not None:
        check_message(field.message_type, value, path)
    elif kind in _RANGES:
        _check_integer(kind, value, path)
    elif field.enum_type is not None:
        _check_enum(field.enum_type, value, path)
    elif kind == FieldDescriptor.CPPTYPE_BOOL:
        if not isinstance(value, bool):
            raise _bad("must be true or false", value, path)
    elif kind in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        _check_number(value, path, single=kind == FieldDescriptor.CPPTYPE_FLOAT)
    elif not isinstance(value, str):
        raise _bad("must be a string", value, path)
    elif field.type == FieldDescriptor.TYPE_BYTES:
        _check_bytes(value, path)


def _check_integer(kind: int, value: Any, path: str) -> None:
    wide = kind in (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)
    if isinstance(value, str):
        if not wide:
            raise _bad("must be a number, not text", value, path)
        if not _INTEGER.match(value):
            raise _bad("must be a whole number", value, path)
        number = int(value)
    elif isinstance(value, bool) or not isinstance(value, int):
        raise _bad("must be a whole number", value, path)
    else:
        number = value
        if abs(number) > _EXACT:
            raise _bad("must be quoted, for readers lose digits beyond 2^53", value, path)
    low, high = _RANGES[kind]
    if not low <= number <= high:
        raise _bad(f"must be from {low} to {high}", value, path)


def _check_number(value: Any, path: str, *, single: bool) -> None:
    if value in _WORDS and isinstance(value, str):
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad("must be a number", value, path)
    try:
        in_range = not single or abs(float(value)) <= _FLOAT_MAX
    except OverflowError:
        in_range = False
    if not in_range:
        raise _bad("must be in the range of its type", value, path)


def _check_enum(enum: EnumDescriptor, value: Any, path: str) -> None:
    if isinstance(value, str):
        if value not in enum.values_by_name:
            raise DecodeError(
                f"must be a name of {enum.name} (got {value[:64]!r})",
                error_id="json.enum",
                path=path,
                remedy=f"{enum.name} has: {', '.join(enum.values_by_name)}.",
            )
    elif isinstance(value, bool) or not isinstance(value, int) or not -(1 << 31) <= value < 1 << 31:
        raise _bad(f"must be a name of {enum.name}", value, path)


def _check_bytes(value: str, path: str) -> None:
    try:
        decode_base64(value)
    except ValueError as error:
        raise DecodeError(str(error), error_id="json.base64", path=path) from None


def _check_known_type(name: str, value: Any, path: str) -> None:
    words = 'a duration in seconds such as "1.5s"'
    if name == Timestamp.DESCRIPTOR.full_name:
        words = 'a time such as "2026-01-31T09:30:00Z" (RFC 3339)'
    if not isinstance(value, str):
        raise _bad(f"must be {words}", value, path)
    try:
        _KNOWN_TYPES[name]().FromJsonString(value)
    except (ValueError, OverflowError):
        raise _bad(f"must be {words}", value, path) from None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _bad(words: str, value: Any, path: str) -> DecodeError:
    if isinstance(value, dict | list):
        got = "an object" if isinstance(value, dict) else "a list"
    elif value is None or isinstance(value, bool):
        got = {None: "null", True: "true", False: "false"}[value]
    else:
        got = repr(value)[:80]
    return DecodeError(f"{words} (got {got})", error_id="json.shape", path=path)
