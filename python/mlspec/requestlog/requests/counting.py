"""What a request log counted: the numbers that a serving process shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mlspec import v1
from mlspec.requestlog.requests.items import Item
from mlspec.requestlog.requests.pumping import Pump
from mlspec.requestlog.requests.queueing import EntryQueue

_DROPS: Final = {
    v1.ENTRY_DROP_REASON_QUEUE_FULL: "dropped_queue_full",
    v1.ENTRY_DROP_REASON_WRITE_FAILED: "dropped_write_failed",
    v1.ENTRY_DROP_REASON_TOO_LARGE: "dropped_too_large",
    v1.ENTRY_DROP_REASON_ENCODING_FAILED: "dropped_encoding_failed",
}


def counted(queue: EntryQueue[Item], pump: Pump) -> Mapping[str, int]:
    """Return the counters of a queue and of the thread that empties it.

    `accepted` and `settled` count entries, of which `waiting` are on their way; `dropped_...`
    those that were lost, by reason; `disk_faults` how often disk or signer refused and were tried
    again; `text_faults` how often lines could not be written.
    """
    settled = queue.settled  # read first, so that what waits is never counted as less than none
    accepted = queue.accepted
    return {
        "accepted": accepted,
        "settled": settled,
        "waiting": accepted - settled,
        **{name: queue.dropped.get(reason, 0) for reason, name in _DROPS.items()},
        "disk_faults": pump.faults,
        "text_faults": pump.text_faults,
    }
