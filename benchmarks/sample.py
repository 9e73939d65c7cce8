"""The facts of one training step, as every contestant records them. Standard library only."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

ALGORITHM: Final = "gradient boosted trees"
NAMESPACE: Final = "loans"
PIPELINE: Final = "loan-approval"
STEP: Final = "model_training"

PARAMETERS: Final[dict[str, float]] = {
    "learning_rate": 0.05,
    "max_depth": 6.0,
    "n_estimators": 400.0,
    "subsample": 0.8,
    "colsample": 0.7,
    "min_child_weight": 5.0,
    "reg_alpha": 0.1,
    "reg_lambda": 1.5,
    "gamma": 0.01,
    "early_stopping_rounds": 25.0,
}

METRICS: Final[dict[str, float]] = {
    "accuracy": 0.8912,
    "precision": 0.9023,
    "recall": 0.9541,
    "f1": 0.9275,
    "auc": 0.8433,
}


class File(NamedTuple):
    """One file that the step read or wrote.

    Attributes:
        name: What it is called.
        role: What it was for.
        uri: Where it was.
        size: Its length in bytes.
        sha256: Its digest, 32 bytes.
    """

    name: str
    role: str
    uri: str
    size: int
    sha256: bytes


def _file(name: str, role: str, size: int) -> File:
    return File(name, role, f"data/{name}", size, hashlib.sha256(name.encode()).digest())


INPUTS: Final = (
    _file("train.parquet", "training data", 1_843_200),
    _file("validation.parquet", "validation data", 204_800),
    _file("schema.json", "feature schema", 8_192),
)

OUTPUTS: Final = (
    _file("model.joblib", "model", 5_242_880),
    _file("importances.csv", "feature importances", 2_048),
)
