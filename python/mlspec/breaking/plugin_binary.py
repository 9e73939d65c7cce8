"""The binary form of the plugin's messages: a small reader and writer of the protobuf wire format.

Importing the protobuf runtime takes several times as long as Python's own start, and buf starts a
plugin about nine times in one run, mostly to ask for its rules. Only a comparison needs that
runtime; the rest of the conversation is read and written here.
Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlspec.breaking.plugin_messages import DESCRIPTOR, ENUMS, MESSAGES, Message
from mlspec.errors import DecodeError

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}
_NUMBERS = ("bool", "int32", "uint32")


def decode(kind: str, data: bytes) -> Message:
    """Read a message of type `kind`, a key of `MESSAGES`. Unknown fields are passed over.

    Raises:
        DecodeError: the bytes are not such a message.
    """
    known = MESSAGES[kind]
    message: Message = {}
    for number, wire_type, raw in fields(data):
        field = known.get(number)
        if field is None:
            continue
        if wire_type != (_VARINT if field.type in _NUMBERS else _LENGTH):
            raise DecodeError(f"{kind}.{field.name} must not have wire type {wire_type}")
        value = _read(field.type, raw)
        if field.repeated:
            message.setdefault(field.name, []).append(value)
        else:
            message[field.name] = value
    return message


def _read(kind: str, raw: int | bytes) -> Any:
    if isinstance(raw, int):
        return bool(raw) if kind == "bool" else raw & 0xFFFFFFFF
    if kind in ("bytes", DESCRIPTOR):
        return raw
    if kind != "string":
        return decode(kind, raw)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise DecodeError("a string must be UTF-8") from error


def fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield number, wire type and value of each field. Raises DecodeError where there is none."""
    offset = 0
    while offset < len(data):
        tag, offset = _varint(data, offset)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value, offset = _varint(data, offset)
            yield number, wire_type, value
            continue
        if wire_type == _LENGTH:
            size, offset = _varint(data, offset)
        elif wire_type in _FIXED:
            size = _FIXED[wire_type]
        else:
            raise DecodeError(f"a field must not have wire type {wire_type} (at byte {offset})")
        end = offset + size
        if not number or end > len(data):
            raise DecodeError(f"field {number} must end within its message (at byte {offset})")
        yield number, wire_type, data[offset:end]
        offset = end


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if offset == len(data):
            break
        byte = data[offset]
        offset += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, offset
    raise DecodeError(f"a number must end after ten bytes at most (at byte {offset})")


def encode(kind: str, message: Message) -> bytes:
    """Write a message of type `kind`; zero and empty scalars are left out, as proto3 does."""
    out = bytearray()
    for number, field in MESSAGES[kind].items():
        value = message.get(field.name)
        if not value and not isinstance(value, dict):
            continue
        if field.repeated and field.type in _NUMBERS:
            out += delimited(number, b"".join(map(varint, value)))
            continue
        for one in value if field.repeated else [value]:
            out += _written(number, field.type, one)
    return bytes(out)


def _written(number: int, kind: str, value: Any) -> bytes:
    if kind in _NUMBERS or kind in ENUMS:
        plain = ENUMS[kind][value] if kind in ENUMS else int(value)
        return varint(number << 3 | _VARINT) + varint(plain)
    if kind == "string":
        return delimited(number, value.encode())
    return delimited(number, value if kind in ("bytes", DESCRIPTOR) else encode(kind, value))


def delimited(number: int, content: bytes) -> bytes:
    """Write a field whose value has a length: text, bytes, a message, or packed numbers."""
    return varint(number << 3 | _LENGTH) + varint(len(content)) + content


def varint(value: int) -> bytes:
    """Write a number that is not negative."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
