"""Files of a log's folder that are rewritten while others read. Who writes holds `side_lock`."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from mlspec.errors import StoreUnwritableError
from mlspec.files import sync_folder, unreadable

_DRAFT: Final = ".draft"


def open_plain(path: Path) -> BinaryIO | None:
    """Open a file for reading; None if there is none. Raises UnreadableError, for links too."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(error, str(path)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise unreadable(OSError("it is no plain file"), str(path))
    return os.fdopen(descriptor, "rb")


def append_synced(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Append to a file, made if need be, readable by its owner and group only.

    Raises StoreUnwritableError.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            descriptor, made = os.open(path, flags), False
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, made = os.open(path, flags | os.O_CREAT, 0o640), True
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if made and sync:
            sync_folder(path.parent)
            sync_folder(path.parent.parent)
    except OSError as error:
        raise unwritable(error, path) from error


def replace(path: Path, chunks: Iterable[bytes]) -> None:
    """Put a new file in a file's place, whole or not at all; without content, remove it.

    For the holder of the lock. Raises StoreUnwritableError; what `chunks` raises leaves all as
    it was.
    """
    draft = path.with_name(f".{path.name[:64]}.{os.urandom(8).hex()}{_DRAFT}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        size = 0
        try:
            with os.fdopen(os.open(draft, flags, 0o640), "wb") as file:
                for chunk in chunks:
                    size += file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            if size:
                draft.replace(path)
            else:
                path.unlink(missing_ok=True)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(error, path) from error


def remove_drafts(folder: Path) -> None:
    """Remove what a rewriting that died left behind. For the holder of the lock."""
    for draft in folder.glob(f".*{_DRAFT}"):
        draft.unlink(missing_ok=True)


def unwritable(error: OSError, path: Path) -> StoreUnwritableError:
    """Make the error for a file of the log that cannot be written."""
    return StoreUnwritableError(
        f"must be writable ({error.strerror or error})",
        source=str(path),
        remedy="Check the folder, its permissions and the free space.",
    )
