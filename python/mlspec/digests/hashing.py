"""Hash functions, and files through them."""

from __future__ import annotations

import hashlib
import importlib
import os
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from mlspec.errors import InputError, UsageError
from mlspec.files import StrPath, unreadable

if TYPE_CHECKING:
    from mlspec.digests.values import Algorithm

# Of the sizes from 64 KiB to 4 MiB this one is fastest: it stays in a core's cache.
_CHUNK: Final = 1 << 20

Sink = Callable[[memoryview], None]
"""Takes in bytes that were hashed. They are gone when it returns."""


class Hash(Protocol):
    """What `hashlib` returns."""

    def update(self, data: bytes | memoryview, /) -> object:
        """Take in more bytes."""

    def digest(self) -> bytes:
        """Return the hash of all bytes taken in."""


def new_hash(algorithm: Algorithm) -> Hash:
    """Start a hash. Raises UsageError if the function is unknown or its library is missing."""
    return _factory(algorithm)()


def _factory(algorithm: Algorithm) -> Callable[[], Hash]:
    if algorithm == "sha256":
        return hashlib.sha256
    if algorithm == "sha512":
        return hashlib.sha512
    if algorithm != "blake3":
        raise UsageError(
            f"must be sha256, sha512 or blake3 (got {algorithm!r})", error_id="digest.algorithm"
        )
    try:
        factory: Callable[[], Hash] = importlib.import_module("blake3").blake3
    except ImportError:
        raise UsageError(
            "blake3 needs the library blake3, which is not installed",
            error_id="digest.blake3_missing",
            remedy="Install the package blake3, or use sha256.",
        ) from None
    return factory


def hash_file(path: StrPath, algorithm: Algorithm) -> tuple[bytes, int]:
    """Return the hash of a file and its size in bytes. Raises UnreadableError, InputError."""
    try:
        # Without O_NONBLOCK a FIFO would hold the reader for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            return hash_descriptor(descriptor, algorithm)[:2]
        finally:
            os.close(descriptor)
    except InputError as error:
        error.from_source(os.fspath(path))
        raise
    except (OSError, ValueError) as error:
        raise unreadable(error, os.fspath(path)) from error


class Hashed(NamedTuple):
    """What reading an open file gave: its raw hash, its size in bytes, and its count of names."""

    value: bytes
    size: int
    links: int


def hash_descriptor(
    descriptor: int,
    algorithm: Algorithm,
    *,
    sink: Sink | None = None,
    before: os.stat_result | None = None,
) -> Hashed:
    """Hash an open regular file, and hand what is hashed to `sink` as well.

    Reads from where the descriptor stands, as far as the file was long `before` (now, if it is not
    given), and one buffer more. Raises InputError if it is no regular file, or if it changed
    meanwhile; OSError as the system says.
    """
    before = before or os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        raise InputError("must be a regular file", error_id="digest.not_a_file")
    made = new_hash(algorithm)
    # Most files are small: one read of one byte more than there should be ends them.
    chunk = os.read(descriptor, min(before.st_size + 1, _CHUNK))
    made.update(chunk)
    if sink is not None:
        sink(memoryview(chunk))
    size = len(chunk)
    if size == _CHUNK or size < before.st_size:
        size += _hash_rest(descriptor, made, before.st_size - size, sink)
    after = os.fstat(descriptor)
    if size != after.st_size or before.st_mtime_ns != after.st_mtime_ns:
        raise InputError(
            "must not change while it is read",
            error_id="digest.changed",
            remedy="Wait until its writer is done.",
        )
    return Hashed(made.digest(), size, after.st_nlink)


def _hash_rest(descriptor: int, made: Hash, expected: int, sink: Sink | None) -> int:
    view = memoryview(bytearray(_CHUNK))
    total = 0
    # A file that grows as fast as it is read would never end.
    while total <= expected and (count := os.readv(descriptor, [view])):
        made.update(view[:count])
        if sink is not None:
            sink(view[:count])
        total += count
    return total
