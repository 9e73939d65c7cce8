"""A folder as one list of names and digests.

The manifest has a line for each file: the digest in hex, two spaces, the path with slashes, a
newline; sorted by the bytes of the path. `sha256sum --check` reads it. Empty folders and the
modes of files are not in it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from mlspec.digests.hashing import hash_descriptor
from mlspec.digests.walking import walk
from mlspec.errors import InputError
from mlspec.files import StrPath, unreadable

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from mlspec.digests.values import Algorithm

_LARGE: Final = 2 * 1024 * 1024
"""From this size on, handing a file to another core costs less than it saves."""

_MOST_CORES: Final = 8
"""Beyond them, memory and disk are what is waited for."""


class FileDigest(NamedTuple):
    """One file of a folder.

    Attributes:
        path: Where it is within the folder, with slashes.
        value: The raw hash of its bytes.
        size: Its size in bytes.
        links: How many names it has. More than one: it can be changed through another name, which
            may lie outside of the folder.
    """

    path: str
    value: bytes
    size: int
    links: int = 1


def hash_folder(path: StrPath, algorithm: Algorithm) -> list[FileDigest]:
    """Return the files of a folder, sorted by the bytes of their paths.

    Large files are hashed side by side, on as many cores as this process may use, at most 8.
    Raises InputError for symbolic links, devices, FIFOs, sockets and names that do not mean the
    same everywhere; LimitError beyond 1,000,000 files or 128 levels; UnreadableError.
    """
    with _Hasher(os.fspath(path), algorithm) as hasher:
        walk(path, hasher.visit)
        return sorted(hasher.files(), key=lambda file: file.path.encode())


def manifest_of(files: Iterable[FileDigest]) -> bytes:
    """Return the manifest of sorted files."""
    return b"".join(f"{file.value.hex()}  {file.path}\n".encode() for file in files)


class _Hasher:
    """Hashes the files that a walk meets: small ones at once, large ones on other cores."""

    def __init__(self, source: str, algorithm: Algorithm) -> None:
        self._source = source
        self._algorithm = algorithm
        self._files: list[FileDigest] = []
        self._cores = min(_cores(), _MOST_CORES)
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[tuple[Future[FileDigest], int]] = deque()

    def visit(self, descriptor: int, path: str) -> None:
        """Hash one file, now or soon."""
        before = os.fstat(descriptor)
        if self._cores == 1 or before.st_size < _LARGE:
            self._files.append(self._hash(descriptor, path, before))
            return
        if self._pool is None:
            # Loaded where it is needed: most folders hold no large file.
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(self._cores, "mlspec-hash")
        # Open files are scarce: no more wait than keep every core busy.
        while len(self._waiting) >= 2 * self._cores:
            self._finish()
        own = os.dup(descriptor)
        self._waiting.append((self._pool.submit(self._hash, own, path, before), own))

    def files(self) -> list[FileDigest]:
        """Wait for what is not done yet. Raises InputError, UnreadableError."""
        while self._waiting:
            self._finish()
        return self._files

    def _finish(self) -> None:
        future, descriptor = self._waiting[0]
        try:
            self._files.append(future.result())
        except OSError as error:
            raise unreadable(error, self._source) from error
        except InputError as error:
            raise error.from_source(self._source)  # noqa: B904 - the same error, with its place
        self._waiting.popleft()
        os.close(descriptor)

    def _hash(self, descriptor: int, path: str, before: os.stat_result) -> FileDigest:
        try:
            value, size, links = hash_descriptor(descriptor, self._algorithm, before=before)
        except InputError as error:
            error.path = path
            raise
        return FileDigest(path, value, size, links)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: Any) -> None:
        """Let the other cores end, and close what they read, also after an error."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        for _future, descriptor in self._waiting:
            os.close(descriptor)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
