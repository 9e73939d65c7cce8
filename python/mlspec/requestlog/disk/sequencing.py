"""One order of entries for many threads, and commits that they share."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mlspec import v1
from mlspec.errors import StateError, StoreLockedError
from mlspec.requestlog.checkpoints import VerifiedCheckpoint
from mlspec.requestlog.disk.committing import Committer
from mlspec.requestlog.disk.durability import MOST_BYTES, Window
from mlspec.requestlog.disk.lock import WriterLock
from mlspec.requestlog.disk.pacing import Pacer
from mlspec.requestlog.disk.pending import Appended, Pending


class Sequencer:
    """Gives entries their places, and makes them durable. `LogWriter` is its front.

    There is a lock for taking entries, held for microseconds, and turns at the disk. Whoever waits
    for a turn finds, more often than not, that another thread has committed its entries too.
    """

    def __init__(
        self, lock: WriterLock, committer: Committer, pending: Pending, window: Window, place: str
    ) -> None:
        self._lock = lock
        self._committer = committer
        self._pending = pending
        self._window = window
        self._place = place
        self._appending = threading.Lock()
        self._disk = threading.Condition()
        self._busy = False
        self._open = True
        timed = 0 < window.seconds < math.inf
        self._pacer = Pacer(self.commit, window.seconds) if timed else None

    @property
    def size(self) -> int:
        """How many entries the log has, those included that are not committed yet."""
        return self._pending.growth.size

    @property
    def checkpoint(self) -> VerifiedCheckpoint:
        """The last checkpoint that is in its place."""
        return self._committer.checkpoint

    @property
    def is_open(self) -> bool:
        """Whether entries are taken."""
        return self._open

    def add(
        self, event: bytes, side: v1.SideRecord | None = None, nonce: bytes | None = None
    ) -> Appended:
        """Take an encoded event, committing first if too much waits."""
        self._require_open()
        while True:
            with self._appending:
                # Looked at under the lock, or several threads would take the last place each.
                if not self._is_full():
                    appended = self._pending.add(event, side, nonce)
                    break
            self.commit()
        if self._pacer is not None:
            self._pacer.want()
        elif not self._window.seconds:
            self.commit()
        return appended

    def commit(self) -> VerifiedCheckpoint:
        """Make all durable that was taken before; see `LogWriter.commit`."""
        target = self.size
        if self._take_turn(target):
            try:
                if self._pending.growth.committed < target:
                    self._commit()
                if not self._committer.settled:
                    self._committer.settle()
            finally:
                self._end_turn()
        return self.checkpoint

    @contextmanager
    def still(self) -> Iterator[None]:
        """Hold the disk for the block: nothing is committed meanwhile.

        Raises StoreLockedError if another thread's commit takes longer than may be waited.
        """
        self._take_turn(None)
        try:
            yield
        finally:
            self._end_turn()

    def abandon(self) -> None:
        """Let go of the log without a commit."""
        self._open = False
        if not self._lock.is_held:
            return
        if self._pacer is not None:
            self._pacer.close()
        with self._disk:
            # Not while another thread still writes: the next writer would meet it.
            self._disk.wait_for(lambda: not self._busy)
            self._lock.release()

    def _take_turn(self, target: int | None) -> bool:
        """Wait for the disk. False: other threads made the first `target` leaves durable."""
        self._require_open()
        wait = self._window.wait_seconds
        with self._disk:
            free = self._disk.wait_for(
                lambda: not self._busy or self._has(target), None if wait == math.inf else wait
            )
            if not free:
                raise StoreLockedError(
                    f"must be committed within {wait} seconds (another commit still runs)",
                    error_id="log.wait",
                    source=self._place,
                    remedy="The entry may still become durable; the disk or the signer is slow.",
                )
            if self._has(target):
                return False
            self._require_open()
            self._busy = True
            return True

    def _end_turn(self) -> None:
        with self._disk:
            self._busy = False
            self._disk.notify_all()

    def _has(self, target: int | None) -> bool:
        committed = self._pending.growth.committed
        return target is not None and committed >= target and self._committer.settled

    def _commit(self) -> None:
        if not self._committer.settled:
            self._committer.settle()
        self._lock.require_held()
        with self._appending:
            batch = self._pending.batch()
        self._committer.write_sides(batch)
        with self._appending:
            self._pending.wrote_sides(batch.grown.size)
        self._committer.write(batch)
        with self._appending:
            self._pending.commit(batch.grown.size)

    def _is_full(self) -> bool:
        pending, window = self._pending, self._window
        growth = pending.growth
        waiting = growth.size - growth.committed
        if waiting >= window.entries or pending.bytes >= MOST_BYTES:
            return True
        # Without a pacer there is no time to keep, and no clock to read for every entry.
        if self._pacer is None or not waiting:
            return False
        return time.monotonic() - pending.oldest > window.seconds

    def _require_open(self) -> None:
        if not self._open:
            raise StateError(
                "must be open (the writer was closed)",
                error_id="log.closed",
                source=self._place,
                remedy="Open the log anew.",
            )
        if not self._lock.is_held:
            # A forked child: it has copies of locks that nobody in it will ever let go.
            self._lock.require_held()
