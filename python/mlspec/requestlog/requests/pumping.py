"""The thread that writes a request log: it takes turns of the queue, and commits each at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from mlspec import v1
from mlspec.errors import (
    LimitError,
    MLSpecError,
    SigningError,
    StoreLockedError,
    StoreUnwritableError,
)
from mlspec.requestlog.disk import LogWriter, side_lock
from mlspec.requestlog.requests.entering import Entering
from mlspec.requestlog.requests.items import Item, order
from mlspec.requestlog.requests.queueing import EntryQueue, Turn
from mlspec.requestlog.requests.side_records import SideRecords
from mlspec.requestlog.requests.text_lines import TextLines
from mlspec.requestlog.requests.tickets import settle

# What can pass by itself: a full disk, a key service that does not answer.
_PASSING: Final = (StoreUnwritableError, StoreLockedError, SigningError)
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 1.0
_STRETCH: Final = 2
_LINES: Final = 512

Act = Callable[[], object]


class Pump:
    """Writes what a queue brings until that closes.

    Attributes:
        faults: How often the disk or the signer refused, and was tried again.
        text_faults: How often lines of text could not be written.
        error: Why it gave up. None: it did not.
    """

    def __init__(
        self, writer: LogWriter, queue: EntryQueue[Item], *, text_bytes: int, patience: float
    ) -> None:
        """Take writer and queue, and begin.

        Args:
            writer: The log's writer.
            queue: What is to be written.
            text_bytes: How long a file of lines grows before it is rotated. 0: no lines.
            patience: Seconds that closing goes on trying when the disk refuses.
        """
        self.faults = self.text_faults = 0
        self.error: MLSpecError | None = None
        self._writer, self._queue = writer, queue
        self._text_bytes, self._patience = text_bytes, patience
        self._entering = Entering(writer, text=text_bytes > 0)
        folder = Path(writer.folder.root)
        self._folder, self._lines, self._records = folder, TextLines(folder), SideRecords(folder)
        self._last_try: float | None = None
        self._thread = threading.Thread(target=self._run, name="mlspec request log", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait until all is written. Raises what it gave up with."""
        self._thread.join()
        if self.error is not None:
            raise self.error

    def give_up_after(self) -> None:
        """Begin to run out of patience: whoever closes does not wait for ever."""
        self._last_try = time.monotonic() + self._patience

    def _run(self) -> None:
        closing = False
        while not closing:
            turn = self._queue.take()
            closing = turn.closing
            try:
                self._write(turn)
            except MLSpecError as error:
                self._break_off(turn.items, error)
                return
            except Exception as error:  # noqa: BLE001 - a thread that dies in silence loses entries
                words = f"must not fail ({type(error).__name__}: {error})"
                self._break_off(turn.items, MLSpecError(words, error_id="log.pump"))
                return

    def _write(self, turn: Turn[Item]) -> None:
        items, drops = turn.items, turn.drops
        for reason, lost in drops.items():
            self._insist(partial(self._entering.dropped, reason, lost))
        items.sort(key=order)
        for at, item in enumerate(items):
            self._enter(item)
            if not at % _STRETCH and not turn.pressing:
                time.sleep(0)  # lets threads that answer requests have their turn
        self._insist(self._entering.restore)
        if items or drops:
            self._insist(self._writer.commit)
            self._queue.settle(len(items))
            settle(item.ticket for item in items if item.ticket is not None)
        self._write_lines()

    def _enter(self, item: Item) -> None:
        try:
            try:
                self._entering.enter(item)
            except _PASSING:
                self._insist(partial(self._entering.enter, item))
        except LimitError as error:
            self._lose(item, v1.ENTRY_DROP_REASON_TOO_LARGE, error)
        except _PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - one entry that cannot be made loses no other
            words = f"must be an entry that can be made ({type(error).__name__}: {error})"
            made = MLSpecError(words, error_id="log.entry.encoding")
            self._lose(item, v1.ENTRY_DROP_REASON_ENCODING_FAILED, made)

    def _lose(self, item: Item, reason: int, error: MLSpecError) -> None:
        self._queue.drop(reason)
        if item.ticket is not None:
            item.ticket.error = error

    def _insist(self, act: Act) -> None:
        """Do something that a full disk can refuse, until it does not."""
        pause = _FIRST_PAUSE
        while True:
            try:
                act()
                return
            except _PASSING:
                self.faults += 1
                if self._last_try is not None and time.monotonic() > self._last_try:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _write_lines(self) -> None:
        lines, self._entering.lines = self._entering.lines, []
        if not lines:
            return
        try:
            with side_lock(str(self._folder)):
                # Whoever was erased since the commit must not come back as a line.
                erased = self._records.noted()
                for at in range(0, len(lines), _LINES):
                    some = lines[at : at + _LINES]
                    self._lines.append([line for index, line in some if index not in erased])
                if self._lines.size() > self._text_bytes:
                    self._lines.rotate()
        except MLSpecError:
            self.text_faults += 1  # a view: it is mended from the log when that is opened next

    def _break_off(self, items: list[Item], error: MLSpecError) -> None:
        self.error = error
        self._queue.break_off(error)
        left = [*items, *self._queue.rest()]
        for _ in left:
            self._queue.drop(v1.ENTRY_DROP_REASON_WRITE_FAILED)
        settle((item.ticket for item in left if item.ticket is not None), error)
        self._queue.settle(len(left))
