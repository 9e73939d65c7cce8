"""What a log's writer declared when it opened the log: what it holds, and what a crash loses."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlspec import v1
from mlspec.errors import VerificationError
from mlspec.evidence.report import Link

if TYPE_CHECKING:
    from mlspec.evidence.shown import Shown

LINK: Final = "log.opened"
_SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Opening:
    """A leaf by which a log was opened."""

    index: int
    message: v1.LogOpened


def find_openings(
    shown: Iterable[Shown], origin: str, before: int, keyids: Collection[str]
) -> tuple[Opening, ...]:
    """Return the openings before a leaf, the last one last. Raises MLSpecError.

    Each must be of a request log, and name one of the keys that may sign for it.
    """
    found = []
    for each in shown:
        entry = each.read(origin)
        if not entry.HasField("opened") or each.index >= before:
            continue
        if entry.opened.kind != v1.LOG_KIND_REQUESTS:
            raise _refused("kind", "must be a log of requests", each.index)
        if entry.opened.keyid not in keyids:
            words = f"must name a key that may sign for the log (got {entry.opened.keyid[:16]})"
            raise _refused("key", words, each.index)
        found.append(Opening(each.index, entry.opened))
    return tuple(found)


def describe(openings: tuple[Opening, ...]) -> Link:
    """Return the link about the opening that the request falls under."""
    if not openings:
        return Link.unproven(
            LINK,
            "how durable the log was: the bundle shows no leaf by which it was opened",
            "Have the bundle built from a log whose first leaves were not pruned.",
        )
    last = openings[-1]
    return Link.passed(
        LINK, f"leaf {last.index} opened the log and declares: {durability(last.message)}"
    )


def durability(opened: v1.LogOpened) -> str:
    """Say in words what a crash can lose, as the writer declared it."""
    if opened.durability.HasField("buffered"):
        window = opened.durability.buffered.loss_window_duration.ToNanoseconds() / _SECOND
        return f"answers do not wait for it, and a crash loses at most {window:g} s of requests"
    return "no answer goes out before its entry is on disk"


def _refused(what: str, words: str, index: int) -> VerificationError:
    return VerificationError(
        words,
        error_id=f"log.{what}",
        path=f"opened/{index}.bin",
        remedy="The log is not what the trust file believes it to be.",
    )
