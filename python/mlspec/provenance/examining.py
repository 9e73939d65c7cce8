"""Examining a deployment: one walk over what it stands on, and every rule over that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from mlspec.errors import MLSpecError, StoreNotFoundError
from mlspec.provenance.closure import Closure
from mlspec.provenance.findings import Finding, Verdict
from mlspec.provenance.judging import Judge
from mlspec.provenance.late_signatures import require_lasting
from mlspec.provenance.links import Link
from mlspec.provenance.rollout import RollOut
from mlspec.provenance.rules import RULES
from mlspec.provenance.sources import Records
from mlspec.provenance.times import NoTimes, Times, judgement
from mlspec.sealing import unseal
from mlspec.store.facts import EVENT_STAGE
from mlspec.store.usage import used_dataset_versions

if TYPE_CHECKING:
    from mlspec.sealing import Sealed, TrustPolicy, VerifiedRecord


@dataclass(frozen=True)
class Examination:
    """What examining a deployment came to.

    Attributes:
        findings: At least one for each rule, in the order of `RULES`.
        verified: The records that the deployment stands on and that verified, by SHA-256.
        order: Their digests, each after those that it rests on.
        roll_out: The deployment as the rules see it. None: it did not verify.
    """

    findings: tuple[Finding, ...]
    verified: Mapping[bytes, VerifiedRecord]
    order: tuple[bytes, ...]
    roll_out: RollOut | None

    @property
    def failed(self) -> bool:
        """Whether any rule fails."""
        return any(finding.verdict is Verdict.FAIL for finding in self.findings)

    def of(self, rule: str) -> tuple[Finding, ...]:
        """Return the findings of one rule."""
        return tuple(finding for finding in self.findings if finding.rule == rule)


def examine(
    records: Records,
    trust: TrustPolicy,
    deployment_sha256: bytes,
    *,
    at: datetime | None = None,
    times: Times | None = None,
) -> Examination:
    """Look at all that a deployment stands on, and apply every rule.

    Args:
        records: Where records are found; nothing that it says is believed.
        trust: Whom to believe.
        deployment_sha256: The digest of a `ModelServing` record of phase STARTED.
        at: The time to judge keys at, where none is proven for a record. Default: now.
        times: What a record log and outsiders show about when records were there.

    Raises what `Examiner.examine` raises.
    """
    return Examiner(records, trust, at=at, times=times).examine(deployment_sha256)


class Examiner:
    """Examines one deployment after the other, and verifies each record once for all of them."""

    def __init__(
        self,
        records: Records,
        trust: TrustPolicy,
        *,
        at: datetime | None = None,
        times: Times | None = None,
    ) -> None:
        """Take the parts that `examine` takes."""
        self._records, self._trust = records, trust
        self._at, self._times = at, times or NoTimes()
        self._known: dict[bytes, Link] = {}

    def examine(self, deployment_sha256: bytes) -> Examination:
        """Look at all that a deployment stands on, and apply every rule.

        Raises:
            UntrustedError: The trust file has expired.
            LimitError: There are more records than one examination looks at.
            StoreError: The store cannot be read.
        """
        self._trust.require_current()
        closure = Closure(self._records, self._verified, deployment_sha256)
        closure.include(_events(self._records, closure))
        case = RollOut.of(closure, self._trust, self._times, self._at)
        findings = _without(closure) if case is None else _with(case)
        verified = {digest: link.verified for digest, link in closure.links.items()}
        return Examination(tuple(findings), MappingProxyType(verified), closure.order, case)

    def _verified(self, sealed: Sealed) -> Link:
        """Verify a record. Raises what `unseal` raises."""
        link = self._known.get(sealed.sha256)
        if link is None or link.verified.sealed != sealed:
            link = self._known[sealed.sha256] = self._judged(sealed)
        return link

    def _judged(self, sealed: Sealed) -> Link:
        """Verify a record at the time that is proven for it, by a log that may speak for it.

        Which namespace it is of is known only once it has verified: then it is asked again.
        """
        stated = self._at or datetime.now(UTC)
        moment = judgement(self._times, sealed.sha256, stated)
        link = Link.of(unseal(sealed, self._trust, at=moment))
        namespace = link.header.namespace_name
        allowed = judgement(self._times, sealed.sha256, stated, namespace)
        if allowed != moment:
            link = Link.of(unseal(sealed, self._trust, at=allowed))
        if self._times.time_of(sealed.sha256, namespace) is not None:
            require_lasting(link.verified, self._trust)
        return link


def _with(case: RollOut) -> Iterator[Finding]:
    for rule in RULES:
        yield from rule.check(case)


def _without(closure: Closure) -> Iterator[Finding]:
    """Yield why there is nothing to examine: the first rule fails, no other can be shown."""
    start = closure.start
    error = closure.refused.get(start) or StoreNotFoundError(
        "must be a verified record of stage MODEL_SERVING that is there",
        error_id="deployment.missing",
        remedy="Name the digest of a roll-out of phase STARTED.",
    )
    yield Judge(RULES[0].id).refused(start, "deployment", error)
    for rule in RULES[1:]:
        words = "must have a deployment that verifies"
        verdict, problem = Verdict.NOT_PROVEN, "deployment.missing"
        yield Finding(rule.id, verdict, start.hex(), "deployment", words, problem)


def _events(records: Records, closure: Closure) -> Iterator[bytes]:
    """Yield the events about dataset versions in use that stand outside the runs in reach."""
    used: set[str] = set()
    for link in closure.links.values():
        used.update(used_dataset_versions(link.header, link.body))
    for row in records.of_stage(EVENT_STAGE) if used else ():
        if closure.get(row.sha256) is None and _event_of(records, row.sha256) in used | {None}:
            yield row.sha256


def _event_of(records: Records, sha256: bytes) -> str | None:
    """Return which object an event claims to be about. None: it cannot be read, so look at it."""
    try:
        sealed = records.get(sha256)
        return None if sealed is None else sealed.peek().object_event.object_id
    except MLSpecError:
        return None
