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


def require_shown(openings: tuple[Opening, ...], index: int) -> None:
    """Raise VerificationError if leaf `index` opened the log later than any opening shown.

    Whoever builds the bundle would choose what the log's writer declared.
    """
    if not openings or openings[-1].index < index:
        raise VerificationError(
            f"must show the last opening before the request (leaf {index} is a later one)",
            error_id="log.opened_superseded",
            path="opened",
            remedy="The log was opened anew before the request: ask for the bundle anew.",
        )


def describe(openings: tuple[Opening, ...], change: int) -> Link:
    """Return the link about the opening that the request falls under.

    `change` is the leaf of the deployment change in force: what lies before it is not shown.
    """
    if not openings:
        return Link.unproven(
            LINK,
            "how durable the log was: the bundle shows no leaf by which it was opened",
            "Have the bundle built from a log whose first leaves were not pruned.",
        )
    last = openings[-1]
    words = f"leaf {last.index} opened the log and declares: {durability(last.message)}"
    hidden = change - last.index - 1
    if hidden > 0:
        words += (
            f" (not shown: whether one of the {hidden} leaves from there to the change opened it"
            " anew and declares something else)"
        )
    return Link.passed(LINK, words)


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
