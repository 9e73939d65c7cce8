"""The part of the preparation that is fitted: medians, commonest values, means, scales, categories.

It is fitted to training rows and nothing else, and it becomes part of the model, so that a request
meets the same code and the same numbers as a training row did.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from examples.loan_approval.columns import CODES, FLAGS, INPUTS, NUMBERS

State = dict[str, dict[str, Any]]
"""What was learnt, by operation, then by feature."""


def preparation(*, scale: bool) -> ColumnTransformer:
    """Impute all inputs, one-hot encode codes, and, for linear models, scale numbers."""
    numbers: list[tuple[str, Any]] = [("impute", SimpleImputer(strategy="median"))]
    if scale:
        numbers.append(("scale", StandardScaler()))
    ends = (len(NUMBERS), len(NUMBERS) + len(FLAGS), len(INPUTS))
    return ColumnTransformer(
        [
            ("numbers", Pipeline(numbers), list(range(ends[0]))),
            ("flags", SimpleImputer(strategy="most_frequent"), list(range(ends[0], ends[1]))),
            (
                "codes",
                OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                list(range(ends[1], ends[2])),
            ),
        ]
    )


def with_model(classifier: ClassifierMixin, *, scale: bool) -> Pipeline:
    """Preparation and classifier as one thing, from raw inputs to probabilities."""
    return Pipeline([("prepare", preparation(scale=scale)), ("classify", classifier)])


def state_of(fitted: ColumnTransformer) -> State:
    """What a fitted preparation has learnt, as plain numbers."""
    numbers = fitted.named_transformers_["numbers"]
    flags = fitted.named_transformers_["flags"].statistics_
    codes = fitted.named_transformers_["codes"].categories_
    medians = numbers.named_steps["impute"].statistics_
    state: State = {
        "impute-numbers": dict(zip(NUMBERS, medians.tolist(), strict=True)),
        "impute-flags": dict(zip(FLAGS, flags.tolist(), strict=True)),
        "encode-codes": {name: c.tolist() for name, c in zip(CODES, codes, strict=True)},
    }
    if "scale" in numbers.named_steps:
        scaler = numbers.named_steps["scale"]
        state["scale-numbers"] = {
            name: {"mean": mean, "scale": spread}
            for name, mean, spread in zip(
                NUMBERS, scaler.mean_.tolist(), scaler.scale_.tolist(), strict=True
            )
        }
    return state


def fit(rows: np.ndarray) -> State:
    """Fit the whole preparation, scaling included, to rows of inputs."""
    return state_of(preparation(scale=True).fit(rows))


def typical_row(state: State, rows: np.ndarray) -> list[float]:
    """One value an input: medians of numbers, and the commonest of flags and codes."""
    codes = rows[:, len(NUMBERS) + len(FLAGS) :]
    commonest = [float(np.bincount(column.astype(np.int64)).argmax()) for column in codes.T]
    return [
        *(float(state["impute-numbers"][name]) for name in NUMBERS),
        *(float(state["impute-flags"][name]) for name in FLAGS),
        *commonest,
    ]
