"""Encoded fields, for what no message object would hold."""

from tools.vectors.wire import tag, varint

_VARINT, _LENGTH = 0, 2


def varint_field(number: int, value: int) -> bytes:
    """Encode a field that is a varint; a negative value takes ten bytes."""
    return tag(number, _VARINT) + varint(value % (1 << 64))


def bytes_field(number: int, content: bytes) -> bytes:
    """Encode a field that is text, bytes or a message."""
    return tag(number, _LENGTH) + varint(len(content)) + content
