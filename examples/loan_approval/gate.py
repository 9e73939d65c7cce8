"""Whether the model may go on: the verdict follows from the evidence.

Only a waiver with a name under it changes it.

Two gates: before the hold-back set is opened, and before launch. The lenders of 1990 turned black
applicants down more often, the model learnt it, and the criteria say so. A person of another
department answers for going on, with conditions that the service then keeps: nobody is refused by
the model, an underwriter decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from examples.loan_approval.fixed import fixed_beforehand
from examples.loan_approval.job import Job, Past
from examples.loan_approval.people import APPROVER, EVALUATOR, RELEASE_MANAGER
from examples.loan_approval.verdicts import Evidence, slices_of
from mlspec import digests, v1

Tested = Past[v1.ModelEvaluation] | Past[v1.HoldoutTest]

BEFORE_HOLDOUT, LAUNCH = "open-holdout", "launch"
WAIVER_DURATION = timedelta(days=90)
REASON = (
    "The difference is in the decisions that the model learnt from. The model only speeds up plain "
    "approvals: every other application goes to an underwriter, as all do today. Not launching "
    "would leave all applicants waiting and the difference as it is. Groups with too few rows to "
    "tell are watched in monitoring."
)
CONDITIONS = (
    "an underwriter decides on each application that the model does not approve",
    "approval rates of groups are looked at again when this waiver ends",
)


def decide(job: Job, gate_name: str) -> v1.GateDecision:
    """Decide one gate, waive what may be waived, and seal it with two signatures."""
    objectives = job.past(v1.Objectives)
    evidence: list[Tested] = [job.past(v1.ModelEvaluation)]
    if gate_name == LAUNCH:
        evidence.append(job.past(v1.HoldoutTest))
    now = datetime.now(UTC)
    body = v1.GateDecision(
        gate_name=gate_name,
        model=evidence[0].body.model,
        objectives=objectives.reference,
        evidence=[v1.GateEvidence(record=e.reference, outcome=e.body.outcome) for e in evidence],
        decider=APPROVER.actor,
        target_environments=["demonstration"],
        conditions=["amounts beyond the bounds of the training rows are refused"],
        trust_policy_digest=digests.digest_file(job.folder.trust),
        reason="criteria as they came out; what did not pass is waived by name",
    )
    body.decide_time.FromDatetime(now)
    body.expire_time.FromDatetime(now + WAIVER_DURATION)
    body.waivers.extend(waivers(evidence, now))
    body.checks.extend(checks(job, objectives, evidence))
    body.verdict = verdict(body)
    sealed = job.emit(RELEASE_MANAGER, body, parents=[objectives, *evidence])
    job.store.put(sealed.countersign(job.signer(APPROVER)))
    return body


def not_passed(evidence: list[Tested]) -> dict[str, list[v1.Slice]]:
    """Required criteria that failed or stayed undecided somewhere, and on which slices."""
    found: dict[str, list[v1.Slice]] = {}
    for record in evidence:
        for result in record.body.outcome.required_results:
            if result.verdict == v1.VERDICT_PASS:
                continue
            parts = found.setdefault(result.criterion_id, [])
            if result.HasField("slice") and result.slice not in parts:
                parts.append(result.slice)
    return found


def waivers(evidence: list[Tested], now: datetime) -> list[v1.Waiver]:
    """The approver's answer for each criterion about groups; others cannot be waived here."""
    made = []
    for criterion_id, parts in not_passed(evidence).items():
        if criterion_id not in WAIVABLE or not parts:
            continue
        waiver = v1.Waiver(
            subject_id=criterion_id,
            slices=parts,
            reason=REASON,
            approver=APPROVER.actor,
            conditions=CONDITIONS,
        )
        waiver.approve_time.FromDatetime(now)
        waiver.expire_time.FromDatetime(now + WAIVER_DURATION)
        made.append(waiver)
    return made


WAIVABLE = ("auc_by_group", "approval_difference", "approval_ratio")


def checks(job: Job, objectives: Past[v1.Objectives], evidence: list[Tested]) -> list[v1.GateCheck]:
    """What the verdict rests on besides the criteria."""
    validation, splitting = job.past(v1.DataValidation), job.past(v1.DataSplitting, "split")
    same = {record.body.model.digest.sha256 for record in evidence}
    data_valid = validation.body.verdict == v1.VERDICT_PASS
    no_leaks = splitting.body.leakage_verdict == v1.VERDICT_PASS
    named = all(objectives.reference in record.verified.header.parents for record in evidence)
    by_evaluator = all(
        signer.identity == EVALUATOR.identity
        for record in evidence
        for signer in record.verified.signers
    )
    return [
        _check(
            "signatures",
            v1.GATE_CHECK_KIND_SIGNATURES,
            job.store.verify(job.trust, allow_unfinished=True).exit_code == 0,
            [objectives, *evidence],
        ),
        _check("same_model", v1.GATE_CHECK_KIND_SAME_MODEL, len(same) == 1, evidence),
        _check(
            "criteria_covered",
            v1.GATE_CHECK_KIND_CRITERIA_COVERED,
            all(covered(objectives.body, record.body) for record in evidence),
            evidence,
        ),
        _check("data_valid", v1.GATE_CHECK_KIND_DATA_VALID, data_valid, [validation]),
        _check("no_leaks", "no split leaks into another", no_leaks, [splitting]),
        _check(
            "independent_evaluator",
            v1.GATE_CHECK_KIND_INDEPENDENT_EVALUATOR,
            by_evaluator,
            evidence,
        ),
        _check("objectives_named", "each evidence names the objectives", named, evidence),
        fixed(job, objectives),
    ]


def fixed(job: Job, objectives: Past[v1.Objectives]) -> v1.GateCheck:
    """Whether the objectives came first; without an outsider nobody can tell."""
    if job.authority is None:
        return v1.GateCheck(
            id="objectives_fixed_beforehand",
            kind=v1.GATE_CHECK_KIND_OBJECTIVES_FIXED_BEFOREHAND,
            severity=v1.CRITERION_SEVERITY_WARN,
            verdict=v1.VERDICT_UNDECIDED,
            reason="NOT PROVEN: no outsider has seen the record log of this run",
            records=[objectives.reference],
        )
    evaluation = job.past(v1.ModelEvaluation)
    return _check(
        "objectives_fixed_beforehand",
        v1.GATE_CHECK_KIND_OBJECTIVES_FIXED_BEFOREHAND,
        fixed_beforehand(job, objectives, evaluation),
        [objectives, evaluation],
    )


def covered(objectives: v1.Objectives, tested: v1.ModelEvaluation | v1.HoldoutTest) -> bool:
    """Whether each criterion has a result, or an omission, on each slice that it names."""
    outcome, evidence = tested.outcome, Evidence(tested.data.split.name, tested.metrics)
    results = [*outcome.required_results, *outcome.warn_results]
    found = {(each.criterion_id, each.slice.name) for each in results}
    found |= {(each.criterion_id, each.slice.name) for each in outcome.omitted_slices}
    wanted = {
        (criterion.id, part.name)
        for criterion in objectives.criteria
        for part in slices_of(criterion, evidence) or [v1.Slice()]
    }
    return wanted <= found


def _check(
    check_id: str,
    kind: v1.GateCheckKind.ValueType | str,
    holds: bool,
    records: Sequence[Past[Any]],
) -> v1.GateCheck:
    check = v1.GateCheck(
        id=check_id,
        severity=v1.CRITERION_SEVERITY_REQUIRE,
        verdict=v1.VERDICT_PASS if holds else v1.VERDICT_FAIL,
        reason=None if holds else "does not hold",
        records=[record.reference for record in records],
    )
    if isinstance(kind, str):
        check.custom_kind = kind
    else:
        check.kind = kind
    return check


def verdict(body: v1.GateDecision) -> v1.Verdict.ValueType:
    """What evidence, checks and waivers come to (gate_decision.proto says how)."""
    waived = [(waiver.subject_id, part) for waiver in body.waivers for part in waiver.slices]
    results = [r for e in body.evidence for r in e.outcome.required_results]
    open_verdicts = {r.verdict for r in results if (r.criterion_id, r.slice) not in waived}
    required = {c.verdict for c in body.checks if c.severity == v1.CRITERION_SEVERITY_REQUIRE}
    if v1.VERDICT_FAIL in open_verdicts | required:
        return v1.VERDICT_FAIL
    if not results or (open_verdicts | required) - {v1.VERDICT_PASS}:
        return v1.VERDICT_UNDECIDED
    if any(r.verdict != v1.VERDICT_PASS for r in results):
        return v1.VERDICT_PASS_BY_WAIVER
    return v1.VERDICT_PASS
