"""Streams of messages, each after its length as a varint.

The same framing as Java's `writeDelimitedTo`, Go's `protodelim` and `buf convert`'s binary streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from google.protobuf.message import Message

from mlspec.codec.binary import Unknown, decode_binary, encode_binary
from mlspec.codec.formats import DEFAULT_LIMITS, Limits
from mlspec.errors import DecodeError, LimitError, MLSpecError, UnreadableError

if TYPE_CHECKING:
    from typing import Protocol

    class Readable(Protocol):
        """Anything that bytes can be read from."""

        def read(self, size: int, /) -> bytes:
            """Return at most `size` bytes; none at the end."""


M = TypeVar("M", bound=Message)
_MAX_LENGTH_BYTES = 5


def frame(data: bytes) -> bytes:
    """Return `data` after its length as a varint."""
    length, head = len(data), bytearray()
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head) + data


def write_delimited(messages: Iterable[Message], stream: BinaryIO) -> int:
    """Write `messages` one after the other; return how many. Raises InputError, UnreadableError."""
    count = 0
    for message in messages:
        try:
            stream.write(frame(encode_binary(message)))
        except OSError as error:
            raise UnreadableError(
                f"must be writable ({error.strerror or error})",
                error_id="file.unwritable",
                path=f"[{count}]",
            ) from error
        count += 1
    return count


def read_delimited(
    message_type: type[M],
    stream: Readable,
    *,
    limits: Limits = DEFAULT_LIMITS,
    unknown: Unknown = "refuse",
) -> Iterator[M]:
    """Yield the messages of `stream`; `limits` holds for each of them.

    Raises what reading one message raises, with the message's place, such as "[17]", before the
    path; a stream that ends within a message is a DecodeError.
    """
    index = 0
    while True:
        try:
            size = _read_length(stream, limits)
            if size is None:
                return
            data = _read_exactly(stream, size)
            message = decode_binary(message_type, data, limits=limits, unknown=unknown)
        except MLSpecError as error:
            error.path = f"[{index}].{error.path}" if error.path else f"[{index}]"
            raise
        yield message
        index += 1


def _read_length(stream: Readable, limits: Limits) -> int | None:
    length = 0
    for position in range(_MAX_LENGTH_BYTES):
        byte = _read(stream, 1)
        if not byte:
            if position == 0:
                return None
            break
        length |= (byte[0] & 0x7F) << 7 * position
        if byte[0] < 0x80:
            if length > limits.max_bytes:
                raise LimitError(
                    f"must be at most {limits.max_bytes} bytes (got {length})",
                    error_id="limit.size",
                )
            return length
    raise DecodeError("must start with its length, a varint of at most 5 bytes")


def _read_exactly(stream: Readable, size: int) -> bytes:
    parts: list[bytes] = []
    missing = size
    while missing:
        part = _read(stream, missing)
        if not part:
            raise DecodeError(
                f"must have {size} bytes (got {size - missing})",
                error_id="decode.truncated",
                remedy="The stream was cut: what comes before this message can be used.",
            )
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _read(stream: Readable, size: int) -> bytes:
    try:
        return stream.read(size)
    except OSError as error:
        raise UnreadableError(f"must be readable ({error.strerror or error})") from error
