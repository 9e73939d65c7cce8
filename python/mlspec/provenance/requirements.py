"""What the trust file requires of a namespace: is it there? What is required and lacks is a FAIL.

The party under inspection does not choose what must be shown: all requirements whose glob fits
the namespace bind together, and where nothing shows that one is met, it is not met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mlspec import v1
from mlspec.provenance.findings import Finding, Verdict
from mlspec.provenance.judging import Judge
from mlspec.provenance.requirements_logs import (
    SeenLog,
    log_retention,
    max_loss_window,
    request_log,
    witnesses,
)
from mlspec.provenance.requirements_records import Asked, record_log, timestamps
from mlspec.records import stage_name

if TYPE_CHECKING:
    from mlspec.provenance.links import Link
    from mlspec.provenance.rollout import RollOut
    from mlspec.sealing import TrustPolicy

REQUIREMENTS: Final = (
    "requirement.namespace",
    "requirement.stages",
    "requirement.gate",
    "requirement.timestamps",
    "requirement.witnesses",
    "requirement.request_log",
    "requirement.record_log",
    "requirement.log_retention",
    "requirement.max_loss_window",
)
"""The ids of what can be found here, in the order in which it is looked at."""

_DONE: Final = (v1.RECORD_STATE_SUCCEEDED, v1.CAPTURE_METHOD_RECORDED)


def judge_requirements(
    trust: TrustPolicy,
    case: RollOut | None,
    findings: Iterable[Finding],
    *,
    seen_logs: Sequence[SeenLog] = (),
    statements: Sequence[Link] = (),
) -> tuple[Finding, ...]:
    """Tell whether a deployment shows what the trust file requires of its namespace.

    A record of another namespace that the deployment stands on owes what its own namespace owes,
    as far as that is about single records, besides what the deployment's asks.

    Args:
        trust: The trust file.
        case: The deployment (`Examination.roll_out`). None: it did not verify.
        findings: What the rules found about it (`Examination.findings`).
        seen_logs: The request logs that the caller verified, for example those of a bundle.
        statements: Verified records of stage LOGGING, besides those that the deployment reaches.

    Returns:
        A finding for each thing that is required, PASS, PASS BY WAIVER or FAIL, never NOT PROVEN.
        Nothing, if nothing is required.
    """
    if not trust.asks:
        return ()
    if case is None:
        return (_nobody(trust),)
    asked = Asked.of(trust, case)
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "stages": lambda: _stages(asked),
        "gate": lambda: _gate(asked, findings),
        "timestamps": lambda: timestamps(asked),
        "witnesses": lambda: witnesses(asked, seen_logs),
        "request_log": lambda: request_log(asked),
        "record_log": lambda: record_log(asked),
        "log_retention": lambda: log_retention(asked, statements),
        "max_loss_window": lambda: max_loss_window(asked, seen_logs),
    }
    if not asked.names:
        return ()
    bound = ", ".join(asked.globs)
    judged = [Judge(REQUIREMENTS[0]).passed(case.deployment, f"bound by {bound}")]
    for name, check in checks.items():
        if name in asked.names:
            judged += check()
    return tuple(_decided(finding) for finding in judged)


def _decided(finding: Finding) -> Finding:
    """Return what is required and not proven as a FAIL."""
    if finding.verdict is not Verdict.NOT_PROVEN:
        return finding
    return replace(finding, verdict=Verdict.FAIL)


def _nobody(trust: TrustPolicy) -> Finding:
    return Finding(
        REQUIREMENTS[0],
        Verdict.FAIL,
        "",
        "deployment",
        "must have a verified deployment, which says whose requirements bind",
        "requirement.no_deployment",
        f"Version {trust.version} of the trust file requires something: show a deployment that"
        " verifies.",
    )


def _stages(asked: Asked) -> Iterator[Finding]:
    case, wanted = asked.case, asked.requirement.stages
    after = {
        link.sha256
        for link in case.closure.links.values()
        if case.deployment.sha256 in case.closure.above(link.sha256)
    }
    there = {
        link.stage
        for link in case.closure.links.values()
        if (link.header.state, link.header.capture) == _DONE and link.sha256 not in after
    }
    missing = sorted(wanted - there)
    judge = Judge("requirement.stages")
    if missing:
        names = ", ".join(stage_name(stage) for stage in missing)
        yield judge.failed(
            case.deployment,
            f"must stand on a record that SUCCEEDED of {names}: none is in reach",
            "requirement.stages",
            "Show these records, or run these stages and roll out again.",
        )
        return
    names = ", ".join(stage_name(stage) for stage in sorted(wanted))
    yield judge.passed(case.deployment, f"there are records of {names}")


def _gate(asked: Asked, findings: Iterable[Finding]) -> Iterator[Finding]:
    judge, link = Judge("requirement.gate"), asked.case.deployment
    found = [finding for finding in findings if finding.rule == "gate.passed"]
    failing = [finding for finding in found if not finding.verdict.holds]
    if failing or not found:
        words = failing[0].message if failing else "nobody looked at a gate"
        remedy = failing[0].remedy if failing else ""
        yield judge.failed(
            link, f"must rest on a gate that was passed: {words}", "requirement.gate", remedy
        )
        return
    waived = any(finding.verdict is Verdict.PASS_BY_WAIVER for finding in found)
    yield judge.passed(link, found[0].message, waived=waived)
