"""A lock between processes that dies with its holder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mlspec.errors import StoreError, StoreLockedError, StoreUnwritableError

_WAIT_SECONDS: Final = 0.005


@contextmanager
def locked(path: Path, timeout: float, place: str) -> Iterator[None]:
    """Hold the lock file `path` for the block, waiting `timeout` seconds at most.

    Raises StoreLockedError, StoreUnwritableError, StoreError where the system has no such locks.
    """
    try:
        import fcntl
    except ImportError:
        raise StoreError(
            "must be on a system with POSIX locks",
            source=place,
            remedy="Use an SQLite store: it works everywhere.",
        ) from None
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreUnwritableError(
            f"must be writable ({error.strerror}); nothing was written",
            source=place,
            remedy="Check the permissions of the store.",
        ) from error
    try:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise StoreLockedError(
                        "must be free to write (another process holds it)",
                        source=place,
                        remedy="Wait for the other writer and try again, or give a longer timeout.",
                    ) from None
                time.sleep(_WAIT_SECONDS)
        yield
    finally:
        os.close(descriptor)
