"""Stage 8: how good is the model on other rows, for whom, and does it clear the bar?

Another team measures, with a key of its own, and the very file that will be served.
"""

from __future__ import annotations

import time

import numpy as np
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score

from examples.loan_approval.columns import INPUTS
from examples.loan_approval.compare import comparisons, gaps
from examples.loan_approval.convert import BASELINE_ONNX, ONNX, package, probabilities
from examples.loan_approval.job import Job, Past
from examples.loan_approval.measure import (
    Measured,
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
from examples.loan_approval.metrics import SEED
from examples.loan_approval.people import EVALUATOR
from examples.loan_approval.table import inputs
from examples.loan_approval.train import resources
from examples.loan_approval.transform import CLEAN_VALIDATION
from examples.loan_approval.validate import EDITED, read_clean
from mlspec import v1

PREDICTIONS = "evaluation/validation_predictions.csv"
SHUFFLE_COUNT = 5
LISTED_FEATURES = 12


def evaluate(job: Job) -> None:
    """Measure, compare, judge, and seal the record of it."""
    objectives, training = job.past(v1.Objectives), job.past(v1.ModelTraining)
    splitting = job.past(v1.DataSplitting)
    started = time.process_time()
    body = v1.ModelEvaluation(
        model=training.body.trained_models[0].model,
        objectives=objectives.reference,
        training=training.reference,
        evaluator=evaluator(),
        runtime=runtime(),
        tool=tool(),
        parameters=settings(),
        decision_rules=[decision_rule()],
    )
    with job.step(EVALUATOR, body, "evaluate", [objectives, training, splitting]) as step:
        for path in (CLEAN_VALIDATION, ONNX, BASELINE_ONNX, EDITED):
            step.input(job.folder.artifact(path, role="evaluation"))
        measured = measure(job, read_clean(job, CLEAN_VALIDATION))
        split = split_reference(splitting, v1.SPLIT_ROLE_VALIDATION)
        ingestion = job.past(v1.DataIngestion).reference
        body.data.CopyFrom(evaluation_data(job, split, measured, ingestion))
        body.metrics.extend(metrics(job, measured))
        body.baselines.append(baseline(measured))
        body.slice_comparisons.extend(comparisons(measured.model, body.metrics))
        body.gaps.extend(gaps(body.metrics, training.body.metrics, training.reference))
        against = body.baselines[0].metrics
        body.outcome.CopyFrom(judge(objectives.body, split.name, body.metrics, against))
        body.feature_importances.append(importance(job, measured))
        body.findings.extend(findings(body.outcome))
        write_predictions(job.folder.at(PREDICTIONS), measured)
        body.predictions.CopyFrom(job.folder.artifact(PREDICTIONS, role="predictions"))
        body.resources.CopyFrom(resources(started))
        step.output(body.predictions)


def split_reference(
    splitting: Past[v1.DataSplitting], role: v1.SplitRole.ValueType
) -> v1.SplitReference:
    """How records name the split of a role."""
    part = next(s for s in splitting.body.splits if s.role == role)
    return v1.SplitReference(
        name=part.name,
        role=part.role,
        digest=part.digest,
        splitting=splitting.reference,
        dataset_version=splitting.body.dataset_version,
        row_count=part.row_count,
    )


class _Served:
    """The served file in the shape that scikit-learn's inspection takes."""

    def __init__(self, job: Job) -> None:
        self._path = job.folder.at(ONNX)

    def fit(self, rows: np.ndarray, truth: np.ndarray) -> None:
        """Nothing: it is fitted."""

    def score(self, rows: np.ndarray, truth: np.ndarray) -> float:
        """AUC on some rows."""
        return float(roc_auc_score(truth, probabilities(self._path, rows)))


def importance(job: Job, measured: Measured) -> v1.FeatureImportance:
    """By how much the AUC falls when an input is shuffled; the twelve that count most."""
    found = permutation_importance(
        _Served(job),
        inputs(measured.rows),
        measured.model.truth,
        n_repeats=SHUFFLE_COUNT,
        random_state=SEED,
    )
    order = np.argsort(-np.abs(found.importances_mean), kind="stable")[:LISTED_FEATURES]
    made = v1.FeatureImportance(
        method=v1.IMPORTANCE_METHOD_PERMUTATION,
        tool=package("scikit-learn"),
        metric_name="auc",
        sample_count=len(measured.rows),
        repeat_count=SHUFFLE_COUNT,
        seed=SEED,
        omitted_count=len(INPUTS) - len(order),
    )
    for place in order:
        made.scores.add(
            feature=INPUTS[place],
            score=float(found.importances_mean[place]),
            standard_deviation=float(found.importances_std[place]),
        )
    return made


def findings(outcome: v1.CriteriaOutcome) -> list[str]:
    """What did not pass, in words."""
    made = []
    for result in outcome.required_results:
        if result.verdict != v1.VERDICT_PASS:
            where = f" on {result.slice.name}" if result.HasField("slice") else ""
            made.append(
                f"{result.criterion_id}{where}: {v1.Verdict.Name(result.verdict)}, {result.reason}"
            )
    return made
