"""The value that a field has while nobody sets it."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING

from google.protobuf import text_encoding
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from mlspec.breaking.tree import MESSAGES

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import EnumDescriptorProto

    from mlspec.breaking.tree import Field

Default = str | bytes | bool | int | float

_FD = FieldDescriptorProto
_FLOATS = (_FD.TYPE_FLOAT, _FD.TYPE_DOUBLE)


def can_default(element: Field) -> bool:
    """Tell whether a field has a default at all."""
    return element.proto.label != _FD.LABEL_REPEATED and element.proto.type not in MESSAGES


def default(element: Field, enums: Mapping[str, EnumDescriptorProto]) -> Default:
    """Return the default of a field, written out or not; that of an enum as its number."""
    proto = element.proto
    text = proto.default_value
    match proto.type:
        case _FD.TYPE_STRING:
            return text
        case _FD.TYPE_BYTES:
            return text_encoding.CUnescape(text)
        case _FD.TYPE_BOOL:
            return text == "true"
        case _FD.TYPE_ENUM:
            return _number(enums.get(proto.type_name.lstrip(".")), text)
        case _FD.TYPE_FLOAT | _FD.TYPE_DOUBLE:
            value = float(text or 0)
            return _single(value) if proto.type == _FD.TYPE_FLOAT else value
        case _:
            return int(text or 0)


def same(old: Default, new: Default) -> bool:
    """Tell whether two defaults are one value; types may differ, which other rules tell."""
    if not old and not new:
        return True
    if isinstance(old, str | bytes) or isinstance(new, str | bytes):
        return _bytes(old) == _bytes(new)
    if old != old or new != new:  # NaN
        return old != old and new != new
    return old == new or (float in (type(old), type(new)) and _single(old) == _single(new))


def _number(enum: EnumDescriptorProto | None, name: str) -> int:
    if enum is None or not enum.value:
        return 0
    if not name:
        return enum.value[0].number
    return next((value.number for value in enum.value if value.name == name), 0)


def _bytes(value: Default) -> object:
    return value.encode() if isinstance(value, str) else value


def _single(value: float) -> float:
    """Round to the precision of a `float`."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
