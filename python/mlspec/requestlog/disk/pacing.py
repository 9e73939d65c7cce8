"""Commits in the background, so that a crash loses no more than a log declares."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from mlspec.errors import MLSpecError

_SHARE: Final = 0.5
_LEAST_SECONDS: Final = 0.001


class Pacer:
    """A thread that commits when half of the loss window has passed: the disk needs the rest."""

    def __init__(self, commit: Callable[[], object], seconds: float) -> None:
        """Start the thread. `commit` makes all durable that was appended; it may fail."""
        self._commit = commit
        self._pause = max(seconds * _SHARE, _LEAST_SECONDS)
        self._wanted = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mlspec-log-commits", daemon=True)
        self._thread.start()

    def want(self) -> None:
        """Say that something waits to be committed."""
        if not self._wanted.is_set():
            self._wanted.set()

    def close(self) -> None:
        """End the thread, and wait for a commit that it is at."""
        self._ended.set()
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            if self._ended.wait(self._pause):
                return
            self._wanted.clear()
            try:
                self._commit()
            except MLSpecError:
                # Appending meets the same failure, and raises it, before the window is exceeded.
                self._wanted.set()
