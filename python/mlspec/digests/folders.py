"""A folder as one list of names and digests.

The manifest has a line for each file: the digest in hex, two spaces, the path with slashes, a
newline; sorted by the bytes of the path. `sha256sum --check` reads it. Empty folders and the
modes of files are not in it.

Folders belong to strangers: the walk goes through directory descriptors and never follows a
symbolic link, so that nothing can be slipped in between looking and reading, and names that two
systems would read differently are refused.
"""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from mlspec.digests.hashing import hash_descriptor
from mlspec.errors import InputError, LimitError
from mlspec.files import StrPath, unreadable

if TYPE_CHECKING:
    from mlspec.digests.values import Algorithm

MAX_FILES: Final = 1_000_000
MAX_DEPTH: Final = 128
_FOLDER_FLAGS: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# Without O_NONBLOCK a FIFO put in a file's place would hold the reader for ever.
_FILE_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class FileDigest(NamedTuple):
    """One file of a folder: its path within it, the raw hash, and the size in bytes."""

    path: str
    value: bytes
    size: int


def hash_folder(path: StrPath, algorithm: Algorithm) -> list[FileDigest]:
    """Return the files of a folder, sorted by the bytes of their paths.

    Raises InputError for symbolic links, devices, FIFOs, sockets and names that do not mean the
    same everywhere; LimitError beyond 1,000,000 files or 128 levels; UnreadableError.
    """
    if os.open not in os.supports_dir_fd:
        raise InputError("folders can be hashed on POSIX systems only", error_id="digest.system")
    walk = _Walk(os.fspath(path), algorithm)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise unreadable(error, os.fspath(path)) from error
    walk.folder(descriptor, "", 1)
    return sorted(walk.files, key=lambda file: file.path.encode())


def manifest_of(files: list[FileDigest]) -> bytes:
    """Return the manifest of sorted files."""
    return b"".join(f"{file.value.hex()}  {file.path}\n".encode() for file in files)


class _Walk:
    """One walk through one folder."""

    def __init__(self, source: str, algorithm: Algorithm) -> None:
        self.files: list[FileDigest] = []
        self._source = source
        self._algorithm = algorithm
        self._spellings: dict[str, str] = {}

    def folder(self, descriptor: int, path: str, depth: int) -> None:
        """Add the files below an open folder, and close it."""
        try:
            if depth > MAX_DEPTH:
                raise LimitError(f"must nest at most {MAX_DEPTH} deep", error_id="limit.depth")
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    self._entry(descriptor, entry, f"{path}{entry.name}", depth)
        except OSError as error:
            raise unreadable(error, os.path.join(self._source, path)) from error
        except InputError as error:
            error.path = error.path or path
            error.from_source(self._source)
            raise
        finally:
            os.close(descriptor)

    def _entry(self, folder: int, entry: os.DirEntry[str], path: str, depth: int) -> None:
        self._check_name(entry.name, path)
        if entry.is_dir(follow_symlinks=False):
            inner = os.open(entry.name, _FOLDER_FLAGS, dir_fd=folder)
            self.folder(inner, f"{path}/", depth + 1)
            return
        if not entry.is_file(follow_symlinks=False):
            what = "symbolic link" if entry.is_symlink() else "device, FIFO or socket"
            raise InputError(
                f"must hold only files and folders (got a {what})",
                error_id="digest.not_a_file",
                path=path,
                remedy="Put the file itself there, or leave it out.",
            )
        if len(self.files) >= MAX_FILES:
            raise LimitError(f"must hold at most {MAX_FILES} files", error_id="limit.count")
        self._file(folder, entry.name, path)

    def _file(self, folder: int, name: str, path: str) -> None:
        descriptor = os.open(name, _FILE_FLAGS, dir_fd=folder)
        try:
            value, size = hash_descriptor(descriptor, self._algorithm)
        except InputError as error:
            error.path = path
            raise
        finally:
            os.close(descriptor)
        self.files.append(FileDigest(path, value, size))

    def _check_name(self, name: str, path: str) -> None:
        words = _fault(name)
        if words is None:
            folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
            twin = self._spellings.setdefault(folded, path)
            if twin != path:
                words = f"must differ from {twin!r} in more than case or Unicode form"
        if words is not None:
            shown = path.encode("utf-8", "replace").decode()
            raise InputError(
                words, error_id="digest.name", path=repr(shown), remedy="Rename the file."
            )


def _fault(name: str) -> str | None:
    """Say why a name would not mean the same on every system."""
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in name):
        return "must have a name in UTF-8"
    if "\\" in name:
        return "must have no backslash in its name"
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        return "must have no control character in its name"
    return None
