"""Statistics of a table as messages: what is in each column, overall and on slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from mlspec import v1

QUANTILE_RANKS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
TOP_VALUE_COUNT = 5
FEW_VALUES = 12
"""Up to so many distinct values, each is a bin of its own; beyond, bins are deciles."""

LEAST_EDGES = 5

Edges = Mapping[str, Sequence[float]]


def equals(feature: str, value: str) -> v1.Slice:
    """The slice of the rows where a feature has one value, named `feature=value`."""
    return v1.Slice(
        name=f"{feature}={value}",
        conditions=[
            v1.SliceCondition(
                feature=feature,
                comparison=v1.COMPARISON_EQUAL,
                values=[v1.Scalar(string_value=value)],
            )
        ],
    )


def dataset_statistics(
    frame: pd.DataFrame, *, edges: Edges | None = None, part: v1.Slice | None = None
) -> v1.DatasetStatistics:
    """Statistics of every column.

    Args:
        frame: Rows by columns; NaN is missing.
        edges: Histogram edges by column, so that two tables compare; without, they are chosen here.
        part: The slice that the rows are of. None: all rows.
    """
    message = v1.DatasetStatistics(row_count=len(frame), slice=part)
    for name in frame.columns:
        column = frame[name]
        chosen = None if edges is None else edges.get(str(name))
        message.features.append(feature_statistics(str(name), column, chosen))
    return message


def feature_statistics(
    name: str, column: pd.Series[float] | pd.Series[str], edges: Sequence[float] | None = None
) -> v1.FeatureStatistics:
    """Statistics of one column: numbers get moments, quantiles and a histogram.

    Words their counts.
    """
    present = column.dropna()
    message = v1.FeatureStatistics(
        name=name,
        kind=kind_of(column),
        row_count=len(column),
        missing_count=len(column) - len(present),
        distinct_count=int(present.nunique()),
    )
    for value, count in top_values(present):
        scalar = (
            v1.Scalar(string_value=value)
            if isinstance(value, str)
            else v1.Scalar(number_value=value)
        )
        message.top_values.add(value=scalar, count=count)
    if pd.api.types.is_numeric_dtype(column) and len(present):
        numbers = present.to_numpy(dtype=np.float64)
        message.numbers.CopyFrom(number_statistics(numbers))
        message.histograms.append(histogram(numbers, edges))
    return message


def kind_of(column: pd.Series[float] | pd.Series[str]) -> v1.FeatureKind.ValueType:
    """Words are categories; numbers are integers if every one that is present is whole."""
    if not pd.api.types.is_numeric_dtype(column):
        return v1.FEATURE_KIND_CATEGORY
    present = column.dropna().to_numpy(dtype=np.float64)
    whole = bool(np.all(present == np.floor(present)))
    return v1.FEATURE_KIND_INTEGER if whole else v1.FEATURE_KIND_NUMBER


def top_values(
    present: pd.Series[float] | pd.Series[str],
) -> list[tuple[float | str, int]]:
    """The commonest values with their counts, commonest first, ties by value."""
    counted = [
        (value if isinstance(value, str) else float(str(value)), int(count))
        for value, count in present.value_counts().items()
    ]
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))[:TOP_VALUE_COUNT]


def number_statistics(numbers: np.ndarray) -> v1.NumberStatistics:
    """Moments and quantiles of numbers that are present; all are finite."""
    message = v1.NumberStatistics(
        min_value=float(numbers.min()),
        max_value=float(numbers.max()),
        mean=float(numbers.mean()),
        zero_count=int(np.count_nonzero(numbers == 0)),
        nan_count=0,
        infinite_count=int(np.count_nonzero(np.isinf(numbers))),
    )
    if len(numbers) > 1:
        message.standard_deviation = float(numbers.std(ddof=1))
    if numbers.std() > 0:
        message.skewness = float(stats.skew(numbers))
    for rank, value in zip(QUANTILE_RANKS, np.quantile(numbers, QUANTILE_RANKS), strict=True):
        message.quantiles.add(rank=rank, value=float(value))
    return message


def choose_edges(numbers: np.ndarray) -> tuple[list[float], v1.HistogramEdges.ValueType]:
    """Strictly ascending edges: halfway between few distinct values, deciles of many."""
    distinct = np.unique(numbers)
    if len(distinct) <= FEW_VALUES:
        between = (distinct[:-1] + distinct[1:]) / 2
        ends = (distinct[0] - 0.5, distinct[-1] + 0.5)
        return [float(e) for e in (ends[0], *between, ends[1])], v1.HISTOGRAM_EDGES_CHOSEN
    deciles = np.unique(np.quantile(numbers, np.linspace(0, 1, 11)))
    if len(deciles) >= LEAST_EDGES:
        return [float(e) for e in deciles], v1.HISTOGRAM_EDGES_EQUAL_COUNT
    # One value stands so often that most deciles are it: take those of the distinct values.
    spread = np.unique(np.quantile(distinct, np.linspace(0, 1, 11)))
    return [float(e) for e in spread], v1.HISTOGRAM_EDGES_CHOSEN


def histogram(numbers: np.ndarray, edges: Sequence[float] | None = None) -> v1.Histogram:
    """Counts by bin; values beyond the ends are counted apart."""
    method = v1.HISTOGRAM_EDGES_REFERENCE
    if edges is None:
        edges, method = choose_edges(numbers)
    counts, _ = np.histogram(numbers, bins=np.asarray(edges))
    return v1.Histogram(
        edges=edges,
        counts=[int(count) for count in counts],
        below_count=int(np.count_nonzero(numbers < edges[0])),
        above_count=int(np.count_nonzero(numbers > edges[-1])),
        edges_method=method,
    )


def edges_of(statistics: v1.DatasetStatistics) -> dict[str, list[float]]:
    """The histogram edges that statistics were made with, by feature."""
    return {
        feature.name: list(feature.histograms[0].edges)
        for feature in statistics.features
        if feature.histograms
    }
