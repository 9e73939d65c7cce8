"""Handing entries to the queue, and waiting for them as the log's terms ask."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from mlspec import v1
from mlspec.errors import MLSpecError
from mlspec.requestlog.requests.items import Announced, Item, Learned
from mlspec.requestlog.requests.logged import LoggedRequest
from mlspec.requestlog.requests.queueing import EntryQueue
from mlspec.requestlog.requests.terms import Terms
from mlspec.requestlog.requests.tickets import TOO_LATE, AsyncTicket, Ticket, too_late

_POLL: Final = 0.002


class Handing:
    """Hands entries on under some terms. For all threads and event loops."""

    def __init__(self, queue: EntryQueue[Item], terms: Terms) -> None:
        self._queue, self._terms = queue, terms
        # Tasks are only weakly referred to by their loop.
        self._waiting: set[asyncio.Future[None]] = set()

    def request(self, request: LoggedRequest) -> None:
        """Hand on a request that is over; wait if an answer waits.

        Raises StoreError (`log.wait`), StateError, and what the writing thread gave up with.
        """
        if not self._terms.waits:
            self.unawaited(request)
            return
        request.ticket = ticket = Ticket()
        if self.unawaited(request):
            ticket.wait(self._terms.max_wait)

    async def request_async(self, request: LoggedRequest) -> None:
        """Do the same without holding up the event loop. Raises the same.

        A request that is cancelled meanwhile is logged all the same.
        """
        request.ticket = ticket = AsyncTicket() if self._terms.waits else None
        if not self._try(request):
            if self._terms.drops:
                self._queue.drop(v1.ENTRY_DROP_REASON_QUEUE_FULL)
                return
            waiting = asyncio.ensure_future(self._put_later(request))
            self._waiting.add(waiting)
            waiting.add_done_callback(self._waiting.discard)
            await asyncio.shield(waiting)
        if ticket is not None:
            await ticket.wait_async(self._terms.max_wait)

    def unawaited(self, request: LoggedRequest) -> bool:
        """Hand on a request, and do not wait for the disk; return whether there was room."""
        if self._terms.drops:
            if self._try(request):
                return True
            self._queue.drop(v1.ENTRY_DROP_REASON_QUEUE_FULL)
            return False
        try:
            self._queue.put(request, self._terms.max_wait)
        except MLSpecError as error:
            self._lost(error)
            raise
        return True

    def required(self, item: Announced | Learned) -> None:
        """Hand on what must not be dropped, and return once it is on disk."""
        self._queue.put(item, self._terms.max_wait)
        self._queue.hurry()
        item.ticket.wait(None)

    def _try(self, request: LoggedRequest) -> bool:
        try:
            return self._queue.try_put(request)
        except MLSpecError as error:
            self._lost(error)
            raise

    async def _put_later(self, request: LoggedRequest) -> None:
        most = self._terms.max_wait
        deadline = None if most is None else time.monotonic() + most
        try:
            while not self._queue.try_put(request):
                if deadline is not None and time.monotonic() > deadline:
                    raise too_late(most)
                await asyncio.sleep(_POLL)
        except asyncio.CancelledError:
            self._queue.drop(v1.ENTRY_DROP_REASON_QUEUE_FULL)  # the loop itself ends
            raise
        except MLSpecError as error:
            self._lost(error)
            raise

    def _lost(self, error: MLSpecError) -> None:
        """Count an entry that was never taken, because the queue had no room in time or is shut."""
        full = error.id == TOO_LATE
        reason = v1.ENTRY_DROP_REASON_QUEUE_FULL if full else v1.ENTRY_DROP_REASON_WRITE_FAILED
        self._queue.drop(reason)
