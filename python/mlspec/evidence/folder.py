"""Reading a bundle that is a folder, once, through directory descriptors, following nothing."""

from __future__ import annotations

import os
import stat
from typing import Final

from mlspec.errors import InputError, LimitError
from mlspec.evidence.layout import limit_of, not_a_file, require_room
from mlspec.files import StrPath, unreadable

_MAX_DEPTH: Final = 3
_FOLDER_FLAGS: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# Without O_NONBLOCK a FIFO put in a file's place would hold the reader for ever.
_FILE_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def read_folder(path: StrPath) -> dict[str, bytes]:
    """Return the files of a folder by name. Everything that is looked at later is these bytes.

    Raises InputError for anything but plain files of their own, VerificationError for names that
    no bundle has, LimitError, UnreadableError.
    """
    if os.open not in os.supports_dir_fd:
        raise InputError("folders can be read on POSIX systems only", error_id="bundle.system")
    found: dict[str, bytes] = {}
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        _Walk(found).folder(descriptor, "", 1)
    except (OSError, ValueError) as error:
        raise unreadable(error, os.fspath(path)) from error
    return found


class _Walk:
    def __init__(self, found: dict[str, bytes]) -> None:
        self._found = found
        self._total = 0

    def folder(self, descriptor: int, path: str, depth: int) -> None:
        """Read what is below an open folder, and close it."""
        try:
            if depth > _MAX_DEPTH:
                raise LimitError(
                    f"must nest at most {_MAX_DEPTH} deep", error_id="bundle.depth", path=path
                )
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    name = f"{path}{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        inner = os.open(entry.name, _FOLDER_FLAGS, dir_fd=descriptor)
                        self.folder(inner, f"{name}/", depth + 1)
                    elif entry.is_file(follow_symlinks=False):
                        self._file(descriptor, entry.name, name)
                    else:
                        what = "symbolic link" if entry.is_symlink() else "device, FIFO or socket"
                        raise not_a_file(name, what)
        finally:
            os.close(descriptor)

    def _file(self, folder: int, short: str, name: str) -> None:
        most = limit_of(name)
        descriptor = os.open(short, _FILE_FLAGS, dir_fd=folder)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                raise not_a_file(name, "device, FIFO or socket")
            if state.st_nlink > 1:
                raise not_a_file(name, "file that has a second name elsewhere")
            data = _read(file.fileno(), min(most, state.st_size) + 1)
        if len(data) > most:
            raise LimitError(f"must be at most {most} bytes", error_id="bundle.size", path=name)
        self._total += len(data)
        self._found[name] = data
        require_room(len(self._found), self._total)


def _read(descriptor: int, most: int) -> bytes:
    """Read up to `most` bytes: whoever writes meanwhile cannot make the reader read for ever."""
    parts = []
    while most > 0 and (part := os.read(descriptor, most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)
