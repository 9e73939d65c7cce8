"""One case: what is required, and what a deployment shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlspec import v1
from mlspec.provenance import Verdict
from tools.vectors.provenance.story import Story
from tools.vectors.requirements.logs import WITNESSES

AT = datetime(2024, 12, 4, tzinfo=UTC)
"""When keys are judged, and later than anything that the witnesses signed."""

CHECKPOINTED = v1.LogDurability(checkpointed=v1.CheckpointedDurability())


def requires(**asked: object) -> v1.NamespaceRequirement:
    """Return a requirement of every namespace."""
    return v1.NamespaceRequirement(namespace_glob="*", **asked)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Case:
    """One case of a requirement.

    Attributes:
        rule: The id of what is found.
        name: What it is called; it ends in `_fail` if that is the verdict.
        shows: One sentence: the point of it.
        requirement: What is required, of every namespace.
        story: The records.
        problem: The id of the problem. Empty: none.
        waived: Whether it holds by a waiver.
        logged: Names of the records in the record log, in order.
        witnesses: Who saw the record log's checkpoint.
        shows_requests: Whether something of the request log is shown.
        request_witnesses: Who saw the request log's checkpoint.
        opened: How the leaves say that the request log is written.
        statements: Names of records about logs, which the deployment does not reach.
        deployment: The name of the roll-out, or of something that is not there.
    """

    rule: str
    name: str
    shows: str
    requirement: v1.NamespaceRequirement
    story: Story
    problem: str = ""
    waived: bool = False
    logged: Sequence[str] = ()
    witnesses: Sequence[str] = WITNESSES
    shows_requests: bool = True
    request_witnesses: Sequence[str] = WITNESSES
    opened: Sequence[v1.LogDurability] = field(default_factory=lambda: [CHECKPOINTED])
    statements: Sequence[str] = ()
    deployment: str = "serve"

    @property
    def verdict(self) -> Verdict:
        """What comes out."""
        if self.name.endswith("_fail"):
            return Verdict.FAIL
        return Verdict.PASS_BY_WAIVER if self.waived else Verdict.PASS
