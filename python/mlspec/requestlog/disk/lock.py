"""The lock of a log's one writer, which dies with it."""

from __future__ import annotations

import os
import socket
from typing import Final
from weakref import WeakSet

from mlspec.errors import StoreError, StoreLockedError, StoreUnwritableError

_MAX_HOLDER: Final = 256
_HELD: WeakSet[WriterLock] = WeakSet()


class WriterLock:
    """Held from its making until `release`, by this process alone.

    A forked child does not inherit it: the child could go on writing where its parent does.
    """

    def __init__(self, path: str) -> None:
        """Take the lock file. Raises StoreLockedError, StoreUnwritableError, StoreError."""
        try:
            import fcntl
        except ImportError:
            raise StoreError(
                "must be on a system with POSIX locks",
                error_id="log.locks",
                source=path,
                remedy="Write the log on Linux or another POSIX system; it can be read anywhere.",
            ) from None
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor: int | None = os.open(path, flags, 0o644)
        except OSError as error:
            raise StoreUnwritableError(
                f"must be writable ({error.strerror}); nothing was written",
                error_id="log.unwritable",
                source=path,
                remedy="Check the folder and its permissions; symbolic links are not followed.",
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(self._descriptor)
            self.release()
            raise StoreLockedError(
                f"must have no other writer (held by {holder})",
                error_id="log.locked",
                source=path,
                remedy="One writer for each origin: stop the other, or delegate an origin to each.",
            ) from error
        self._path = path
        _name_holder(self._descriptor)
        _HELD.add(self)

    @property
    def is_held(self) -> bool:
        """Whether this process took the lock, and has not let go of it."""
        return self._descriptor is not None

    def require_held(self) -> None:
        """Raise StoreLockedError unless this process still is the one writer."""
        try:
            named = self._descriptor is not None and os.stat(self._path, follow_symlinks=False)
            held = named and os.path.samestat(named, os.fstat(self._descriptor or 0))
        except OSError:
            held = False
        if not held:
            raise StoreLockedError(
                "must still be held by this writer (it was closed, forked, or the file removed)",
                error_id="log.lock.lost",
                source=self._path,
                remedy="Open the log anew, in one process; never remove its lock file.",
            )

    def release(self) -> None:
        """Let go. Doing so twice does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _holder(descriptor: int) -> str:
    # Whatever stands there is only shown, so it is made harmless and short.
    text = os.pread(descriptor, _MAX_HOLDER, 0).decode("ascii", "replace").strip()
    return ascii(text)[1:-1] or "a process that does not say which"


def _name_holder(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)


def _forked() -> None:
    for lock in tuple(_HELD):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
