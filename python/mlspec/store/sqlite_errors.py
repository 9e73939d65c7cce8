"""What SQLite says, in MLSpec's words."""

from __future__ import annotations

import sqlite3
from typing import Final

from mlspec.errors import (
    StoreConflictError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    StoreUnwritableError,
)

_LOCKED: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")
_FULL: Final = ("SQLITE_FULL",)
_READ_ONLY: Final = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")
_UNWRITABLE: Final = (
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_FSYNC",
    "SQLITE_IOERR_DIR_FSYNC",
    "SQLITE_IOERR_TRUNCATE",
    "SQLITE_IOERR_SHM",
    "SQLITE_CANTOPEN",
)
_CORRUPT: Final = ("SQLITE_CORRUPT", "SQLITE_IOERR_SHORT_READ")


def translate(error: sqlite3.Error, place: str) -> StoreError:
    """Return the error to raise for one that SQLite raised."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(_LOCKED):
        return StoreLockedError(
            "must be free to write (another process holds it)",
            source=place,
            remedy="Wait for the other writer and try again, or give a longer timeout.",
        )
    if name.startswith(_FULL):
        return _unwritable("must have room (the disk is full)", place, "Make room and try again.")
    if name.startswith(_READ_ONLY):
        return _unwritable(
            "must be writable (it is read-only)", place, "Check the permissions of file and folder."
        )
    if name.startswith(_UNWRITABLE):
        return _unwritable(
            f"must be writable ({error})",
            place,
            "Check the folder, its permissions and free space.",
        )
    if name.startswith("SQLITE_NOTADB"):
        return not_a_store(place)
    if name.startswith(_CORRUPT):
        return StoreCorruptError(
            f"must be a sound SQLite file ({error})",
            source=place,
            remedy="Restore it from a copy; `mlspec verify` shows which records are still whole.",
        )
    if name.startswith("SQLITE_CONSTRAINT"):
        return StoreConflictError(f"must keep what it holds ({error})", source=place)
    return StoreError(f"must be usable ({error})", source=place)


def not_a_store(place: str) -> StoreError:
    """Make the error for a file that is something else."""
    return StoreError(
        "must be an MLSpec store (got another kind of file)",
        error_id="store.not_a_store",
        source=place,
        remedy="Check the path: a store is an SQLite file that a run made.",
    )


def _unwritable(message: str, place: str, remedy: str) -> StoreUnwritableError:
    return StoreUnwritableError(f"{message}; nothing was written", source=place, remedy=remedy)
