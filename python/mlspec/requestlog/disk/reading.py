"""Reading the files of a log's folder, never out of it and never without a bound."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mlspec.errors import LimitError, UnreadableError
from mlspec.files import StrPath

# Not every system has these: there logs cannot be opened, but proofs out of them can be verified.
_CLOSED_ON_EXEC: Final[int] = getattr(os, "O_CLOEXEC", 0)
_IS_FOLDER: Final[int] = getattr(os, "O_DIRECTORY", 0)
OPEN: Final[int] = _CLOSED_ON_EXEC | getattr(os, "O_NOFOLLOW", 0)
"""How everything within a log's folder is opened."""

# A pipe in the place of a file must not make its reader wait.
_READ: Final[int] = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | OPEN
_FOLDER: Final[int] = os.O_RDONLY | _IS_FOLDER | OPEN
_ROOT: Final[int] = os.O_RDONLY | _IS_FOLDER | _CLOSED_ON_EXEC


class LogReading:
    """The files of one log, by paths within its folder. Symbolic links within are not followed.

    Attributes:
        root: The folder.
    """

    def __init__(self, root: StrPath) -> None:
        """Take a folder, which need not exist yet. Raises UnreadableError for no possible path."""
        self.root = os.fspath(root)
        if "\0" in self.root:
            raise self._unreadable(OSError(0, "it has a NUL character"), "")

    def read(self, path: str, max_bytes: int) -> bytes | None:
        """Return what a file holds. None: there is no such file.

        Raises UnreadableError, and LimitError if it is longer than `max_bytes`.
        """
        try:
            with self._parent(path) as (parent, name):
                descriptor = os.open(name, _READ, dir_fd=parent)
            with open(descriptor, "rb", buffering=0) as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(0, "it is no file")
                data = bytearray()
                while part := file.read(max_bytes + 1 - len(data)):
                    data += part
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error, path) from error
        if len(data) > max_bytes:
            raise LimitError(
                f"must be at most {max_bytes} bytes", error_id="limit.size", source=self._name(path)
            )
        return bytes(data)

    def names(self, path: str) -> list[str]:
        """Return the names in a folder, sorted; none if there is no such folder.

        Raises UnreadableError.
        """
        try:
            with self._folder(path) as descriptor:
                return sorted(os.listdir(descriptor))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unreadable(error, path) from error

    def size(self, path: str) -> int:
        """Return a file's length in bytes, 0 if there is none. Raises UnreadableError."""
        try:
            with self._parent(path) as (parent, name):
                return os.stat(name, dir_fd=parent, follow_symlinks=False).st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise self._unreadable(error, path) from error

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        folder, _, name = path.rpartition("/")
        with self._folder(folder) as descriptor:
            yield descriptor, name

    @contextmanager
    def _folder(self, path: str) -> Iterator[int]:
        descriptor = os.open(self.root, _ROOT)
        try:
            for part in path.split("/") if path else ():
                inner = os.open(part, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def _name(self, path: str) -> str:
        return os.path.join(self.root, path)

    def _unreadable(self, error: OSError, path: str) -> UnreadableError:
        return UnreadableError(
            f"must be readable ({error.strerror or error})",
            error_id="log.unreadable",
            source=self._name(path),
            remedy="Check the folder and its permissions; symbolic links within are not followed.",
        )
