"""Walking through a folder that belongs to strangers.

The walk goes through directory descriptors and never follows a symbolic link, so that nothing can
be slipped in between looking and reading.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from mlspec.digests.names import Siblings, check_name, check_path
from mlspec.errors import InputError, LimitError
from mlspec.files import StrPath, unreadable

MAX_FILES: Final = 1_000_000
MAX_DEPTH: Final = 128

Visit = Callable[[int, str], None]
"""What is done with each file: its open descriptor, which the walk closes, and its path."""

_FOLDER_FLAGS: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# Without O_NONBLOCK a FIFO put in a file's place would hold the reader for ever.
_FILE_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def walk(path: StrPath, visit: Visit) -> None:
    """Call `visit` for each file of a folder, in no particular order.

    Raises InputError for symbolic links, devices, FIFOs, sockets and names that do not mean the
    same everywhere; LimitError beyond 1,000,000 files or 128 levels; UnreadableError.
    """
    _Walk(os.fspath(path), visit).folder(_open_root(path), "", 1)


@contextmanager
def opened(folder: StrPath, path: str) -> Iterator[int]:
    """Open one file of a folder, on the way through no symbolic link.

    Raises InputError for a path that leads out of the folder, and for what is no regular file;
    UnreadableError.
    """
    parts = check_path(path)
    source = os.path.join(os.fspath(folder), path)
    descriptor = _open_root(folder)
    try:
        for index, part in enumerate(parts):
            flags = _FILE_FLAGS if index == len(parts) - 1 else _FOLDER_FLAGS
            inner = os.open(part, flags, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    except InputError as error:
        error.path = error.path or path
        error.from_source(os.fspath(folder))
        raise
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise _no_file(path, "link, device or socket").from_source(os.fspath(folder)) from None
        raise unreadable(error, source) from error
    finally:
        os.close(descriptor)


def _open_root(path: StrPath) -> int:
    # The folder itself is its user's choice: a link that leads to it is followed.
    if os.open not in os.supports_dir_fd:
        raise InputError("folders can be hashed on POSIX systems only", error_id="digest.system")
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except (OSError, ValueError) as error:
        raise unreadable(error, os.fspath(path)) from error


class _Walk:
    """One walk through one folder."""

    def __init__(self, source: str, visit: Visit) -> None:
        self._source = source
        self._visit = visit
        self._files = 0

    def folder(self, descriptor: int, path: str, depth: int) -> None:
        """Visit the files below an open folder, and close it."""
        try:
            if depth > MAX_DEPTH:
                raise LimitError(f"must nest at most {MAX_DEPTH} deep", error_id="limit.depth")
            siblings = Siblings()
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    inner = f"{path}{entry.name}"
                    check_name(entry.name, inner)
                    siblings.add(entry.name, inner)
                    self._entry(descriptor, entry, inner, depth)
        except OSError as error:
            raise unreadable(error, os.path.join(self._source, path)) from error
        except InputError as error:
            error.path = error.path or path
            error.from_source(self._source)
            raise
        finally:
            os.close(descriptor)

    def _entry(self, folder: int, entry: os.DirEntry[str], path: str, depth: int) -> None:
        if entry.is_dir(follow_symlinks=False):
            inner = os.open(entry.name, _FOLDER_FLAGS, dir_fd=folder)
            self.folder(inner, f"{path}/", depth + 1)
            return
        if not entry.is_file(follow_symlinks=False):
            what = "symbolic link" if entry.is_symlink() else "device, FIFO or socket"
            raise _no_file(path, what)
        self._files += 1
        if self._files > MAX_FILES:
            raise LimitError(f"must hold at most {MAX_FILES} files", error_id="limit.count")
        self._file(folder, entry.name, path)

    def _file(self, folder: int, name: str, path: str) -> None:
        descriptor = os.open(name, _FILE_FLAGS, dir_fd=folder)
        try:
            self._visit(descriptor, path)
        except InputError as error:
            error.path = error.path or path
            raise
        finally:
            os.close(descriptor)


def _no_file(path: str, what: str) -> InputError:
    return InputError(
        f"must hold only files and folders (got a {what})",
        error_id="digest.not_a_file",
        path=path,
        remedy="Put the file itself there, or leave it out.",
    )
