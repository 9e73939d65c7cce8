"""Groups against one another, and one set of rows against another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from examples.loan_approval.metrics import LEVEL, RESAMPLE_COUNT, SEED, Scored
from examples.loan_approval.profile import equals
from mlspec import v1

COMPARED = ("approval_rate", "auc", "false_negative_rate")
REFERENCES = {"race": "white", "sex": "male"}
"""The group that others are compared with: the one that history favoured."""

GAP_TOLERANCE = 0.10
"""A larger difference between training and other rows is taken for overfitting."""

LEAST_ROWS = 10
"""With fewer in a group, a resampled difference says nothing."""


def comparisons(rows: Scored, measured: Sequence[v1.Metric]) -> list[v1.SliceComparison]:
    """Each group against the one that history favoured, by difference and ratio."""
    by_name = {(m.name, m.slice.name): m for m in measured}
    made = []
    for feature, favoured in REFERENCES.items():
        others = sorted(set(rows.slices[feature]) - {favoured})
        for name in COMPARED:
            for value in others:
                part, against = equals(feature, value), equals(feature, favoured)
                pair = by_name[name, part.name], by_name[name, against.name]
                made.append(comparison(rows, name, part, against, pair))
    return made


def comparison(
    rows: Scored,
    name: str,
    part: v1.Slice,
    against: v1.Slice,
    pair: tuple[v1.Metric, v1.Metric],
) -> v1.SliceComparison:
    """One metric on two groups; of decisions also an interval and a test."""
    one, other = pair
    made = v1.SliceComparison(
        metric_name=name,
        slice=part,
        reference_slice=against,
        sample_count=one.sample_count,
        reference_sample_count=other.sample_count,
        direction=one.direction,
    )
    if not (one.HasField("number_value") and other.HasField("number_value")):
        made.undefined_reason = one.undefined_reason or other.undefined_reason
        return made
    made.value, made.reference_value = one.number_value, other.number_value
    made.difference = made.value - made.reference_value
    if made.reference_value:
        made.ratio = made.value / made.reference_value
    if name == "approval_rate":
        add_test(made, rows, part, against)
    return made


def add_test(made: v1.SliceComparison, rows: Scored, part: v1.Slice, against: v1.Slice) -> None:
    """How sure the difference of two approval rates is."""
    feature = part.conditions[0].feature
    column = rows.slices[feature].to_numpy()
    said = [
        rows.approved[column == each.conditions[0].values[0].string_value]
        for each in (part, against)
    ]
    interval = difference_interval(said[0], said[1])
    if interval is not None:
        made.difference_interval.CopyFrom(interval)
    table = [[int(s.sum()), int(len(s) - s.sum())] for s in said]
    made.test.CopyFrom(
        v1.DifferenceTest(method="Fisher exact", p_value=float(stats.fisher_exact(table).pvalue))
    )


def difference_interval(one: np.ndarray, other: np.ndarray) -> v1.Interval | None:
    """A bootstrap interval of the difference of two rates, resampled apart."""
    if min(len(one), len(other)) < LEAST_ROWS:
        return None
    result = stats.bootstrap(
        (one, other),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        vectorized=True,
        n_resamples=RESAMPLE_COUNT,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    low, high = result.confidence_interval
    return v1.Interval(
        lower=float(low),
        upper=float(high),
        level=LEVEL,
        method=f"bootstrap percentile, {RESAMPLE_COUNT} resamples, seed {SEED}",
    )


def gaps(
    measured: Sequence[v1.Metric], earlier: Sequence[v1.Metric], record: v1.RecordReference
) -> list[v1.MetricGap]:
    """The same metrics here and in an earlier record, on all rows."""
    before = {m.name: m for m in earlier if m.HasField("number_value") and not m.HasField("slice")}
    made = []
    for name in ("auc", "brier", "log_loss", "approval_rate"):
        here = next(m for m in measured if m.name == name and not m.HasField("slice"))
        difference = here.number_value - before[name].number_value
        within = abs(difference) <= GAP_TOLERANCE
        made.append(
            v1.MetricGap(
                metric_name=name,
                earlier_record=record,
                earlier_value=before[name].number_value,
                value=here.number_value,
                difference=difference,
                tolerance=GAP_TOLERANCE,
                verdict=v1.VERDICT_PASS if within else v1.VERDICT_FAIL,
            )
        )
    return made
