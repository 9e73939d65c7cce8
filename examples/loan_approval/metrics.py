"""Metrics of scored rows, each with its sample count and, where it can be had, an interval.

Rates get Wilson's interval, everything else a seeded bootstrap over rows. scipy and scikit-learn
compute.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn import metrics as sk

from examples.loan_approval.columns import SLICE_FEATURES
from examples.loan_approval.profile import equals
from mlspec import v1

LEVEL = 0.95
SEED = 20250707
RESAMPLE_COUNT = 400
CALIBRATION_BIN_COUNT = 10
THRESHOLD = 0.5
"""At or above it the model says approve; below, the application goes to a person."""

HIGHER, LOWER = v1.METRIC_DIRECTION_HIGHER, v1.METRIC_DIRECTION_LOWER
NEITHER = v1.METRIC_DIRECTION_UNSPECIFIED


@dataclass(frozen=True)
class Scored:
    """Rows with their labels (0 or 1), scores (0 to 1) and slice columns."""

    truth: np.ndarray
    score: np.ndarray
    slices: pd.DataFrame

    @property
    def approved(self) -> np.ndarray:
        """1 where the model says approve."""
        return (self.score >= THRESHOLD).astype(np.int64)

    def where(self, mask: np.ndarray) -> Scored:
        """Some of the rows."""
        return Scored(self.truth[mask], self.score[mask], self.slices[mask])


Measure = Callable[..., Any]
"""Of truth and score along the last axis: one number a set of rows, NaN where undefined."""


def calibration_error(truth: np.ndarray, score: np.ndarray, axis: int = -1) -> Any:
    """Expected calibration error: gap of score and outcome over ten bins, weighted by rows."""
    bins = calibration_bins(score)
    gaps = [
        np.abs(np.where(bins == number, score - truth, 0.0).sum(axis=axis))
        for number in range(CALIBRATION_BIN_COUNT)
    ]
    return np.sum(gaps, axis=0) / truth.shape[axis]


def calibration_bins(score: np.ndarray) -> np.ndarray:
    """The bin of each score: ten of equal width, the last one with its end."""
    inner = np.linspace(0, 1, CALIBRATION_BIN_COUNT + 1)[1:-1]
    return np.asarray(np.digitize(score, inner))


def auc(truth: np.ndarray, score: np.ndarray, axis: int = -1) -> Any:
    """Area under the ROC curve, as the rank-sum statistic of Mann and Whitney."""
    ranks = stats.rankdata(score, axis=axis)
    positives = truth.sum(axis=axis)
    negatives = truth.shape[axis] - positives
    above = np.where(truth == 1, ranks, 0.0).sum(axis=axis) - positives * (positives + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(positives * negatives > 0, above / (positives * negatives), np.nan)


def average_precision(truth: np.ndarray, score: np.ndarray, axis: int = -1) -> Any:
    """Average precision of one set of rows."""
    return sk.average_precision_score(truth, score) if truth.any() else np.nan


def log_loss(truth: np.ndarray, score: np.ndarray, axis: int = -1) -> Any:
    """Mean negative log likelihood, in nats.

    Scores of 0 and 1 are moved by the least 64-bit step.
    """
    tiny = np.finfo(np.float64).eps
    certain = np.clip(np.where(truth == 1, score, 1 - score), tiny, 1 - tiny)
    return -np.log(certain).mean(axis=axis)


def brier(truth: np.ndarray, score: np.ndarray, axis: int = -1) -> Any:
    """Mean squared error of the scores."""
    return ((score - truth) ** 2).mean(axis=axis)


@dataclass(frozen=True)
class Kind:
    """What a number of scored rows is called, means, and how it is computed."""

    name: str
    kind: v1.MetricKind.ValueType
    direction: v1.MetricDirection.ValueType
    measure: Measure
    resampled: bool = True


BY_SCORE = (
    Kind("auc", v1.METRIC_KIND_AUC, HIGHER, auc),
    Kind("average_precision", v1.METRIC_KIND_AVERAGE_PRECISION, HIGHER, average_precision, False),
    Kind("log_loss", v1.METRIC_KIND_LOG_LOSS, LOWER, log_loss),
    Kind("brier", v1.METRIC_KIND_BRIER, LOWER, brier),
    Kind("ece", v1.METRIC_KIND_CALIBRATION_ERROR, LOWER, calibration_error),
)


def score_metrics(rows: Scored) -> list[v1.Metric]:
    """The metrics of scores, whatever the threshold."""
    return [_with_bootstrap(kind, rows) for kind in BY_SCORE]


def _with_bootstrap(kind: Kind, rows: Scored) -> v1.Metric:
    metric = v1.Metric(
        name=kind.name, kind=kind.kind, direction=kind.direction, sample_count=len(rows.truth)
    )
    value = float(kind.measure(rows.truth, rows.score)) if len(rows.truth) else float("nan")
    if not np.isfinite(value):
        metric.undefined_reason = "all rows have the same label" if len(rows.truth) else "no rows"
        return metric
    metric.number_value = value
    interval = bootstrap(kind.measure, rows.truth, rows.score) if kind.resampled else None
    if interval is not None:
        metric.interval.CopyFrom(interval)
    return metric


def bootstrap(measure: Measure, *arrays: np.ndarray) -> v1.Interval | None:
    """The percentile interval over resampled rows.

    None where some resample leaves the measure undefined.
    """
    if len(arrays[0]) < 2:
        return None
    with warnings.catch_warnings():
        # A resample of one class makes scipy warn; there is no interval then, and we say so.
        warnings.simplefilter("ignore")
        result = stats.bootstrap(
            arrays,
            measure,
            paired=True,
            vectorized=True,
            n_resamples=RESAMPLE_COUNT,
            confidence_level=LEVEL,
            method="percentile",
            rng=np.random.default_rng(SEED),
        )
    low, high = result.confidence_interval
    if not (np.isfinite(low) and np.isfinite(high)):
        return None
    return v1.Interval(
        lower=float(low),
        upper=float(high),
        level=LEVEL,
        method=f"bootstrap percentile, {RESAMPLE_COUNT} resamples, seed {SEED}",
    )


def rate(
    name: str,
    kind: v1.MetricKind.ValueType,
    hits: int,
    count: int,
    direction: v1.MetricDirection.ValueType = HIGHER,
) -> v1.Metric:
    """A share of rows with Wilson's interval; without rows it has no value and says so."""
    metric = v1.Metric(
        name=name, kind=kind, direction=direction, sample_count=count, threshold=THRESHOLD
    )
    if count == 0:
        metric.undefined_reason = "no rows of this kind"
        return metric
    metric.number_value = hits / count
    ends = stats.binomtest(hits, count).proportion_ci(LEVEL, method="wilson")
    metric.interval.CopyFrom(
        v1.Interval(
            lower=min(float(ends.low), hits / count),
            upper=max(float(ends.high), hits / count),
            level=LEVEL,
            method="wilson",
        )
    )
    return metric


def rate_metrics(rows: Scored) -> list[v1.Metric]:
    """The metrics of decisions at the threshold."""
    truth, said = rows.truth == 1, rows.approved == 1
    both = int(np.sum(truth & said))
    wrongly_approved, wrongly_refused = int(np.sum(~truth & said)), int(np.sum(truth & ~said))
    return [
        rate("accuracy", v1.METRIC_KIND_ACCURACY, int(np.sum(truth == said)), len(truth)),
        rate("precision", v1.METRIC_KIND_PRECISION, both, int(said.sum())),
        rate("recall", v1.METRIC_KIND_RECALL, both, int(truth.sum())),
        rate(
            "approval_rate",
            v1.METRIC_KIND_POSITIVE_RATE,
            int(said.sum()),
            len(said),
            direction=NEITHER,
        ),
        rate(
            "false_positive_rate",
            v1.METRIC_KIND_FALSE_POSITIVE_RATE,
            wrongly_approved,
            int(np.sum(~truth)),
            direction=LOWER,
        ),
        rate(
            "false_negative_rate",
            v1.METRIC_KIND_FALSE_NEGATIVE_RATE,
            wrongly_refused,
            int(truth.sum()),
            direction=LOWER,
        ),
    ]


def all_metrics(rows: Scored) -> list[v1.Metric]:
    """Every number of the rows, overall and on each value of race and sex."""
    measured = score_metrics(rows) + rate_metrics(rows)
    for feature in SLICE_FEATURES:
        column = rows.slices[feature].to_numpy()
        for value in sorted(set(column)):
            part = rows.where(column == value)
            for metric in score_metrics(part) + rate_metrics(part):
                metric.slice.CopyFrom(equals(feature, str(value)))
                measured.append(metric)
    return measured
