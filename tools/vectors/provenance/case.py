"""One case: records, what a log shows of them, and what a rule must say."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlspec.provenance import Verdict
from mlspec.sealing import Sealed
from tools.vectors.provenance.story import Story

AT = datetime(2024, 12, 2, 10, tzinfo=UTC)
"""When keys are judged where a case says nothing else: an hour after the roll-out."""


@dataclass(frozen=True)
class Seen:
    """An outsider saw a checkpoint of the log, of this size, by this time."""

    size: int
    time: datetime


@dataclass(frozen=True)
class Case:
    """One case of a rule.

    Attributes:
        rule: The rule's id.
        name: What it is called; it ends in `_fail` or `_not_proven` if that is the verdict.
        shows: One sentence: the point of it.
        story: The records.
        problems: The ids of all that the rule finds wrong.
        verdict: The worst of its findings. By default as the name says.
        at: When keys are judged.
        log: Names of the records in the order of the record log.
        seen: What an outsider has seen of the log.
        held_under: Records that are held under digests that are not theirs.
    """

    rule: str
    name: str
    shows: str
    story: Story
    problems: tuple[str, ...] = ()
    waived: bool = False
    at: datetime = AT
    log: tuple[str, ...] = ()
    seen: tuple[Seen, ...] = ()
    held_under: dict[bytes, Sealed] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """What the worst of the findings is."""
        if self.name.endswith("_fail"):
            return Verdict.FAIL
        if self.name.endswith("_not_proven"):
            return Verdict.NOT_PROVEN
        return Verdict.PASS_BY_WAIVER if self.waived else Verdict.PASS
