"""What durability and queue, as the log declares them, ask of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mlspec import v1
from mlspec.validation import validate


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms under which requests are logged.

    Attributes:
        capacity: How many entries may be on their way to the disk.
        drops: Whether more than those are dropped; else they wait.
        waits: Whether a request waits until it is on disk.
        max_wait: How many seconds at most. None: as long as it takes.
        window: How many seconds an entry may take to the disk. None: it is not said.
    """

    capacity: int
    drops: bool
    waits: bool
    max_wait: float | None
    window: float | None

    @classmethod
    def of(cls, durability: v1.LogDurability, queue: v1.LogQueue) -> Self:
        """Return the terms of a durability and a queue. Raises ValidationError."""
        validate(durability)
        validate(queue)
        capacity, max_wait, window = queue.capacity_count, None, None
        if durability.HasField("buffered"):
            # A crash can lose what is on its way: no more may be than the log declares.
            capacity = min(capacity, durability.buffered.loss_window_entry_count)
            window = durability.buffered.loss_window_duration.ToTimedelta().total_seconds()
        elif durability.checkpointed.HasField("max_wait_duration"):
            max_wait = durability.checkpointed.max_wait_duration.ToTimedelta().total_seconds()
        return cls(
            capacity,
            queue.overflow == v1.LOG_OVERFLOW_DROP,
            durability.HasField("checkpointed"),
            max_wait,
            window,
        )
