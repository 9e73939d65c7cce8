"""What verifying a store found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What one line of a report says. The worst decides the exit code."""

    PASS = "PASS"  # noqa: S105
    NOTE = "NOTE"
    NOT_PROVEN = "NOT PROVEN"
    UNTRUSTED = "UNTRUSTED"
    FAIL = "FAIL"


_EXIT_CODES = {
    Verdict.PASS: 0,
    Verdict.NOTE: 0,
    Verdict.NOT_PROVEN: 0,
    Verdict.UNTRUSTED: 3,
    Verdict.FAIL: 1,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was checked.

    Attributes:
        verdict: How it came out. NOT PROVEN: nothing is known to be wrong, and it is no pass.
        subject: "record", "run", "object", "store" or "trust".
        name: The record's digest in hex, the run's or object's id, the store's place, or the trust
            file's version.
        label: What people call it, for example "model_training train#1".
        message: What must hold and what came instead; for a pass who signed.
        remedy: What to do. Empty: nothing better than the message.
        id: The stable name of the problem. Empty: none.
    """

    verdict: Verdict
    subject: str
    name: str
    label: str
    message: str
    remedy: str = ""
    id: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the line as JSON-like data, without what is empty."""
        parts = {
            "verdict": self.verdict.value,
            "subject": self.subject,
            "name": self.name,
            "label": self.label,
            "message": self.message,
            "remedy": self.remedy,
            "id": self.id,
        }
        return {name: value for name, value in parts.items() if value}


@dataclass(slots=True)
class Tally:
    """Counts of lines, as they come."""

    counts: Counter[tuple[str, Verdict]] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        """Count one line."""
        self.counts[line.subject, line.verdict] += 1

    @property
    def exit_code(self) -> int:
        """1 if anything fails, else 3 if anything is not trusted, else 0."""
        codes = {_EXIT_CODES[verdict] for _, verdict in self.counts}
        return 1 if 1 in codes else max(codes, default=0)

    def of(self, subject: str, verdict: Verdict | None = None) -> int:
        """Return how many lines there are about `subject`, with `verdict` if one is given."""
        return sum(
            count
            for (about, how), count in self.counts.items()
            if about == subject and verdict in (None, how)
        )


@dataclass(frozen=True, slots=True)
class Report:
    """All lines about a store, in the order of checking, and what they come to."""

    lines: tuple[Line, ...]
    tally: Tally

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Report:
        """Collect lines."""
        kept, tally = [], Tally()
        for line in lines:
            kept.append(line)
            tally.add(line)
        return cls(tuple(kept), tally)

    @property
    def exit_code(self) -> int:
        """0 it holds; 1 something was changed or is missing; 3 somebody is not trusted."""
        return self.tally.exit_code

    @property
    def problems(self) -> tuple[Line, ...]:
        """The lines that keep the store from holding."""
        return tuple(each for each in self.lines if _EXIT_CODES[each.verdict])
