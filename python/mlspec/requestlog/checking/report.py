"""What verifying a log found, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.requestlog.checking.segment import Delegation, Durability
    from mlspec.requestlog.checkpoints import VerifiedCheckpoint

UNPROVEN: Final = (
    "that what was recorded is true",
    "that requests which were never logged did not happen",
    "that the process ran the model it names",
    "history that no outsider witnessed",
)
"""What no check of a log proves. Every report says it."""


class Verdict(StrEnum):
    """How one check came out. NOT PROVEN is never a pass."""

    PASS = "PASS"  # noqa: S105
    NOT_PROVEN = "NOT PROVEN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that was checked.

    Attributes:
        id: A stable name: of the check if it passed, else of what is wrong.
        verdict: How it came out.
        words: What holds, or what must hold and what came instead.
        remedy: What to do. Empty: nothing better than the words.
        index: The leaf in question. None: none in particular.
    """

    id: str
    verdict: Verdict
    words: str
    remedy: str = ""
    index: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the line as JSON-like data, without what is empty."""
        parts = {
            "id": self.id,
            "verdict": self.verdict.value,
            "words": self.words,
            "remedy": self.remedy or None,
            "index": self.index,
        }
        return {name: value for name, value in parts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class LogReport:
    """All that was checked of one log.

    Attributes:
        checkpoint: The checkpoint that it was checked against: signed, and of this log.
        lines: What was checked, in the order of checking.
        counts: The leaves by kind. Pruned ones are in none of them.
        pruned: How many leaves only their hashes are left of.
        delegations: Who else may log for this one, by origin.
        durabilities: All that its openings say about when an entry counts as written.
    """

    checkpoint: VerifiedCheckpoint
    lines: tuple[LogLine, ...]
    counts: v1.LogEntryCounts
    pruned: int
    delegations: dict[str, Delegation]
    durabilities: frozenset[Durability]

    @property
    def exit_code(self) -> int:
        """1 if anything fails, else 0: what is merely not proven is said, and fails nothing."""
        return int(any(line.verdict is Verdict.FAIL for line in self.lines))

    @property
    def problems(self) -> tuple[LogLine, ...]:
        """The lines that keep the log from holding."""
        return tuple(line for line in self.lines if line.verdict is Verdict.FAIL)

    def of(self, line_id: str) -> Iterator[LogLine]:
        """Yield the lines with this id."""
        return (line for line in self.lines if line.id == line_id)
