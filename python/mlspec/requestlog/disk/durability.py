"""What a durability mode asks of a writer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Self

from mlspec import v1

MOST_ENTRIES: Final = 32_768
"""The most entries that wait for one commit, whatever the mode: memory is bounded."""

MOST_BYTES: Final = 32 * 1024 * 1024
"""The most bytes of entries and side records that wait for one commit."""


@dataclass(frozen=True, slots=True)
class Window:
    """How much may wait in memory before appending commits by itself.

    Attributes:
        entries: So many entries.
        seconds: And none for longer than this; infinite if callers commit.
        wait_seconds: How long a commit may wait for another thread's; infinite if for ever.
    """

    entries: int = MOST_ENTRIES
    seconds: float = math.inf
    wait_seconds: float = math.inf

    @classmethod
    def of(cls, durability: v1.LogDurability) -> Self:
        """Return what a mode, which keeps the rules, asks."""
        if durability.HasField("buffered"):
            buffered = durability.buffered
            seconds = buffered.loss_window_duration.ToTimedelta().total_seconds()
            return cls(min(MOST_ENTRIES, buffered.loss_window_entry_count), seconds)
        if durability.checkpointed.HasField("max_wait_duration"):
            wait = durability.checkpointed.max_wait_duration.ToTimedelta().total_seconds()
            return cls(wait_seconds=wait)
        return cls()
