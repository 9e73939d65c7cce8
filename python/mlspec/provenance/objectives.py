"""Whether the bar was fixed before anybody knew how high the model jumps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlspec import v1
from mlspec.provenance.findings import Finding
from mlspec.provenance.judging import Judge
from mlspec.provenance.links import Link
from mlspec.provenance.rollout import RollOut

_LOG: Final = (
    "Append the objectives to the record log, and have a witness or a time-stamping authority"
    " see a checkpoint of it, before the evaluation."
)
_NAME: Final = "Name the objectives among the parents of training and evaluation."


def fixed_beforehand(case: RollOut) -> Iterator[Finding]:
    """Training or evaluation names the gate's objectives, and a log shows them earlier."""
    judge, objectives = Judge("objectives.fixed_beforehand"), case.objectives
    if objectives is None or objectives.stage != v1.STAGE_OBJECTIVES:
        words = "must have a gate decision that names its objectives: none is in reach"
        yield judge.unproven(case.deployment, words, "objectives.none")
        return
    evaluations = [
        each.link
        for each in case.evidence
        if each.link is not None and each.link.stage == v1.STAGE_MODEL_EVALUATION
    ]
    if not evaluations:
        words = "must have an evaluation as evidence: none is in reach"
        yield judge.unproven(case.deployment, words, "objectives.no_evaluation")
    for evaluation in evaluations:
        problems = _problems(judge, case, objectives, evaluation)
        words = f"an outsider had seen objectives {objectives.hex[:12]} before it was logged"
        yield from judge.or_passed(problems, evaluation, words, [objectives])


def _problems(judge: Judge, case: RollOut, objectives: Link, evaluation: Link) -> Iterator[Finding]:
    if (objectives.header.state, objectives.header.capture) != (1, 1):
        words = "must rest on objectives that SUCCEEDED and were RECORDED"
        yield judge.failed(evaluation, words, "objectives.state")
    children = (evaluation, *_trainings_of(case, evaluation))
    if not any(objectives.sha256 in {p.sha256 for p in link.parents} for link in children):
        words = "must name the gate's objectives as a parent, or its training must"
        yield judge.unproven(evaluation, words, "objectives.not_a_parent", _NAME)
    if case.shown.before(objectives, evaluation) is False:
        words = "must come after the gate's objectives: the record log shows it earlier"
        yield judge.failed(evaluation, words, "objectives.fixed_afterwards")
    elif not case.shown.seen_before(objectives, evaluation):
        words = "must come after the gate's objectives: no log that an outsider saw shows it"
        yield judge.unproven(evaluation, words, "objectives.time", _LOG)


def _trainings_of(case: RollOut, evaluation: Link) -> list[Link]:
    above = case.closure.above(evaluation.sha256)
    return [link for link in case.trainings if link.sha256 in above]
