"""Waiting for an entry to be on disk: threads by a lock, coroutines by a future of their loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from mlspec.errors import MLSpecError, StoreError

TOO_LATE: Final = "log.wait"
"""The id of the error for an entry that is not on disk in time."""


class Ticket:
    """What a thread waits on for one entry. It is settled once, by the thread that writes."""

    __slots__ = ("_done", "error")

    def __init__(self) -> None:
        self.error: MLSpecError | None = None
        self._done = threading.Lock()
        self._done.acquire()

    def settle(self) -> None:
        """Let go of whoever waits."""
        self._done.release()

    def wait(self, seconds: float | None) -> None:
        """Return once the entry is on disk.

        Raises StoreError (`log.wait`) when it takes too long, and the error that it failed with.
        """
        if not self._done.acquire(timeout=-1 if seconds is None else seconds):
            raise too_late(seconds)
        self._done.release()
        if self.error is not None:
            raise self.error


class AsyncTicket(Ticket):
    """What a coroutine waits on."""

    __slots__ = ("_future", "loop")

    def __init__(self) -> None:
        self.error = None
        self.loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self.loop.create_future()

    def settle(self) -> None:
        """Let go of whoever waits; in the thread of its loop."""
        if not self._future.done():
            self._future.set_result(None)

    async def wait_async(self, seconds: float | None) -> None:
        """Return once the entry is on disk. Raises as `wait` does."""
        try:
            await asyncio.wait_for(self._future, seconds)
        except TimeoutError:
            raise too_late(seconds) from None
        if self.error is not None:
            raise self.error


def settle(tickets: Iterable[Ticket], error: MLSpecError | None = None) -> None:
    """Settle tickets of one commit, those of one loop in one call of it."""
    loops: dict[asyncio.AbstractEventLoop, list[AsyncTicket]] = {}
    for ticket in tickets:
        ticket.error = ticket.error or error
        if isinstance(ticket, AsyncTicket):
            loops.setdefault(ticket.loop, []).append(ticket)
        else:
            ticket.settle()
    for loop, waiting in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_settle_all, waiting)


def too_late(seconds: float | None) -> StoreError:
    """Make the error for an entry that is not on disk in time."""
    return StoreError(
        f"must be on disk within {seconds} seconds (the disk or the signer is slow)",
        error_id=TOO_LATE,
        remedy="The request failed; its entry may still be written. Free the disk, or allow more "
        "time in the log's durability.",
    )


def _settle_all(tickets: list[AsyncTicket]) -> None:
    for ticket in tickets:
        ticket.settle()
