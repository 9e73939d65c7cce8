"""Files: read with a bound, written whole or not at all."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from mlspec.errors import InputError, LimitError, UnreadableError

MAX_BYTES: Final = 16 * 1024 * 1024
"""The longest file that is read at once: the longest payload of an envelope, in bytes."""

STANDARD: Final = "-"
"""The path that means standard input or output."""

StrPath = str | os.PathLike[str]


def read_bytes(path: StrPath, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return what a file, or standard input for "-", holds. Raises UnreadableError, LimitError."""
    source = name_of(path)
    try:
        if os.fspath(path) == STANDARD:
            data = sys.stdin.buffer.read(max_bytes + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        raise unreadable(error, source) from error
    if len(data) > max_bytes:
        raise LimitError(f"must be at most {max_bytes} bytes", error_id="limit.size", source=source)
    return data


def write_bytes(data: bytes, path: StrPath, *, overwrite: bool = False, mode: int = 0o644) -> None:
    """Write a file, or standard output for "-", so that no one ever sees half of it.

    The bytes are on disk when this returns. Without `overwrite` an existing file is left alone
    and an InputError is raised. Raises UnreadableError, leaving nothing behind.
    """
    if os.fspath(path) == STANDARD:
        _write_standard(data)
        return
    target = Path(path)
    draft = target.with_name(f".{target.name[:64]}.{os.urandom(8).hex()}.draft")
    try:
        _write_new(draft, data, mode)
        try:
            if overwrite:
                draft.replace(target)
            else:
                os.link(draft, target)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
        sync_folder(target.parent)
    except FileExistsError:
        raise InputError(
            "must not exist yet",
            error_id="file.exists",
            source=str(target),
            remedy="Name another file, or move this one away.",
        ) from None
    except (OSError, ValueError) as error:
        raise unwritable(error, str(target)) from error


def sync_folder(folder: Path) -> None:
    """Make names that came or went in a folder last; not every system can open one for that."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def name_of(path: StrPath) -> str:
    """Return how errors name `path`."""
    return "standard input" if os.fspath(path) == STANDARD else os.fspath(path)


def unreadable(error: Exception, source: str) -> UnreadableError:
    """Make the error for a file that cannot be read."""
    return UnreadableError(
        f"must be readable ({_reason(error)})",
        source=source,
        remedy="Check the path and its permissions.",
    )


def unwritable(error: Exception, source: str) -> UnreadableError:
    """Make the error for a file that cannot be written."""
    return UnreadableError(
        f"must be writable ({_reason(error)})",
        error_id="file.unwritable",
        source=source,
        remedy="Check the folder, its permissions and the free space.",
    )


def _reason(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise


def _write_standard(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except (OSError, ValueError) as error:
        raise unwritable(error, "standard output") from error
