"""The request log of a serving process: one for all its threads, middleware and interceptors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Self

from mlspec import v1
from mlspec.files import StrPath
from mlspec.requestlog.closing import Closing
from mlspec.requestlog.disk import LogWriter, side_lock
from mlspec.requestlog.requests.counting import counted
from mlspec.requestlog.requests.deployment import Deployment
from mlspec.requestlog.requests.handing import Handing
from mlspec.requestlog.requests.items import Announced, Item, Learned
from mlspec.requestlog.requests.learning import feedback_of
from mlspec.requestlog.requests.logged import LoggedRequest
from mlspec.requestlog.requests.mending import mend_lines
from mlspec.requestlog.requests.pumping import Pump
from mlspec.requestlog.requests.queueing import EntryQueue
from mlspec.requestlog.requests.terms import Terms
from mlspec.requestlog.requests.text_lines import TextLines
from mlspec.requestlog.requests.tickets import Ticket
from mlspec.sealing import Signer

DEFAULT_QUEUE: Final = v1.LogQueue(capacity_count=8192, overflow=v1.LOG_OVERFLOW_BLOCK)
DEFAULT_DURABILITY: Final = v1.LogDurability(checkpointed=v1.CheckpointedDurability())
TEXT_BYTES: Final = 64 * 1024 * 1024

_PATIENCE: Final = 10.0


class RequestLogger(Closing):
    """Logs every request, failed ones too, and loses none without counting it.

    Threads and event loops of one process share it; several processes have a log, and an origin,
    each. Entries wait in a bounded queue for the one thread that writes them. Under checkpointed
    durability logging a request returns once its entry is on disk and signed for, under buffered
    durability at once.
    """

    def __init__(
        self,
        writer: LogWriter,
        deployment: v1.DeploymentChange,
        *,
        durability: v1.LogDurability = DEFAULT_DURABILITY,
        queue: v1.LogQueue = DEFAULT_QUEUE,
        text_bytes: int = TEXT_BYTES,
        patience: float = _PATIENCE,
    ) -> None:
        """Take over a writer, and announce what answers. `open` opens the writer alike.

        Args:
            writer: The log, opened with this very durability and queue. `close` closes it.
            deployment: What answers from now on.
            durability: When a request counts as logged.
            queue: How many may wait, and what happens to more.
            text_bytes: How long `access.log` grows before it is rotated. 0: no lines of text.
            patience: Seconds that `close` goes on trying when the disk refuses.

        Raises:
            ValidationError: One of these breaks a rule.
            StoreError, SigningError, MLSpecError: The announcement could not be written.
        """
        self._terms = Terms.of(durability, queue)
        self._current = Deployment(deployment)
        self._writer = writer
        self._queue: EntryQueue[Item] = EntryQueue(self._terms.capacity, window=self._terms.window)
        self._pump = Pump(writer, self._queue, text_bytes=text_bytes, patience=patience)
        self._handing = Handing(self._queue, self._terms)
        self._skipped = 0
        self._closed = False
        try:
            self._announce(self._current)
        except BaseException:
            self._queue.close()  # the writing thread ends; whoever opened the writer closes it
            raise

    @classmethod
    def open(
        cls,
        folder: StrPath,
        *,
        origin: str,
        signer: Signer,
        deployment: v1.DeploymentChange,
        durability: v1.LogDurability = DEFAULT_DURABILITY,
        queue: v1.LogQueue = DEFAULT_QUEUE,
        text_bytes: int = TEXT_BYTES,
        patience: float = _PATIENCE,
        **opening: Any,
    ) -> Self:
        """Open a log's folder, or take it up where the last process left it, and log to it.

        Args:
            folder: The log's folder.
            origin: The log's name.
            signer: Signs its checkpoints.
            deployment: What answers from now on.
            durability: When a request counts as logged; it stands in the log.
            queue: How many may wait, and what happens to more; it stands in the log.
            text_bytes: As for the constructor.
            patience: As for the constructor.
            opening: What else `LogWriter.open` takes.

        Raises what `LogWriter.open` and the constructor raise.
        """
        writer = LogWriter.open(
            folder,
            origin=origin,
            signer=signer,
            kind=v1.LOG_KIND_REQUESTS,
            durability=durability,
            queue=queue,
            **opening,
        )
        try:
            if text_bytes:
                mend_lines(writer.folder, writer.size - 1)
            return cls(
                writer,
                deployment,
                durability=durability,
                queue=queue,
                text_bytes=text_bytes,
                patience=patience,
            )
        except BaseException:
            writer.close()
            raise

    @property
    def deployment(self) -> v1.DeploymentChange:
        """A copy of what answers requests that begin now."""
        made = v1.DeploymentChange()
        made.CopyFrom(self._current.change)
        return made

    @property
    def waits(self) -> bool:
        """Whether an answer waits until its entry is on disk."""
        return self._terms.waits

    def begin(self, request_id: str | None = None) -> LoggedRequest:
        """Begin a request: its time counts from here. Hand it to `log` or `log_async`.

        Raises StateError if no model answers any more, UsageError for an id that cannot be one.
        """
        return LoggedRequest(self._current, request_id)

    @contextmanager
    def request(self, request_id: str | None = None) -> Iterator[LoggedRequest]:
        """Log what the block answers, and how it failed if it raises. Raises what `log` raises."""
        request = self.begin(request_id)
        try:
            yield request
        except BaseException as error:
            request.failed_with(error)
            self.log(request)
            raise
        self.log(request)

    def log(self, request: LoggedRequest) -> None:
        """Log a request that is over, and wait as long as the durability asks.

        Raises:
            StoreError: It is not on disk in time (`log.wait`): the request must fail.
            StateError: The log was closed.
            MLSpecError: What the writing thread gave up with.
        """
        request.finish()
        self._handing.request(request)

    async def log_async(self, request: LoggedRequest) -> None:
        """Do what `log` does, without holding up the event loop. Raises the same."""
        request.finish()
        await self._handing.request_async(request)

    def hand_over(self, request: LoggedRequest) -> None:
        """Log a request that nobody waits for, because its client is gone. Raises as `log` does."""
        request.finish()
        self._handing.unawaited(request)

    def announce(self, change: v1.DeploymentChange) -> None:
        """Log a change of deployment, and return once it is on disk.

        Requests that begin from now on name it. Those that began before go on naming the one
        before: where such a request ends after the change was written, the log returns to the old
        deployment for that leaf.

        Raises ValidationError, and what `log` raises.
        """
        self._announce(Deployment(change, self._current.number + 1))

    def feedback(
        self, request_id: str, *, detail: v1.RequestDetail | None = None, **facts: Any
    ) -> None:
        """Log what became known about an earlier answer, and return once it is on disk.

        Args:
            request_id: The server's id of that request.
            detail: What names a person, such as a comment in words.
            facts: Fields of `InferenceFeedback`: source, usefulness_rate, actions_taken,
                ground_truth, human_override.

        Raises ValidationError, UsageError, and what `log` raises.
        """
        made = feedback_of(request_id, detail, facts)
        self._handing.required(Learned(made, detail, self._current, Ticket()))

    def flush(self) -> None:
        """Return once all that was logged so far is on disk. Raises as `log` does."""
        self._queue.flush()

    def prune(self, before: int) -> int:
        """Remove what expired: the requests before leaf `before`, in whole bundles.

        Leaves go as `LogWriter.prune` says, and with them their side records and lines of text.
        Return the first leaf that stays. Raises what `LogWriter.prune` and `TextLines.prune` raise.
        """
        first = self._writer.prune(before)
        with side_lock(self._writer.folder.root):
            TextLines(self._writer.folder.root).prune(first)
        return first

    def counters(self) -> Mapping[str, int]:
        """Return what was counted since the opening: what `counted` says, and `skipped`."""
        return {**counted(self._queue, self._pump), "skipped": self._skipped}

    def skip(self) -> None:
        """Count a request that is not logged, because its path was to be skipped."""
        self._skipped += 1

    def close(self) -> None:
        """Write all that was taken, commit, and let go of the log. Closing twice does nothing.

        Raises what the writing thread gave up with, after `patience`.
        """
        if self._closed:
            return
        self._closed = True
        self._pump.give_up_after()
        self._queue.close()
        try:
            self._pump.join()
        finally:
            self._writer.close()

    def _announce(self, deployment: Deployment) -> None:
        # Taken up first: what begins from here on must not be logged under the one before.
        self._current = deployment
        self._handing.required(Announced(deployment, Ticket()))
