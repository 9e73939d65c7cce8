"""Whether a roll-out rests on a gate that its model passed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from mlspec import v1
from mlspec.provenance.criteria import criteria_problems
from mlspec.provenance.findings import Finding
from mlspec.provenance.judging import Judge
from mlspec.provenance.late_signatures import lasting_powers, lasting_signers
from mlspec.provenance.links import Link
from mlspec.provenance.moments import moment
from mlspec.provenance.rollout import Evidence, RollOut, digest_key, model_of
from mlspec.provenance.values import value_name

_AGAIN: Final = "Decide the gate again, for this model and this place, and roll out by that."
_COUNTERSIGN: Final = "Have the waiver countersigned by a holder of a role with the power WAIVE."
_DONE: Final = (v1.RECORD_STATE_SUCCEEDED, v1.CAPTURE_METHOD_RECORDED)
_LETS_GO: Final = (v1.VERDICT_PASS, v1.VERDICT_PASS_BY_WAIVER)


def gate_passed(case: RollOut) -> Iterator[Finding]:
    """The roll-out rests on a gate decision that its model passed, or that somebody may waive."""
    judge, gate = Judge("gate.passed"), case.gate
    if gate is None:
        words = "must rest on a gate decision: none is in reach"
        yield judge.unproven(case.deployment, words, "gate.missing", _AGAIN)
        return
    problems = [
        *_decision_problems(judge, case, gate),
        *_waiver_problems(judge, case, gate),
        *_expiry_problems(judge, case, gate),
        *_later_problems(judge, case, gate),
        *(problem for each in case.evidence for problem in _evidence(judge, case, gate, each)),
    ]
    if problems:
        yield from problems
        return
    basis = [each.link for each in case.evidence if each.link is not None]
    basis += [case.deployment, *([case.objectives] if case.objectives is not None else [])]
    body = case.gate_body
    waived = body.verdict == v1.VERDICT_PASS_BY_WAIVER
    words = f"the model passed gate {body.gate_name!r}"
    if waived:
        words = f"gate {body.gate_name!r} was passed by waiver: {_who_and_why(gate)}"
    yield judge.passed(gate, words, basis, waived=waived)


def _who_and_why(gate: Link) -> str:
    """Return who waived what, until when and why; what was waived in the same words stands once."""
    subjects: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for waiver in gate.record.gate_decision.waivers:
        until = f"{moment(waiver.expire_time):%Y-%m-%d}"
        subjects[waiver.approver.identity, until, waiver.reason].append(waiver.subject_id)
    told = [
        f"{who} waived {', '.join(dict.fromkeys(what))} until {until}: {why}"
        for (who, until, why), what in subjects.items()
    ]
    signers = ", ".join(signer.identity for signer in gate.verified.signers)
    return f"{'; '.join(told)} (signed by {signers})"


def _decision_problems(judge: Judge, case: RollOut, gate: Link) -> Iterator[Finding]:
    body = case.gate_body
    if (gate.header.state, gate.header.capture) != _DONE:
        words = "must be a decision that SUCCEEDED and was RECORDED"
        yield judge.failed(gate, words, "gate.state", _AGAIN)
    if body.verdict not in _LETS_GO:
        words = f"must be PASS or PASS_BY_WAIVER (got {value_name(v1.Verdict, body.verdict)})"
        yield judge.failed(gate, words, "gate.verdict", _AGAIN)
    decided = digest_key(body.model.digest)
    if decided is None or case.model is None:
        words = "must name the model by its digest, as the roll-out must"
        yield judge.unproven(gate, words, "gate.no_digest")
    elif decided != case.model:
        words = "must be about the model that is rolled out"
        yield judge.failed(gate, words, "gate.other_model", _AGAIN)
    places = list(body.target_environments)
    if places and case.body.environment_name not in places:
        words = f"must be for {case.body.environment_name!r} (is for {', '.join(places)})"
        yield judge.failed(gate, words, "gate.environment", _AGAIN)
    if case.objectives is None or case.objectives.record.WhichOneof("body") != "objectives":
        words = "must name objectives that are there"
        yield judge.failed(gate, words, "gate.no_objectives", _AGAIN)
    if not case.evidence:
        words = "must name the evidence that it rests on"
        yield judge.failed(gate, words, "gate.no_evidence", _AGAIN)


def _waiver_problems(judge: Judge, case: RollOut, gate: Link) -> Iterator[Finding]:
    if case.gate_body.verdict != v1.VERDICT_PASS_BY_WAIVER:
        return
    if v1.TRUST_POWER_WAIVE not in lasting_powers(gate.verified, case.trust):
        words = "must be signed by a key with the power WAIVE: it passed by a waiver"
        yield judge.failed(gate, words, "gate.waiver_unsigned", _COUNTERSIGN)
        return
    signers = lasting_signers(gate.verified, case.trust)
    if len(case.trust.identities(signer.keyid for signer in signers)) < 2:
        words = "must be signed by the gate and, besides it, by who may waive"
        yield judge.failed(gate, words, "gate.waiver_alone", _COUNTERSIGN)


def _expiry_problems(judge: Judge, case: RollOut, gate: Link) -> Iterator[Finding]:
    """Hold the end of the decision, and of each waiver that it needs, against its use."""
    body = case.gate_body
    ends = [("the decision", body.expire_time)] if body.HasField("expire_time") else []
    if body.verdict == v1.VERDICT_PASS_BY_WAIVER:
        ends += [(f"the waiver of {each.subject_id}", each.expire_time) for each in body.waivers]
    sealed_by = case.shown.time_of(case.deployment) or case.at or datetime.now(UTC)
    claimed = moment(case.deployment.header.create_time)
    for what, stamp in ends:
        end = moment(stamp)
        shown = f"{end:%Y-%m-%d %H:%M:%SZ}"
        if claimed >= end:
            words = f"must not have ended when it was relied on ({what} did on {shown})"
            yield judge.failed(gate, words, "gate.expired", _AGAIN)
        elif sealed_by >= end:
            words = (
                f"must be relied on before {what} ended on {shown}: that the roll-out was is its"
                " signer's word"
            )
            remedy = "Show a time that an outsider vouches for, or state one (--at)."
            yield judge.unproven(gate, words, "gate.expiry_unproven", remedy)


def _later_problems(judge: Judge, case: RollOut, gate: Link) -> Iterator[Finding]:
    for link in case.closure.of_stage(v1.STAGE_GATE_DECISION):
        previous = bytes(link.record.gate_decision.previous_decision.digest.sha256)
        if previous != gate.sha256 or case.deployment.sha256 in case.closure.above(link.sha256):
            continue
        shown = case.shown.before(link, case.deployment)
        if shown is True:
            words = f"must be the last decision: {link.hex[:12]} took its place"
            yield judge.failed(gate, words, "gate.superseded", _AGAIN)
        elif shown is None:
            words = f"must be relied on before {link.hex[:12]} took its place"
            yield judge.unproven(gate, words, "gate.superseded")


def _evidence(judge: Judge, case: RollOut, gate: Link, each: Evidence) -> Iterator[Finding]:
    link, body = each.link, each.link.body if each.link is not None else None
    if link is None or not isinstance(body, (v1.ModelEvaluation, v1.HoldoutTest)):
        words = f"must rest on evidence that is there ({each.entry.record.digest.sha256.hex()})"
        yield judge.failed(gate, words, "gate.no_evidence", _AGAIN)
        return
    where = f"evidence {link.hex[:12]}"
    if (link.header.state, link.header.capture) != _DONE:
        words = f"{where} must have SUCCEEDED and been RECORDED"
        yield judge.failed(gate, words, "gate.evidence_state", _AGAIN)
    if each.entry.outcome != body.outcome:
        words = f"{where} must have the outcome that the gate copied"
        yield judge.failed(gate, words, "gate.outcome", _AGAIN)
    if body.objectives.digest != case.gate_body.objectives.digest:
        words = f"{where} must be held against the gate's objectives"
        yield judge.failed(gate, words, "gate.other_objectives", _AGAIN)
    if model_of(link) != digest_key(case.gate_body.model.digest):
        words = f"{where} must be about the gate's model"
        yield judge.failed(gate, words, "gate.other_model", _AGAIN)
    if case.objectives is not None:
        objectives = case.objectives.record.objectives
        yield from criteria_problems(judge, gate, link, each.entry.outcome, objectives)
