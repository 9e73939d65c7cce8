"""Examining what a story tells, and reading what the rules found."""

from collections.abc import Sequence
from datetime import datetime

from mlspec.provenance import Examination, Finding, HeldRecords, Times, Verdict, examine
from mlspec.sealing import TrustPolicy
from tools.vectors.provenance import people
from tools.vectors.provenance.case import AT
from tools.vectors.provenance.story import Story

TRUST = TrustPolicy(people.trust())


def look(story: Story, *, at: datetime = AT, times: Times | None = None) -> Examination:
    """Examine the roll-out of a story."""
    return examine(HeldRecords(story.held), TRUST, story.sha256("serve"), at=at, times=times)


def problems(findings: Sequence[Finding]) -> set[str]:
    """Return the ids of what is wrong."""
    return {finding.id for finding in findings if finding.id}


def failing(examination: Examination) -> set[str]:
    """Return the ids of what fails."""
    found = (each for each in examination.findings if each.verdict is Verdict.FAIL)
    return {finding.id for finding in found}
