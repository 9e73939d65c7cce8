"""What a rule across records found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """How one rule came out. Only the first two let anybody rely on something."""

    PASS = "PASS"  # noqa: S105
    PASS_BY_WAIVER = "PASS BY WAIVER"  # noqa: S105
    FAIL = "FAIL"
    NOT_PROVEN = "NOT PROVEN"

    @property
    def holds(self) -> bool:
        """Whether the rule was met, if by a waiver only. NOT PROVEN never holds."""
        return self in (Verdict.PASS, Verdict.PASS_BY_WAIVER)


_WORST_FIRST: Final = (Verdict.FAIL, Verdict.NOT_PROVEN, Verdict.PASS_BY_WAIVER, Verdict.PASS)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says about one thing.

    Attributes:
        rule: The rule's id, for example "gate.passed".
        verdict: How it came out.
        subject: What it is about: a record's SHA-256 in hex, or the id of a run.
        label: What people call the subject, for example "model_training train#1".
        message: What must hold and what came instead; for a pass what was seen.
        id: The stable name of the problem, for example "gate.expired". Empty: a pass.
        remedy: What to do. Empty: nothing better than the message.
        untrusted: Whether it failed only because nobody who is trusted vouches: nothing is known
            to be forged.
    """

    rule: str
    verdict: Verdict
    subject: str
    label: str
    message: str
    id: str = ""
    remedy: str = ""
    untrusted: bool = False

    def to_dict(self) -> dict[str, str]:
        """Return the finding as JSON-like data, without what is empty."""
        parts = {
            "rule": self.rule,
            "verdict": self.verdict.value,
            "subject": self.subject,
            "label": self.label,
            "message": self.message,
            "id": self.id,
            "remedy": self.remedy,
        }
        return {name: value for name, value in parts.items() if value}


def worst(findings: Iterable[Finding]) -> Verdict:
    """Return the worst verdict of all. Nothing that was looked at is NOT PROVEN, never PASS."""
    seen = {finding.verdict for finding in findings}
    return next((verdict for verdict in _WORST_FIRST if verdict in seen), Verdict.NOT_PROVEN)
