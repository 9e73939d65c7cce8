"""How far a feature has moved: the population stability index on the reference's own bins.

The rule of thumb (0.10 look, 0.25 act) ignores how many rows there are. With no change at all the
index is about (1/n + 1/m) chi2(B - 1) (Yurdakul and Naranjo 2020), so the larger of the two is the
bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from mlspec import v1

LOOK, ACT = 0.10, 0.25
LOOK_LEVEL, ACT_LEVEL = 0.95, 0.999
LEAST_ROWS = 50
PSEUDO_COUNT = 0.5
"""Added to each bin, so that an empty one does not make the index infinite."""


@dataclass(frozen=True)
class Stability:
    """One index with what is needed to judge it."""

    value: float | None
    sample_count: int
    reference_count: int
    bin_count: int

    @property
    def unit_spread(self) -> float:
        """1/n + 1/m; infinite without rows."""
        if not self.sample_count or not self.reference_count:
            return float("inf")
        return 1 / self.sample_count + 1 / self.reference_count

    def no_change(self, level: float) -> float:
        """What the index stays below, with this probability, if nothing has changed."""
        if self.bin_count < 2 or not np.isfinite(self.unit_spread):
            return 0.0
        return float(self.unit_spread * stats.chi2.ppf(level, self.bin_count - 1))

    @property
    def look_bound(self) -> float:
        """Beyond it someone should look."""
        return max(LOOK, self.no_change(LOOK_LEVEL))

    @property
    def act_bound(self) -> float:
        """Beyond it someone must act."""
        return max(ACT, self.no_change(ACT_LEVEL))

    @property
    def p_value(self) -> float | None:
        """The probability of such an index with no change; None without a value."""
        if self.value is None or self.bin_count < 2:
            return None
        return float(stats.chi2.sf(self.value / self.unit_spread, self.bin_count - 1))

    @property
    def decided(self) -> bool:
        """Whether there are rows enough on both sides."""
        return self.value is not None and min(self.sample_count, self.reference_count) >= LEAST_ROWS

    @property
    def why_undecided(self) -> str:
        """What is missing."""
        if self.bin_count < 2:
            return "the reference has one bin"
        return (
            f"{self.sample_count} and {self.reference_count} rows, at least {LEAST_ROWS} are needed"
        )

    def as_check(self, check_id: str, feature: str) -> v1.DriftCheck:
        """The index as a check of a validation."""
        check = v1.DriftCheck(
            id=check_id,
            kind=v1.DRIFT_KIND_BETWEEN_SPLITS,
            feature=feature,
            statistic=v1.SIGNAL_STATISTIC_PSI,
            value=self.value,
            bound=self.act_bound,
            no_change_bound=self.no_change(ACT_LEVEL),
            sample_count=self.sample_count,
            reference_sample_count=self.reference_count,
            min_sample_count=LEAST_ROWS,
            bin_count=self.bin_count,
            p_value=self.p_value,
            severity=v1.FINDING_SEVERITY_ERROR,
            verdict=v1.VERDICT_PASS,
        )
        if self.value is None or not self.decided:
            check.verdict, check.reason = v1.VERDICT_UNDECIDED, self.why_undecided
        elif self.value > self.act_bound:
            check.verdict, check.reason = v1.VERDICT_FAIL, "the parts are distributed differently"
        return check

    def as_signal(
        self, name: str, feature: str, kind: v1.SignalKind.ValueType
    ) -> v1.MonitoringSignal:
        """The index as a signal of a monitoring window."""
        signal = v1.MonitoringSignal(
            name=name,
            kind=kind,
            statistic=v1.SIGNAL_STATISTIC_PSI,
            feature=feature,
            value=self.value,
            direction=v1.SIGNAL_DIRECTION_AT_MOST,
            warn_bound=self.look_bound,
            act_bound=self.act_bound,
            no_change_bound=self.no_change(LOOK_LEVEL),
            sample_count=self.sample_count,
            reference_sample_count=self.reference_count,
            min_sample_count=LEAST_ROWS,
            bin_count=self.bin_count,
            p_value=self.p_value,
            verdict=v1.SIGNAL_VERDICT_OK,
        )
        if self.value is None or not self.decided:
            signal.verdict, signal.reason = v1.SIGNAL_VERDICT_UNDECIDED, self.why_undecided
        elif self.value > self.act_bound:
            signal.verdict, signal.reason = v1.SIGNAL_VERDICT_ACT, "beyond the bound to act at"
        elif self.value > self.look_bound:
            signal.verdict, signal.reason = v1.SIGNAL_VERDICT_WARN, "beyond the bound to look at"
        return signal


def population_stability(reference: v1.FeatureStatistics, column: pd.Series[float]) -> Stability:
    """The index of some rows against the histogram of a reference.

    Missing values are left out on both sides.
    """
    histogram = reference.histograms[0]
    expected = counts_of(histogram)
    numbers = column.dropna().to_numpy(dtype=np.float64)
    edges = np.asarray(histogram.edges)
    found, _ = np.histogram(np.clip(numbers, edges[0], edges[-1]), bins=edges)
    value = index(expected, found) if len(numbers) and len(expected) > 1 else None
    return Stability(value, len(numbers), int(expected.sum()), len(expected))


def counts_of(histogram: v1.Histogram) -> np.ndarray:
    """Counts by bin, with what lies beyond the ends in the end bins."""
    counts = np.array(histogram.counts, dtype=np.float64)
    counts[0] += histogram.below_count
    counts[-1] += histogram.above_count
    return counts


def index(expected: np.ndarray, found: np.ndarray) -> float:
    """The population stability index of two counts over the same bins, in nats."""
    p = (expected + PSEUDO_COUNT) / (expected + PSEUDO_COUNT).sum()
    q = (found + PSEUDO_COUNT) / (found + PSEUDO_COUNT).sum()
    return float(np.sum((q - p) * np.log(q / p)))
