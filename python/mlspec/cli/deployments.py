"""What `mlspec verify` says about the deployments of a store: the rules across records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mlspec.errors import MLSpecError

if TYPE_CHECKING:
    from mlspec.provenance import Finding, Times
    from mlspec.sealing import TrustPolicy
    from mlspec.store import Store

_SERVING: Final = 11
_STARTED: Final = 1


@dataclass(slots=True)
class Ruling:
    """What the rules came to, over all deployments.

    Attributes:
        deployments: How many were examined.
        counts: How often each verdict was given.
        untrusted: Whether something failed only because nobody trusted vouches for it.
    """

    deployments: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    untrusted: bool = False

    @property
    def exit_code(self) -> int:
        """1 if a rule fails, else 3 if nobody trusted vouches for something, else 0."""
        return 1 if self.counts["FAIL"] else 3 if self.untrusted else 0

    def add(self, finding: Finding) -> None:
        """Count one finding."""
        self.counts[word(finding)] += 1
        self.untrusted |= finding.untrusted

    def __str__(self) -> str:
        deployments = f"{self.deployments} deployment{'' if self.deployments == 1 else 's'}"
        parts = [f"{count} {verdict}" for verdict, count in self.counts.items()]
        return f"rules across records of {deployments}: {', '.join(parts)}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data."""
        return {"deployments": self.deployments, "counts": dict(sorted(self.counts.items()))}


def word(finding: Finding) -> str:
    """Return the verdict as the lines of a store have it."""
    return "UNTRUSTED" if finding.untrusted else finding.verdict.value


def examined(
    store: Store,
    trust: TrustPolicy,
    ruling: Ruling,
    *,
    at: datetime | None,
    times: Times | None = None,
) -> Iterator[Finding]:
    """Yield what the rules say about each roll-out of phase STARTED, and count it."""
    from mlspec.provenance import Examiner, StoreRecords

    records = StoreRecords(store)
    examiner = Examiner(records, trust, at=at, times=times)
    with store.snapshot():
        for row in records.of_stage(_SERVING):
            if not _starts(store, row.sha256):
                continue
            ruling.deployments += 1
            for finding in examiner.examine(row.sha256).findings:
                ruling.add(finding)
                yield finding


def _starts(store: Store, sha256: bytes) -> bool:
    """Tell whether a record says that a roll-out starts. One that cannot be read may be one."""
    try:
        return store.get(sha256).peek().model_serving.phase == _STARTED
    except MLSpecError:
        return True
