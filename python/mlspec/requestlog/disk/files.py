"""The one door between a log and the file system.

Every change that a writer makes goes through here, so that a test can record the changes and play
them back as a machine that lost its power would have left them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Final

from mlspec.errors import StoreUnwritableError
from mlspec.files import StrPath
from mlspec.requestlog.disk.reading import OPEN, LogReading

DRAFT_END: Final = ".draft"
"""What the name of a file ends with that will take another's place."""

_FEW: Final = 4
_AT_ONCE: Final = 16
_FILE_MODE: Final = 0o644
_PRIVATE_MODE: Final = 0o640
_FOLDER_MODE: Final = 0o755


class LogFiles(LogReading):
    """The files of one log, read and changed.

    Attributes:
        root: The folder.
    """

    def __init__(self, root: StrPath) -> None:
        """Take a folder, which need not exist yet."""
        super().__init__(root)
        self._unsynced: set[str] = set()

    def create(self) -> None:
        """Make the log's folder, and its name last, if it is not there.

        Raises StoreUnwritableError.
        """
        missing = []
        path = os.path.abspath(self.root)
        while not os.path.isdir(path):
            missing.append(path)
            path = os.path.dirname(path)
        with self._writing(""):
            for folder in reversed(missing):
                os.makedirs(folder, _FOLDER_MODE, exist_ok=True)
                _sync(os.path.dirname(folder))

    def write(self, path: str, data: bytes) -> None:
        """Write a file whole, over what is there, and make its bytes last; not yet its name.

        Raises StoreUnwritableError.
        """
        self._put(path, data, os.O_TRUNC)

    def write_all(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Write files as `write` does, each with its path, and wait for the disk once for several.

        Raises StoreUnwritableError; then some may be written.
        """
        if len(files) <= _FEW:
            for path, data in files:
                self.write(path, data)
            return
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mlspec-log-files") as pool:
            deque(pool.map(self.write, *zip(*files, strict=True)), maxlen=0)

    def append(self, path: str, data: bytes) -> None:
        """Write at a file's end, and make the bytes last. Raises StoreUnwritableError.

        What is appended to describes persons: others than owner and group cannot read it.
        """
        self._put(path, data, os.O_APPEND, _PRIVATE_MODE)

    def truncate(self, path: str, size: int) -> None:
        """Cut a file to its first bytes, and make that last. Raises StoreUnwritableError."""
        with self._writing(path), self._parent(path) as (parent, name):
            descriptor = os.open(name, os.O_WRONLY | OPEN, dir_fd=parent)
            try:
                os.ftruncate(descriptor, size)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def replace(self, path: str, data: bytes) -> None:
        """Put a file in the place of another, whole or not at all; its name does not last yet.

        Raises StoreUnwritableError.
        """
        self.write(path + DRAFT_END, data)
        self.rename(path + DRAFT_END, path)

    def rename(self, path: str, target: str) -> None:
        """Let a file take another's place in its folder. Raises StoreUnwritableError."""
        with self._writing(path), self._parent(path) as (parent, name):
            os.rename(name, os.path.basename(target), src_dir_fd=parent, dst_dir_fd=parent)
        self._unsynced.add(os.path.dirname(path))

    def remove(self, path: str) -> None:
        """Remove a file; nothing if it is not there. After a crash it may be there again.

        Raises StoreUnwritableError.
        """
        with self._writing(path), suppress(FileNotFoundError), self._parent(path) as (parent, name):
            os.unlink(name, dir_fd=parent)

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder; nothing if it is not there. Raises StoreUnwritableError."""
        with self._writing(path), suppress(FileNotFoundError), self._parent(path) as (parent, name):
            os.rmdir(name, dir_fd=parent)
            self._unsynced.discard(path)

    def make_folder(self, path: str) -> None:
        """Make one folder within another; nothing if it is there. Raises StoreUnwritableError."""
        with self._writing(path), suppress(FileExistsError), self._parent(path) as (parent, name):
            os.mkdir(name, _FOLDER_MODE, dir_fd=parent)
        self._unsynced.add(os.path.dirname(path))

    def sync_folders(self) -> None:
        """Make all names last that were given since the last time. Raises StoreUnwritableError."""
        for path in sorted(self._unsynced):
            self.sync_folder(path)
            self._unsynced.discard(path)

    def sync_folder(self, path: str) -> None:
        """Make the names in one folder last. Raises StoreUnwritableError."""
        with self._writing(path), self._folder(path) as descriptor:
            os.fsync(descriptor)

    def _put(self, path: str, data: bytes, how: int, mode: int = _FILE_MODE) -> None:
        folder = os.path.dirname(path)
        with self._writing(path):
            try:
                self._store(path, data, how, mode)
            except FileNotFoundError:
                self._make_folders(folder)
                self._store(path, data, how, mode)
        self._unsynced.add(folder)

    def _store(self, path: str, data: bytes, how: int, mode: int) -> None:
        flags = os.O_WRONLY | os.O_CREAT | how | OPEN
        with self._parent(path) as (parent, name):
            descriptor = os.open(name, flags, mode, dir_fd=parent)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _make_folders(self, path: str) -> None:
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            self.make_folder("/".join(parts[:count]))

    @contextmanager
    def _writing(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnwritableError(
                f"must be writable ({error.strerror or error})",
                error_id="log.unwritable",
                source=self._name(path),
                remedy="Check the folder, its permissions and the free space.",
            ) from error


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
