"""Stage 6 once more: now that a model was tested, does it know its training rows by heart?"""

from __future__ import annotations

from collections.abc import Iterable

from examples.loan_approval.compare import GAP_TOLERANCE
from examples.loan_approval.job import Job
from examples.loan_approval.people import DATA_ENGINEER
from mlspec import v1

SPLIT_STEP, REVIEW_STEP = "split", "split-review"


def review(job: Job) -> None:
    """Repeat the splits and add the signs of overfitting; the first record was before any model."""
    splitting, training = job.past(v1.DataSplitting, SPLIT_STEP), job.past(v1.ModelTraining)
    tests = (job.past(v1.ModelEvaluation), job.past(v1.HoldoutTest))
    body = v1.DataSplitting()
    body.CopyFrom(splitting.body)
    fitted = _auc(training.body.metrics)
    for tested in tests:
        found = _auc(tested.body.metrics)
        gap = fitted.number_value - found.number_value
        sign = body.overfitting_signs.add(
            model=tested.body.model,
            fitted_split_name=training.body.data[0].split.name,
            compared_split_name=tested.body.data.split.name,
            fitted_metric=fitted,
            compared_metric=found,
            gap=gap,
            allowed_gap=GAP_TOLERANCE,
            source=tested.reference,
            verdict=v1.VERDICT_PASS,
        )
        if gap > GAP_TOLERANCE:
            sign.verdict, sign.reason = v1.VERDICT_FAIL, "much better on the rows it was fitted to"
    with job.step(DATA_ENGINEER, body, REVIEW_STEP, [splitting, training, *tests]):
        pass


def _auc(metrics: Iterable[v1.Metric]) -> v1.Metric:
    return next(m for m in metrics if m.name == "auc" and not m.HasField("slice"))
