"""Answers one application with the packaged model: checks the input, scores it, and says why."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from examples.loan_approval.objectives import APPROVE, REFER
from mlspec import v1
from mlspec.codec import read

MODEL, SCHEMA, RULE = "model.onnx", "inputs.binpb", "decision_rule.json"
REASON_COUNT = 4


class RefusedError(Exception):
    """The input does not fit the model; `problems` says where and how."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Answer:
    """What the model says about one application."""

    row: np.ndarray
    probability: float
    decision: str
    threshold: float
    typical_probability: float
    attributions: np.ndarray
    """What each input adds to the probability, against a typical applicant, in schema order."""


class Scorer:
    """The model, the schema of its inputs, and the rule that makes a decision of a probability."""

    def __init__(self, package: Path) -> None:
        rule = json.loads((package / RULE).read_text(encoding="utf-8"))
        self.schema = read(v1.FeatureSchema, package / SCHEMA)
        self.threshold = float(rule["threshold"])
        self._reasons: dict[str, str] = rule["reasons"]
        self._typical = np.array([rule["typical_row"]], dtype=np.float32)
        self._session = onnxruntime.InferenceSession(package / MODEL)

    def score(self, rows: np.ndarray) -> np.ndarray:
        """Probabilities of approval, 0 to 1, one a row."""
        named = {"features": rows.astype(np.float32)}
        probabilities = self._session.run(["probabilities"], named)[0]
        return np.asarray(probabilities)[:, 1]

    def answer(self, features: object) -> Answer:
        """Check and score one application.

        Raises:
            RefusedError: It does not fit the schema.
        """
        row = self._row(features)
        without = np.repeat(row[np.newaxis, :], len(row), axis=0)
        np.fill_diagonal(without, self._typical[0])
        scored = self.score(np.vstack((row[np.newaxis, :], self._typical, without)))
        probability = float(scored[0])
        return Answer(
            row=row,
            probability=probability,
            decision=APPROVE if probability >= self.threshold else REFER,
            threshold=self.threshold,
            typical_probability=float(scored[1]),
            attributions=probability - scored[2:],
        )

    def reasons(self, answer: Answer) -> list[v1.PrincipalReason]:
        """The inputs that weigh most against the applicant, weightiest first; at most four."""
        worst = np.argsort(answer.attributions, kind="stable")[:REASON_COUNT]
        return [
            self._reason(self.schema.features[index].name, float(answer.attributions[index]))
            for index in worst
            if answer.attributions[index] < 0
        ]

    def _reason(self, name: str, contribution: float) -> v1.PrincipalReason:
        words = self._reasons[name].capitalize()
        return v1.PrincipalReason(
            description=words, code=name, feature=name, contribution=contribution
        )

    def _row(self, features: object) -> np.ndarray:
        if not isinstance(features, dict):
            raise RefusedError(["features: must be an object"])
        known = {feature.name for feature in self.schema.features}
        problems = [
            f"features: has no input {name[:64]!r}" for name in features if name not in known
        ]
        row = np.full(len(self.schema.features), np.nan, dtype=np.float64)
        for index, feature in enumerate(self.schema.features):
            value = features.get(feature.name)
            problem = problem_with(value, feature)
            if problem:
                problems.append(f"features.{feature.name}: {problem}")
            elif value is not None:
                row[index] = value
        if problems:
            raise RefusedError(problems[:16])
        return row


def problem_with(value: object, feature: v1.FeatureDefinition) -> str | None:
    """What is wrong with one value, in words; None if it fits. A missing value is None."""
    if value is None:
        return "must be given" if feature.min_presence_rate == 1 else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    if not -1e308 < value < 1e308:
        return "must be finite"
    if feature.HasField("value_domain"):
        allowed = [scalar.number_value for scalar in feature.value_domain.values]
        return None if value in allowed else f"must be one of {allowed} (got {value})"
    domain = feature.number_domain
    if domain.HasField("min_value") and value < domain.min_value:
        return f"must be at least {domain.min_value:g} (got {value})"
    if domain.HasField("max_value") and value > domain.max_value:
        return f"must be at most {domain.max_value:g} (got {value})"
    return None
