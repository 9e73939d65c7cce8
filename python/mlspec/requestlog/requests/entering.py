"""Making log entries of what the queue brings, in the order that the log must have."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Final

from mlspec import v1
from mlspec.requestlog.disk import LogWriter
from mlspec.requestlog.requests.building import content_of, event_of, line_of
from mlspec.requestlog.requests.deployment import Deployment
from mlspec.requestlog.requests.items import Announced, Item
from mlspec.requestlog.requests.logged import LoggedRequest
from mlspec.requestlog.requests.queueing import Drops
from mlspec.requestlog.requests.side import SALT_SIZE, binding, checked_content

_AT_ONCE: Final = 256
_LATE: Final = "a request that began before the change was answered after it"


class Entering:
    """Appends to a log's writer. For the one thread that does.

    Attributes:
        lines: The text lines of what was appended, each with its leaf, until they are taken.
    """

    def __init__(self, writer: LogWriter, *, text: bool) -> None:
        """Take the writer; with `text`, a line is made of each request."""
        self.lines: list[tuple[int, bytes]] = []
        self._writer = writer
        self._text = text
        self._salts = _salts()
        self._in_force: Deployment | None = None
        self._newest: Deployment | None = None

    def enter(self, item: Item) -> None:
        """Append what an item stands for. Raises what appending raises; then nothing was."""
        if isinstance(item, LoggedRequest):
            self._request(item)
        elif isinstance(item, Announced):
            self._announce(item.deployment, item.deployment.change)
            self._newest = item.deployment
        elif item.detail is None:
            self._writer.append_event(v1.LogEntry(feedback=item.feedback).SerializeToString())
        else:
            side = self._side(item.detail.SerializeToString())
            item.feedback.side_hmac_sha256 = binding(side.salt, side.content)
            event = v1.LogEntry(feedback=item.feedback).SerializeToString()
            self._writer.append_event(event, side=side)

    def dropped(self, reason: int, drops: Drops) -> None:
        """Append how many entries were lost. Raises what appending raises."""
        dropped = v1.DroppedEntries(dropped_count=drops.count)
        dropped.reason = reason  # type: ignore[assignment]
        dropped.first_drop_time.FromNanoseconds(drops.first_ns)
        dropped.last_drop_time.FromNanoseconds(drops.last_ns)
        self._writer.append_event(v1.LogEntry(dropped=dropped).SerializeToString())

    def restore(self) -> None:
        """Let the newest deployment be in force again, after requests of an older one."""
        if self._newest is not None and self._newest is not self._in_force:
            self._return_to(self._newest)

    def _request(self, request: LoggedRequest) -> None:
        if request.deployment is not self._in_force:
            self._return_to(request.deployment)
        content = content_of(request)
        side = None
        if content:
            side = self._side(checked_content(content), request.salt)
            event = event_of(request, binding(side.salt, content))
        else:
            event = event_of(request, None)
        taken = self._writer.append_event(event, side=side)
        if self._text:
            made = line_of(request, taken.index, taken.leaf_hash)
            self.lines.append((taken.index, made))

    def _side(self, content: bytes, salt: bytes | None = None) -> v1.SideRecord:
        return v1.SideRecord(salt=salt or next(self._salts), content=content)

    def _announce(self, deployment: Deployment, change: v1.DeploymentChange) -> None:
        if self._in_force is not None and not change.HasField("previous_deployment"):
            change.previous_deployment.CopyFrom(self._in_force.change.deployment)
        self._writer.append_event(v1.LogEntry(deployment_change=change).SerializeToString())
        self._in_force = deployment

    def _return_to(self, deployment: Deployment) -> None:
        """Say in the log that another deployment answers the next request: the leaf before decides.

        Only where a request was still being answered when the change was written.
        """
        change = v1.DeploymentChange()
        change.CopyFrom(deployment.change)
        change.ClearField("previous_deployment")
        change.change_time.FromNanoseconds(time.time_ns())
        if deployment.served is not None:
            change.kind = v1.DEPLOYMENT_CHANGE_KIND_TRAFFIC_MOVED
        change.reason = _LATE
        self._announce(deployment, change)


def _salts() -> Iterator[bytes]:
    """Yield salts, fetched for many side records at a time and used once."""
    while True:
        many = os.urandom(SALT_SIZE * _AT_ONCE)
        for at in range(0, len(many), SALT_SIZE):
            yield many[at : at + SALT_SIZE]
