"""Stage 9: the last test, in a process of its own, on rows that nothing before has met.

Run as `python -m examples.loan_approval.holdout FOLDER` with the variables of `run.context()`.
First the custodian seals the opening, then the bytes are released, then the evaluator tests: a test
that crashes still counts as an opening.
"""

from __future__ import annotations

import io
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from examples.loan_approval import custody
from examples.loan_approval.compare import comparisons, gaps
from examples.loan_approval.convert import BASELINE_ONNX, ONNX
from examples.loan_approval.evaluate import findings, importance, split_reference
from examples.loan_approval.folder import Folder
from examples.loan_approval.gate import BEFORE_HOLDOUT
from examples.loan_approval.job import Job, Past, resume
from examples.loan_approval.measure import (
    baseline,
    decision_rule,
    evaluation_data,
    evaluator,
    judge,
    measure,
    metrics,
    runtime,
    settings,
    tool,
    write_predictions,
)
from examples.loan_approval.people import CUSTODIAN, EVALUATOR
from examples.loan_approval.train import resources
from examples.loan_approval.validate import EDITED
from mlspec import v1

PREDICTIONS = "custody/holdout_predictions.csv"
RETURN_AFTER = timedelta(days=1)


class GateClosedError(Exception):
    """The gate before the hold-back set did not let the model through."""


def open_set(job: Job) -> Past[v1.HoldoutOpened]:
    """The custodian seals the opening.

    Raises:
        GateClosedError: The gate did not pass.
    """
    gate = job.past(v1.GateDecision)
    passed = (v1.VERDICT_PASS, v1.VERDICT_PASS_BY_WAIVER)
    if gate.body.gate_name != BEFORE_HOLDOUT or gate.body.verdict not in passed:
        raise GateClosedError(f"gate {gate.body.gate_name}: {v1.Verdict.Name(gate.body.verdict)}")
    splitting, evaluation = (
        job.past(v1.DataSplitting),
        job.past(v1.ModelEvaluation),
    )
    held = next(s for s in splitting.body.splits if s.role == v1.SPLIT_ROLE_HOLDOUT)
    earlier = openings(job, held.digest)
    now = datetime.now(UTC)
    body = v1.HoldoutOpened(
        holdout=split_reference(splitting, v1.SPLIT_ROLE_HOLDOUT),
        opening_number=len(earlier) + 1,
        purpose=v1.HOLDOUT_PURPOSE_TEST,
        model=evaluation.body.model,
        evaluation=evaluation.reference,
        custodian=CUSTODIAN.actor,
        requester=EVALUATOR.actor,
        recipients=[EVALUATOR.actor],
        commitment_root=held.custody.commitment_root,
        reason="the gate passed; the model is to be confirmed before launch",
    )
    if earlier:
        body.previous_opening.CopyFrom(earlier[-1])
    body.return_time.FromDatetime(now + RETURN_AFTER)
    sealed = job.emit(CUSTODIAN, body, parents=[splitting, evaluation, gate])
    return job.verify(v1.HoldoutOpened, sealed)


def openings(job: Job, digest: v1.Digest) -> list[v1.RecordReference]:
    """Earlier openings of the same set, in any run of this store."""
    rows = job.store.records(stage=v1.STAGE_HOLDOUT_OPENED)
    verified = [job.verify(v1.HoldoutOpened, job.store.get(row.sha256)) for row in list(rows)]
    return [each.reference for each in verified if each.body.holdout.digest == digest]


def test(job: Job, opening: Past[v1.HoldoutOpened]) -> None:
    """Measure on the released rows as the evaluation did, judge, and seal the record of it."""
    objectives = job.past(v1.Objectives)
    evaluation = job.past(v1.ModelEvaluation)
    started = time.process_time()
    body = v1.HoldoutTest(
        model=opening.body.model,
        opening=opening.reference,
        opening_number=opening.body.opening_number,
        evaluation=evaluation.reference,
        objectives=objectives.reference,
        evaluator=evaluator(),
        runtime=runtime(),
        tool=tool(),
        parameters=settings(),
        decision_rules=[decision_rule()],
    )
    with job.step(EVALUATOR, body, "holdout-test", [opening, evaluation, objectives]) as step:
        for path in (custody.SEALED_CLEAN, ONNX, BASELINE_ONNX, EDITED):
            step.input(job.folder.artifact(path, role="test"))
        clean = pd.read_csv(io.BytesIO(custody.release(job.folder, opening)))
        measured = measure(job, clean)
        ingestion = job.past(v1.DataIngestion).reference
        split = opening.body.holdout
        body.data.CopyFrom(evaluation_data(job, split, measured, ingestion))
        body.metrics.extend(metrics(job, measured))
        body.slice_comparisons.extend(comparisons(measured.model, body.metrics))
        against = baseline(measured).metrics
        body.outcome.CopyFrom(judge(objectives.body, split.name, body.metrics, against))
        body.gaps.extend(gaps(body.metrics, evaluation.body.metrics, evaluation.reference))
        body.feature_importances.append(importance(job, measured))
        body.findings.extend(findings(body.outcome))
        write_predictions(job.folder.at(PREDICTIONS), measured)
        body.predictions.CopyFrom(job.folder.artifact(PREDICTIONS, role="predictions"))
        body.resources.CopyFrom(resources(started))
        step.output(body.predictions)


def main() -> None:
    """Open and test, in the run that the environment names."""
    job = resume(Folder(Path(sys.argv[1])), EVALUATOR, os.environ)
    with job.run:
        test(job, open_set(job))


if __name__ == "__main__":
    main()
