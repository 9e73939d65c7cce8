"""Metrics that are more than a number: curves and the confusion matrix."""

from __future__ import annotations

import numpy as np
from sklearn import metrics as sk

from examples.loan_approval.metrics import THRESHOLD, Scored, calibration_bins
from mlspec import v1


def curve_metrics(rows: Scored) -> list[v1.Metric]:
    """The confusion matrix, the ROC and precision-recall curves, and the calibration curve."""
    count = len(rows.truth)
    false_rate, true_rate, _ = sk.roc_curve(rows.truth, rows.score)
    precision, recall, _ = sk.precision_recall_curve(rows.truth, rows.score)
    return [
        v1.Metric(
            name="confusion",
            kind=v1.METRIC_KIND_CONFUSION,
            confusion_matrix=confusion(rows),
            sample_count=count,
            threshold=THRESHOLD,
        ),
        v1.Metric(
            name="roc",
            kind=v1.METRIC_KIND_ROC,
            curve=_curve("false positive rate", false_rate, "true positive rate", true_rate),
            sample_count=count,
        ),
        v1.Metric(
            name="precision_recall",
            kind=v1.METRIC_KIND_PRECISION_RECALL,
            curve=_curve("recall", recall, "precision", precision),
            sample_count=count,
        ),
        v1.Metric(
            name="calibration",
            custom_kind="share approved by mean score, in equal bins of the score",
            curve=calibration_curve(rows),
            sample_count=count,
        ),
    ]


def _curve(x_name: str, x: np.ndarray, y_name: str, y: np.ndarray) -> v1.Curve:
    return v1.Curve(x_name=x_name, y_name=y_name, x=x.tolist(), y=y.tolist())


def confusion(rows: Scored) -> v1.ConfusionMatrix:
    """Counts of what was decided against what the model says; rows are the truth."""
    counts = sk.confusion_matrix(rows.truth, rows.approved, labels=[0, 1])
    return v1.ConfusionMatrix(labels=["refuse", "approve"], counts=counts.ravel().tolist())


def calibration_curve(rows: Scored) -> v1.Curve:
    """Mean score against share approved, one point for each bin that has rows."""
    bins = calibration_bins(rows.score)
    used = sorted(set(bins.tolist()))
    return v1.Curve(
        x_name="mean score",
        y_name="share approved",
        x=[float(rows.score[bins == number].mean()) for number in used],
        y=[float(rows.truth[bins == number].mean()) for number in used],
    )
