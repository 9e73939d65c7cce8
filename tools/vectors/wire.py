"""Just enough of the protobuf wire format to write values that no object would hold in full."""

from dataclasses import dataclass
from typing import Any

_WIRE_TYPES = {1: 1, 2: 5, 3: 0, 5: 0, 8: 0, 13: 0, 14: 0}
_LENGTH_DELIMITED = 2


@dataclass(frozen=True)
class Piece:
    """Bytes that stand `times` times in a row, so that a vector of a huge value stays small."""

    content: bytes
    times: int = 1


def repeated(field: Any) -> bool:
    """Say whether a field is a list; newer protobuf has a property for it, older only the label."""
    known = getattr(field, "is_repeated", None)
    return field.label == field.LABEL_REPEATED if known is None else bool(known)


def varint(number: int) -> bytes:
    """Encode a non-negative number of at most 64 bits as a varint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def tag(number: int, wire_type: int) -> bytes:
    """Encode a field's tag."""
    return varint(number << 3 | wire_type)


def long_value(field: Any, length: int) -> list[Piece]:
    """Return a string or bytes field of `length` times the letter a."""
    return [
        Piece(tag(field.number, _LENGTH_DELIMITED) + varint(length)),
        Piece(b"a", length),
    ]


def long_list(field: Any, encoded: bytes, times: int) -> list[Piece]:
    """Return a repeated field with `times` copies of an element.

    Args:
        field: The field's descriptor.
        encoded: A message of the field's type with just one element, encoded.
        times: How many elements the result has.
    """
    if field.type not in _WIRE_TYPES:
        return [Piece(encoded, times)]
    element = _packed_element(field, encoded)
    length = varint(len(element) * times)
    return [
        Piece(tag(field.number, _LENGTH_DELIMITED) + length),
        Piece(element, times),
    ]


def _packed_element(field: Any, encoded: bytes) -> bytes:
    head = len(tag(field.number, _LENGTH_DELIMITED))
    return encoded[head + 1 :]
