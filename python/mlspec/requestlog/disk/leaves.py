"""The bytes of leaves: an encoded event behind origin, sequence number and nonce."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from google.protobuf.message import DecodeError as ProtobufDecodeError

from mlspec import v1
from mlspec.codec.wire import read_varint
from mlspec.errors import DecodeError, InputError, LimitError
from mlspec.requestlog.hashing import MAX_LEAF

NONCE_SIZE: Final = 16

_AT_ONCE: Final = 256
_ORIGIN: Final = b"\x0a"
_SEQUENCE: Final = b"\x10"
_NONCE: Final = b"\x1a\x10"
_LENGTH: Final = 2
_LOW_BITS: Final = 7
_LOW: Final = tuple(_SEQUENCE + bytes((low | 0x80,)) for low in range(1 << _LOW_BITS))
_SHORT: Final = 2 + 0x7F
_EVENTS: Final = frozenset(
    field.number << 3 | _LENGTH for field in v1.LogEntry.DESCRIPTOR.oneofs_by_name["event"].fields
)


class LeafMaker:
    """Makes the leaves of one log. Not for several threads at once.

    Attributes:
        origin: The log.
    """

    __slots__ = ("_high", "_nonces", "_rest", "_start", "origin")

    def __init__(self, origin: str) -> None:
        self.origin = origin
        name = origin.encode("utf-8")
        self._start = _ORIGIN + varint(len(name)) + name
        self._nonces = nonces()
        self._high = 0
        self._rest = _NONCE

    def make(self, index: int, event: bytes, nonce: bytes | None = None) -> bytes:
        """Return the leaf of an encoded event: the encoding that protobuf gives the whole entry.

        Raises LimitError if it is longer than a leaf may be.
        """
        high = index >> _LOW_BITS
        if high != self._high:
            # All but the number's first byte stays the same for 128 leaves.
            self._high, self._rest = high, (varint(high) if high else b"") + _NONCE
        if high:
            low = _LOW[index & 0x7F]
        elif index:
            low = _SEQUENCE + varint(index)
        else:
            low = b""  # a field that is zero and has no presence is not written
        leaf = b"".join((self._start, low, self._rest, nonce or next(self._nonces), event))
        if len(leaf) > MAX_LEAF:
            raise LimitError(
                f"must be at most {MAX_LEAF} bytes with its place in the log (got {len(leaf)})",
                error_id="log.leaf.size",
                path="event",
                remedy="Put what is large into the side record, and its digest into the leaf.",
            )
        return leaf


def nonces() -> Iterator[bytes]:
    """Yield random bytes, fetched for many leaves at a time."""
    while True:
        many = os.urandom(NONCE_SIZE * _AT_ONCE)
        for at in range(0, len(many), NONCE_SIZE):
            yield many[at : at + NONCE_SIZE]


def parse_leaf(leaf: bytes) -> v1.LogEntry:
    """Parse a leaf of our own log, without judging what it says. Raises DecodeError."""
    try:
        return v1.LogEntry.FromString(leaf)
    except (ProtobufDecodeError, ValueError, RecursionError) as error:
        raise DecodeError(
            f"must be one encoded LogEntry ({error})",
            error_id="log.entry",
            path="leaf",
            remedy="The bundle was damaged: restore it from a copy.",
        ) from error


def event_bytes(entry: v1.LogEntry) -> bytes:
    """Return the encoding of an entry's event alone. Raises InputError if it has none."""
    kind = entry.WhichOneof("event")
    if kind is None:
        raise InputError("must have an event", error_id="log.event", path="event")
    bare = v1.LogEntry()
    getattr(bare, kind).CopyFrom(getattr(entry, kind))
    return bare.SerializeToString()


def require_event(event: bytes) -> None:
    """Raise DecodeError unless these bytes are one event field of `LogEntry`, and nothing else."""
    length = len(event)
    if length > _SHORT and event[0] in _EVENTS:
        # Nearly every event is this long: its length takes two bytes.
        if (event[1] & 0x7F | event[2] << 7) + 3 == length and event[1] > 0x7F > event[2]:
            return
    elif not event or event[0] not in _EVENTS:
        raise _no_event()
    size, start = read_varint(event, 1, min(length, 6))
    if start + size != length:
        raise _no_event()


def varint(value: int) -> bytes:
    """Return a number of 0 or more as protobuf writes it."""
    if value < 0x80:
        return bytes((value,))
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _no_event() -> DecodeError:
    return DecodeError(
        "must be one encoded event of a LogEntry, with its tag and length, and nothing else",
        error_id="log.event",
        path="event",
        remedy="Encode a LogEntry that has nothing but its event.",
    )
