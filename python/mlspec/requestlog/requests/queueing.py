"""The bounded queue before a log: what is full waits, or is dropped and counted."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from mlspec.errors import MLSpecError, StateError
from mlspec.requestlog.requests.tickets import too_late

T = TypeVar("T")

# Longer turns would make fewer commits, and longer stretches in which others wait for Python.
_MAX_TURN: Final = 0.25


@dataclass(slots=True)
class Drops:
    """Entries that were lost for one reason.

    Attributes:
        count: How many.
        first_ns: When the first was, in nanoseconds since 1970.
        last_ns: When the last was.
    """

    count: int = 0
    first_ns: int = 0
    last_ns: int = 0

    def add(self, at_ns: int) -> None:
        """Count one more."""
        self.first_ns = self.first_ns or at_ns
        self.last_ns = max(self.last_ns, at_ns)
        self.count += 1


@dataclass(slots=True)
class Turn(Generic[T]):
    """What the writing thread takes at once.

    Attributes:
        items: In the order in which they came.
        drops: What was dropped since the last turn, by reason.
        closing: Whether no more will come.
        pressing: Whether the queue is at least half full.
    """

    items: list[T]
    drops: dict[int, Drops] = field(default_factory=dict)
    closing: bool = False
    pressing: bool = False


class EntryQueue(Generic[T]):
    """Entries on their way to the log, from the moment they are taken until they are on disk.

    All of them count against the capacity, those included that are being written: so it bounds
    both memory and what a crash can lose.
    """

    def __init__(self, capacity: int, *, window: float | None = None) -> None:
        """Make a queue.

        Args:
            capacity: How many entries may be on their way.
            window: How many seconds the oldest may take to the disk before no more are taken,
                and of which a part is spent on gathering. None: as long as it takes, and none is.
        """
        self._capacity = capacity
        self._window = window
        self._gather = 0.0 if window is None else min(window / 4, _MAX_TURN)
        self._hurry = max(1, capacity // 2)
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._wake = threading.Event()
        self._items: list[T] = []
        self._drops: dict[int, Drops] = {}
        self._waiting = 0
        self._oldest = self._taken = 0.0
        self._asleep = self._urgent = self._closing = self._refuses = False
        self._broken: MLSpecError | None = None
        self.accepted = 0
        self.settled = 0
        self.dropped: dict[int, int] = {}

    def try_put(self, item: T) -> bool:
        """Take an entry if there is room. Raises StateError after closing, or why it broke."""
        with self._lock:
            if self._refuses:
                raise self._refusal()
            if self._is_full():
                return False
            self._put(item)
        return True

    def put(self, item: T, seconds: float | None = None) -> None:
        """Take an entry, waiting for room.

        Raises StoreError (`log.wait`) if there is none in time, and what `try_put` raises.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._lock:
            while not self._refuses and self._is_full():
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise too_late(seconds)
                self._waiting += 1
                self._room.wait(left)
                self._waiting -= 1
            if self._refuses:
                raise self._refusal()
            self._put(item)

    def drop(self, reason: int) -> None:
        """Count an entry that is lost."""
        now = time.time_ns()
        with self._lock:
            self._drops.setdefault(reason, Drops()).add(now)
            self.dropped[reason] = self.dropped.get(reason, 0) + 1
            if self._asleep:
                self._rouse()

    def hurry(self) -> None:
        """Have the next turn begin at once."""
        with self._lock:
            self._urgent = True
            self._rouse()

    def flush(self) -> None:
        """Return once all that was taken so far is on disk. Raises why it broke."""
        with self._lock:
            target = self.accepted
            self._urgent = True
            self._rouse()
            while self.settled < target and self._broken is None:
                self._waiting += 1
                self._room.wait()
                self._waiting -= 1
            if self._broken is not None:
                raise self._broken

    def close(self) -> None:
        """Take no more entries; whoever waits for room is refused."""
        with self._lock:
            self._closing = self._urgent = self._refuses = True
            self._room.notify_all()
            self._rouse()

    def break_off(self, error: MLSpecError) -> None:
        """Refuse all further entries with this error: nothing can be written any more."""
        with self._lock:
            self._broken, self._refuses = error, True
            self._room.notify_all()

    def take(self) -> Turn[T]:
        """Return what came since the last turn; wait until there is something."""
        self._wake.clear()
        with self._lock:
            self._asleep = not (self._items or self._drops or self._closing)
            asleep, gather = self._asleep, self._gather and not self._urgent
        if asleep:
            self._wake.wait()
            self._wake.clear()
            with self._lock:
                gather = self._gather and not self._urgent
        if gather and len(self._items) < self._hurry:
            self._wake.wait(self._gather)
        with self._lock:
            pressing = len(self._items) >= self._hurry
            turn = Turn(self._items, self._drops, self._closing, pressing)
            self._items, self._drops = [], {}
            self._asleep = False
            self._urgent = self._closing
            self._taken = time.monotonic()
        return turn

    def rest(self) -> list[T]:
        """Return what no turn took, without waiting."""
        with self._lock:
            items, self._items = self._items, []
        return items

    def settle(self, count: int) -> None:
        """Make room: so many entries of the last turn are on disk, or lost for good."""
        with self._lock:
            self.settled += count
            # What is still waiting came after that turn was taken.
            self._oldest = self._taken
            if self._waiting:
                self._room.notify_all()

    def _put(self, item: T) -> None:
        if self.accepted == self.settled:
            self._oldest = time.monotonic()
        self.accepted += 1
        self._items.append(item)
        if self._asleep or len(self._items) == self._hurry:
            self._rouse()

    def _rouse(self) -> None:
        self._asleep = False
        self._wake.set()

    def _is_full(self) -> bool:
        on_their_way = self.accepted - self.settled
        if on_their_way >= self._capacity:
            return True
        if self._window is None or not on_their_way:
            return False
        return time.monotonic() - self._oldest > self._window

    def _refusal(self) -> MLSpecError:
        return self._broken or StateError(
            "must be open (the request log was closed)",
            error_id="log.closed",
            remedy="Stop serving before the log is closed.",
        )
