"""What evaluation and hold-back test have in common: rows are scored and judged alike."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import scipy
import sklearn

from examples.loan_approval.columns import LABEL, SLICE_FEATURES
from examples.loan_approval.convert import BASELINE_ONNX, ONNX, package, probabilities
from examples.loan_approval.curves import curve_metrics
from examples.loan_approval.job import Job
from examples.loan_approval.metrics import (
    LEVEL,
    RESAMPLE_COUNT,
    SEED,
    THRESHOLD,
    Scored,
    all_metrics,
)
from examples.loan_approval.objectives import APPROVE, PROBABILITY
from examples.loan_approval.people import EVALUATOR
from examples.loan_approval.schema import in_domain
from examples.loan_approval.table import inputs, labels
from examples.loan_approval.validate import EDITED, reference
from examples.loan_approval.verdicts import Evidence, decide_all, omitted, overall
from mlspec import v1

TIMED_CALLS = 300


@dataclass(frozen=True)
class Measured:
    """Rows as the model and the baseline score them."""

    rows: pd.DataFrame
    excluded_count: int
    model: Scored
    baseline: Scored


def measure(job: Job, clean: pd.DataFrame) -> Measured:
    """Score the rows that the model is for, by the very file that is served."""
    schema = v1.FeatureSchema.FromString(job.folder.at(EDITED).read_bytes())
    fits = in_domain(clean, schema)
    rows = clean[fits].reset_index(drop=True)

    def scored(relative: str) -> Scored:
        said = probabilities(job.folder.at(relative), inputs(rows)).astype(np.float64)
        return Scored(labels(rows), said, rows[list(SLICE_FEATURES)])

    return Measured(rows, int(np.sum(~fits)), scored(ONNX), scored(BASELINE_ONNX))


def evaluation_data(
    job: Job, split: v1.SplitReference, measured: Measured, ingestion: v1.RecordReference
) -> v1.EvaluationData:
    """Which rows counted, and where they and their labels come from."""
    data = v1.EvaluationData(
        split=split,
        ingestions=[ingestion],
        schema=reference(job, EDITED),
        label_features=[LABEL],
        label_source="decision of the lender's underwriters",
        used_row_count=len(measured.rows),
    )
    if measured.excluded_count:
        data.exclusions.add(
            reason="out of the domain that the model is for; the service refuses such requests",
            row_count=measured.excluded_count,
        )
    return data


def metrics(job: Job, measured: Measured) -> list[v1.Metric]:
    """Every number, the curves, and how long one answer takes."""
    return (
        all_metrics(measured.model)
        + curve_metrics(measured.model)
        + latencies(job.folder.at(ONNX), inputs(measured.rows))
    )


def latencies(path: Path, rows: np.ndarray) -> list[v1.Metric]:
    """Median and 99th percentile of the time that one row takes, one row a call."""
    session = onnxruntime.InferenceSession(path)
    single = [rows[i % len(rows)][np.newaxis].astype(np.float32) for i in range(TIMED_CALLS)]
    taken = []
    for row in single:
        started = time.perf_counter()
        session.run(["probabilities"], {"features": row})
        taken.append((time.perf_counter() - started) * 1e3)
    return [
        v1.Metric(
            name=f"latency_p{rank}",
            kind=v1.METRIC_KIND_LATENCY,
            number_value=float(np.percentile(taken, rank)),
            unit="ms",
            direction=v1.METRIC_DIRECTION_LOWER,
            sample_count=TIMED_CALLS,
        )
        for rank in (50, 99)
    ]


def baseline(measured: Measured) -> v1.EvaluationBaseline:
    """The linear model on the very same rows."""
    return v1.EvaluationBaseline(
        description="a logistic regression on the same inputs, fitted to the same rows",
        metrics=all_metrics(measured.baseline),
        same_rows=True,
    )


def judge(
    objectives: v1.Objectives,
    split_name: str,
    measured: Sequence[v1.Metric],
    against: Sequence[v1.Metric],
) -> v1.CriteriaOutcome:
    """Every criterion on every slice that it names."""
    evidence = Evidence(split_name, measured, against)
    results = decide_all(objectives.criteria, evidence)
    required = {c.id for c in objectives.criteria if c.severity == v1.CRITERION_SEVERITY_REQUIRE}
    return v1.CriteriaOutcome(
        required_results=[r for r in results if r.criterion_id in required],
        warn_results=[r for r in results if r.criterion_id not in required],
        omitted_slices=[o for c in objectives.criteria for o in omitted(c, evidence)],
        verdict=overall(objectives.criteria, results),
    )


def decision_rule() -> v1.DecisionRule:
    """At the threshold and above the application goes ahead; below, a person decides."""
    return v1.DecisionRule(
        output_name=PROBABILITY,
        threshold=THRESHOLD,
        positive_decision=APPROVE,
        review_lower=0,
        review_upper=float(np.nextafter(THRESHOLD, 0)),
        reason="the more likely answer; all others go to an underwriter",
    )


def evaluator() -> v1.Evaluator:
    """Who measured."""
    return v1.Evaluator(
        actor=EVALUATOR.actor,
        independence=v1.EVALUATOR_INDEPENDENCE_OTHER_TEAM,
        statement="model validation has its own key and answers to the chief risk officer",
    )


def settings() -> list[v1.Parameter]:
    """How intervals were made, and by what."""
    return [
        v1.Parameter(name="bootstrap_resamples", integer_value=RESAMPLE_COUNT),
        v1.Parameter(name="bootstrap_seed", integer_value=SEED),
        v1.Parameter(name="interval_level", number_value=LEVEL),
        v1.Parameter(name="scikit-learn", string_value=sklearn.__version__),
        v1.Parameter(name="python", string_value=platform.python_version()),
    ]


def tool() -> v1.SoftwarePackage:
    """What computed intervals and tests."""
    return v1.SoftwarePackage(name="scipy", version=scipy.__version__)


def runtime() -> v1.ModelFramework:
    """What ran the model."""
    return v1.ModelFramework(
        kind=v1.MODEL_FRAMEWORK_KIND_ONNX_RUNTIME, version=package("onnxruntime").version
    )


def write_predictions(path: Path, measured: Measured) -> None:
    """What the model says row by row, beside the truth and the slices."""
    table = measured.model.slices.assign(truth=measured.model.truth, score=measured.model.score)
    table.to_csv(path, index=False, lineterminator="\n")
