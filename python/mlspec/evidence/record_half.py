"""The records' half of a bundle: from the deployment back to data and objectives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mlspec.errors import MLSpecError, VerificationError
from mlspec.evidence.log_half import LogHalf
from mlspec.evidence.report import Link
from mlspec.provenance import (
    Examination,
    Finding,
    HeldRecords,
    examine,
    request_log,
    request_model,
)
from mlspec.provenance.requirements import judge_requirements
from mlspec.provenance.requirements_logs import SeenLog
from mlspec.sealing import Sealed

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.evidence.bundle import Bundle
    from mlspec.provenance.links import Link as RecordLink
    from mlspec.requestlog.record_times import RecordTimes
    from mlspec.sealing import TrustPolicy

_SHORT: Final = 12


def read_records(bundle: Bundle) -> list[Sealed]:
    """Return the envelopes of a bundle, each under its own digest. Raises MLSpecError."""
    found = []
    for name, data in bundle.below("records", ".dsse.json"):
        path = f"records/{name}.dsse.json"
        try:
            sealed = Sealed.from_json(data)
        except MLSpecError as error:
            raise error.from_source(path)  # noqa: B904 - the same error, with its place
        if sealed.hex != name:
            raise VerificationError(
                f"must be named by the digest of its payload (got {sealed.hex})",
                error_id="record.digest",
                path=path,
                remedy="It was put in the place of another one: ask for the bundle anew.",
            )
        found.append(sealed)
    return found


def examine_records(
    sealed: list[Sealed],
    half: LogHalf,
    trust: TrustPolicy,
    times: RecordTimes,
    at: datetime | None,
) -> tuple[Examination, list[Link]]:
    """Apply every rule across records, and hold the request against the deployment.

    Raises LimitError.
    """
    start = bytes.fromhex(half.claim.deployment_sha256)
    found = examine(HeldRecords(sealed), trust, start, at=at, times=times)
    links = [link_of(finding) for finding in found.findings]
    case = found.roll_out
    if case is None:
        return found, links
    by = "" if half.delegation is None else half.delegation.origin
    links.append(link_of(request_model(case, half.request), link_id="request.model", required=True))
    named = request_log(case, half.log.origin, half.log.keyid, delegated_by=by)
    links.append(link_of(named, link_id="request.log"))
    links.append(_spoken_for(half, case.deployment.header.namespace_name))
    links += _after(half, case.body)
    return found, links


def link_of(finding: Finding, *, link_id: str = "", required: bool = False) -> Link:
    """Return what a rule found as a link."""
    return Link(
        link_id or finding.rule,
        finding.verdict,
        finding.message,
        finding.remedy,
        f"{finding.label} {finding.subject[:_SHORT]}",
        finding.id,
        required=required,
        untrusted=finding.untrusted,
    )


def required(
    trust: TrustPolicy, half: LogHalf, found: Examination, statements: Sequence[RecordLink]
) -> Iterator[Link]:
    """Yield whether what the trust file asks of the namespace is there: what lacks is a FAIL."""
    seen = SeenLog(half.checkpoint.checkpoint, tuple(each.message for each in half.opened))
    judged = judge_requirements(
        trust, found.roll_out, found.findings, seen_logs=(seen,), statements=statements
    )
    yield from (link_of(finding) for finding in judged)


def _after(half: LogHalf, deployment: v1.ModelServing) -> Iterator[Link]:
    """Yield a FAIL if the log puts the deployment in force before it was sealed."""
    for log in deployment.request_logs:
        if log.origin == half.log.origin and half.change.index < log.start_tree_size:
            error = VerificationError(
                f"must come after the roll-out was sealed, at {log.start_tree_size} leaves"
                f" (the change is leaf {half.change.index})",
                error_id="log.before_roll_out",
                path="deployment-changes",
                remedy="The log names a deployment that was not there yet.",
            )
            yield Link.failed("request.log", error)


def _spoken_for(half: LogHalf, namespace: str) -> Link:
    link_id = "request.namespace"
    if half.named_log.covers(namespace):
        return Link.passed(link_id, f"the log may speak for namespace {namespace!r}")
    error = VerificationError(
        f"must be a log that may speak for namespace {namespace!r}",
        error_id="log.namespace",
        path=half.named_log.origin,
        remedy="The trust file believes the log about other namespaces only.",
    )
    return Link.failed(link_id, error)
