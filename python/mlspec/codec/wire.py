"""A bounded scanner of the protobuf wire format, driven by descriptors.

The runtimes parse; this only answers what they do not tell: where bytes stop being a message,
which field nobody knows, and which singular field stands there twice. It never builds anything.
Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from google.protobuf.descriptor import FieldDescriptor

from mlspec.codec.descriptors import is_repeated
from mlspec.errors import DecodeError, LimitError

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

VARINT, FIXED64, LENGTH, GROUP, END_GROUP, FIXED32 = range(6)
_MAX_NUMBER = (1 << 29) - 1
_GROUP_DEPTH = 64

_WIRE_TYPES = {
    **dict.fromkeys(
        (
            FieldDescriptor.TYPE_INT32,
            FieldDescriptor.TYPE_INT64,
            FieldDescriptor.TYPE_UINT32,
            FieldDescriptor.TYPE_UINT64,
            FieldDescriptor.TYPE_SINT32,
            FieldDescriptor.TYPE_SINT64,
            FieldDescriptor.TYPE_BOOL,
            FieldDescriptor.TYPE_ENUM,
        ),
        VARINT,
    ),
    FieldDescriptor.TYPE_DOUBLE: FIXED64,
    FieldDescriptor.TYPE_FIXED64: FIXED64,
    FieldDescriptor.TYPE_SFIXED64: FIXED64,
    FieldDescriptor.TYPE_FLOAT: FIXED32,
    FieldDescriptor.TYPE_FIXED32: FIXED32,
    FieldDescriptor.TYPE_SFIXED32: FIXED32,
    FieldDescriptor.TYPE_STRING: LENGTH,
    FieldDescriptor.TYPE_BYTES: LENGTH,
    FieldDescriptor.TYPE_MESSAGE: LENGTH,
    FieldDescriptor.TYPE_GROUP: GROUP,
}


class Token(NamedTuple):
    """One field on the wire.

    Attributes:
        number: The field's number.
        wire_type: 0 to 5.
        start: Offset of the value's first byte (past the length, where there is one).
        end: Offset past the value's last byte.
    """

    number: int
    wire_type: int
    start: int
    end: int


class Finding(NamedTuple):
    """A field that the descriptor does not know, or knows with another wire type."""

    path: str
    number: int


def read_varint(data: bytes, offset: int, end: int) -> tuple[int, int]:
    """Return the varint at `offset` and the offset past it. Raises DecodeError."""
    value = shift = 0
    while offset < end:
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                raise DecodeError(f"varint must fit 64 bits (ends at byte {offset})")
            return value, offset
        shift += 7
        if shift > 63:
            raise DecodeError(f"varint must have at most 10 bytes (at byte {offset})")
    raise DecodeError(f"varint must end before byte {end}")


def tokens(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Yield the fields of one message, in order. Raises DecodeError where they make no sense."""
    offset, end = start, len(data) if end is None else end
    while offset < end:
        number, wire_type, offset = _tag(data, offset, end)
        if wire_type == END_GROUP:
            raise DecodeError(f"field {number} must not end a group that never began")
        first, offset = _skip(data, number, wire_type, offset, end, 0)
        yield Token(number, wire_type, first, offset)


def _tag(data: bytes, offset: int, end: int) -> tuple[int, int, int]:
    tag, after = read_varint(data, offset, end)
    number, wire_type = tag >> 3, tag & 7
    if not 0 < number <= _MAX_NUMBER or wire_type > FIXED32:
        raise DecodeError(f"byte {offset} must start a field (got tag {tag})")
    return number, wire_type, after


def _skip(
    data: bytes, number: int, wire_type: int, offset: int, end: int, depth: int
) -> tuple[int, int]:
    """Return where the value begins and where the next field does."""
    if wire_type == VARINT:
        return offset, read_varint(data, offset, end)[1]
    if wire_type == GROUP:
        return offset, _skip_group(data, number, offset, end, depth + 1)
    if wire_type == LENGTH:
        size, offset = read_varint(data, offset, end)
    else:
        size = 8 if wire_type == FIXED64 else 4
    if size > end - offset:
        raise DecodeError(
            f"field {number} must have {size} bytes from byte {offset} on (got {end - offset})"
        )
    return offset, offset + size


def _skip_group(data: bytes, number: int, offset: int, end: int, depth: int) -> int:
    if depth > _GROUP_DEPTH:
        raise LimitError(f"groups must nest at most {_GROUP_DEPTH} deep", error_id="limit.depth")
    while True:
        inner, wire_type, offset = _tag(data, offset, end)
        if wire_type != END_GROUP:
            _, offset = _skip(data, inner, wire_type, offset, end, depth)
        elif inner == number:
            return offset
        else:
            raise DecodeError(f"group {number} must end before group {inner} does")


def _fits(field: FieldDescriptor, wire_type: int) -> bool:
    expected = _WIRE_TYPES[field.type]
    if wire_type == expected:
        return True
    return wire_type == LENGTH and is_repeated(field) and expected in (VARINT, FIXED32, FIXED64)


def repeated_singular(descriptor: Descriptor, data: bytes) -> str | None:
    """Name a field that may stand once at the top of the message and stands there more often.

    Two members of one oneof count as one field that stands there twice. None: there is no such
    field. Raises DecodeError.
    """
    seen: set[str] = set()
    for token in tokens(data):
        field = descriptor.fields_by_number.get(token.number)
        if field is None or is_repeated(field):
            continue
        slot = field.name if field.containing_oneof is None else field.containing_oneof.name
        if slot in seen:
            return str(field.name)
        seen.add(slot)
    return None


def first_unknown(
    descriptor: Descriptor, data: bytes, *, max_depth: int, path: str = ""
) -> Finding | None:
    """Find the first field, at any depth, that the descriptor does not know.

    Raises DecodeError or LimitError with the path of the message that cannot be read.
    """
    return _scan(descriptor, data, 0, len(data), path, max_depth)


def _scan(
    descriptor: Descriptor, data: bytes, start: int, end: int, path: str, depth: int
) -> Finding | None:
    if depth <= 0:
        raise LimitError("messages must not nest so deep", error_id="limit.depth", path=path)
    counts: dict[int, int] = {}
    try:
        for token in tokens(data, start, end):
            field = descriptor.fields_by_number.get(token.number)
            if field is None or not _fits(field, token.wire_type):
                return Finding(path, token.number)
            index = counts.get(token.number, 0)
            counts[token.number] = index + 1
            inner = _inner_path(path, field, index)
            if field.type == FieldDescriptor.TYPE_STRING:
                _check_text(data[token.start : token.end], inner)
            elif field.message_type is not None:
                found = _scan(field.message_type, data, token.start, token.end, inner, depth - 1)
                if found:
                    return found
    except DecodeError as error:
        error.path = error.path or path
        raise
    return None


def _inner_path(path: str, field: FieldDescriptor, index: int) -> str:
    name = f"{path}.{field.name}" if path else str(field.name)
    return f"{name}[{index}]" if is_repeated(field) else name


def _check_text(data: bytes, path: str) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DecodeError(f"must be UTF-8 (byte {error.start} is not)", path=path) from None
