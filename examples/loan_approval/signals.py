"""The signals of a window: drift, quality, failures, groups.

What cannot be told is UNDECIDED, never fine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from examples.loan_approval.columns import INPUTS, SLICE_FEATURES, UNKNOWN
from examples.loan_approval.drift import population_stability
from examples.loan_approval.logged import Request
from examples.loan_approval.metrics import LEVEL, auc, bootstrap, calibration_error
from examples.loan_approval.monitor_agent import (
    APPROVALS,
    CALIBRATION,
    MISSING,
    PREDICTION,
    QUALITY,
    drift_name,
    group_name,
)
from examples.loan_approval.objectives import APPROVE, PROBABILITY
from examples.loan_approval.profile import equals, feature_statistics
from mlspec import v1

AT_MOST, AT_LEAST = v1.SIGNAL_DIRECTION_AT_MOST, v1.SIGNAL_DIRECTION_AT_LEAST
LEAST_ROWS, LEAST_GROUP_ROWS = 50, 30
WORDS = {
    v1.SIGNAL_VERDICT_WARN: "beyond the bound to look at",
    v1.SIGNAL_VERDICT_ACT: "beyond the bound to act at",
}


@dataclass(frozen=True)
class Bounds:
    """On which side a number is well, and beyond which values it is not."""

    direction: v1.SignalDirection.ValueType
    warn: float | None
    act: float | None

    def judge(self, value: float) -> v1.SignalVerdict.ValueType:
        """OK, WARN or ACT."""

        def beyond(bound: float | None) -> bool:
            if bound is None:
                return False
            return value > bound if self.direction == AT_MOST else value < bound

        if beyond(self.act):
            return v1.SIGNAL_VERDICT_ACT
        return v1.SIGNAL_VERDICT_WARN if beyond(self.warn) else v1.SIGNAL_VERDICT_OK


def judged(
    signal: v1.MonitoringSignal, value: float | None, count: int, least: int, bounds: Bounds
) -> v1.MonitoringSignal:
    """Complete a signal with its value, its bounds and the verdict that follows."""
    signal.sample_count, signal.min_sample_count = count, least
    signal.direction = bounds.direction
    if bounds.warn is not None:
        signal.warn_bound = bounds.warn
    if bounds.act is not None:
        signal.act_bound = bounds.act
    if value is not None and np.isfinite(value):
        signal.value = value
    if count < least or not signal.HasField("value"):
        signal.verdict = v1.SIGNAL_VERDICT_UNDECIDED
        signal.reason = f"{count} rows, at least {least} are needed"
        return signal
    signal.verdict = bounds.judge(signal.value)
    if signal.verdict in WORDS:
        signal.reason = WORDS[signal.verdict]
    return signal


def input_drift(analysis: v1.DataAnalysis, requests: list[Request]) -> list[v1.MonitoringSignal]:
    """Each input against the training rows."""
    rows = np.array([r.row for r in requests if r.row is not None]).reshape(-1, len(INPUTS))
    reference = {feature.name: feature for feature in analysis.statistics.features}
    made = []
    for place, name in enumerate(INPUTS):
        measured = population_stability(reference[name], pd.Series(rows[:, place]))
        made.append(measured.as_signal(drift_name(name), name, v1.SIGNAL_KIND_DATA_DRIFT))
    return made


def missing_values(analysis: v1.DataAnalysis, requests: list[Request]) -> v1.MonitoringSignal:
    """The share of inputs that are missing, against the training rows."""
    rows = np.array([r.row for r in requests if r.row is not None]).reshape(-1, len(INPUTS))
    of_inputs = [f for f in analysis.statistics.features if f.name in INPUTS]
    usual = sum(f.missing_count for f in of_inputs) / sum(f.row_count for f in of_inputs)
    signal = v1.MonitoringSignal(
        name=MISSING,
        kind=v1.SIGNAL_KIND_DATA_QUALITY,
        statistic=v1.SIGNAL_STATISTIC_MISSING_RATE,
        reference_value=usual,
    )
    value = float(np.isnan(rows).mean()) if rows.size else None
    return judged(signal, value, len(rows), LEAST_ROWS, Bounds(AT_MOST, 2 * usual, 5 * usual))


def predictions(
    evaluated: pd.DataFrame, evaluation: v1.RecordReference, scored: list[Request]
) -> v1.MonitoringSignal:
    """The model's answers against those of the evaluation."""
    reference = feature_statistics(PROBABILITY, evaluated["score"])
    found = pd.Series([r.record.model.prediction.number_value for r in scored], dtype=np.float64)
    measured = population_stability(reference, found)
    signal = measured.as_signal(PREDICTION, PROBABILITY, v1.SIGNAL_KIND_PREDICTION_DRIFT)
    signal.reference.CopyFrom(evaluation)
    return signal


def approvals(evaluation: v1.ModelEvaluation, scored: list[Request]) -> v1.MonitoringSignal:
    """The share that the model approves, against the lower end of the evaluation's interval."""
    usual = next(
        m for m in evaluation.metrics if m.name == "approval_rate" and not m.HasField("slice")
    )
    approved = sum(r.record.model.prediction.decision == APPROVE for r in scored)
    signal = v1.MonitoringSignal(
        name=APPROVALS,
        kind=v1.SIGNAL_KIND_PREDICTION_DRIFT,
        statistic=v1.SIGNAL_STATISTIC_REQUEST_RATE,
        feature=PROBABILITY,
        reference_value=usual.number_value,
        reference_sample_count=usual.sample_count,
    )
    if scored:
        ends = stats.binomtest(approved, len(scored)).proportion_ci(LEVEL, method="wilson")
        signal.interval.CopyFrom(
            v1.Interval(lower=ends.low, upper=ends.high, level=LEVEL, method="wilson")
        )
    low = usual.interval.lower
    value = approved / len(scored) if scored else None
    return judged(signal, value, len(scored), LEAST_ROWS, Bounds(AT_LEAST, low, low - 0.05))


def quality(
    objectives: v1.Objectives, evaluation: v1.ModelEvaluation, scored: list[Request]
) -> list[v1.MonitoringSignal]:
    """AUC and calibration of the answers whose truth came.

    The bounds are those of the objectives.
    """
    known = [r for r in scored if r.label is not None]
    truth = np.array([int(bool(r.label)) for r in known])
    score = np.array([r.record.model.prediction.number_value for r in known])
    bound = {criterion.id: criterion.bound for criterion in objectives.criteria}
    usual = {m.name: m for m in evaluation.metrics if not m.HasField("slice")}
    made = []
    for name, metric, kind, measure, bounds in (
        (QUALITY, "auc", v1.SIGNAL_KIND_PERFORMANCE, auc, Bounds(AT_LEAST, bound["auc"], 0.5)),
        (
            CALIBRATION,
            "ece",
            v1.SIGNAL_KIND_CALIBRATION,
            calibration_error,
            Bounds(AT_MOST, bound["ece"], 2 * bound["ece"]),
        ),
    ):
        signal = v1.MonitoringSignal(
            name=name,
            kind=kind,
            metric=usual[metric].kind,
            feature=PROBABILITY,
            reference_value=usual[metric].number_value,
            reference_sample_count=usual[metric].sample_count,
        )
        interval = bootstrap(measure, truth, score)
        if interval is not None:
            signal.interval.CopyFrom(interval)
        value = float(measure(truth, score)) if len(known) else None
        made.append(judged(signal, value, len(known), LEAST_ROWS, bounds))
    return made


def groups(scored: list[Request], people: pd.DataFrame, bound: float) -> list[v1.MonitoringSignal]:
    """How far each group's share of approvals lies from that of all.

    Args:
        scored: Requests that the model answered.
        people: Race and sex by application id: the lender's own file, no request carries them.
        bound: The difference that the objectives allow.
    """
    known = [(r.detail.subject_id, r) for r in scored if r.detail is not None]
    approved = pd.Series(
        {name: r.record.model.prediction.decision == APPROVE for name, r in known}, dtype=float
    )
    made = []
    for feature in SLICE_FEATURES:
        column = people[feature].reindex(approved.index)
        for value in sorted(set(column.dropna()) - {UNKNOWN}):
            of_group = approved[column == value]
            signal = v1.MonitoringSignal(
                name=group_name(feature, str(value)),
                kind=v1.SIGNAL_KIND_DISPARITY,
                statistic=v1.SIGNAL_STATISTIC_SLICE_DIFFERENCE,
                feature=PROBABILITY,
                slice=equals(feature, str(value)),
                reference_value=float(approved.mean()),
                reference_sample_count=len(approved),
            )
            apart = abs(float(of_group.mean()) - float(approved.mean()))
            bounds = Bounds(AT_MOST, bound, 2 * bound)
            made.append(judged(signal, apart, len(of_group), LEAST_GROUP_ROWS, bounds))
    return made
