"""The search for hyperparameters: every combination, cross-validated within training rows."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline

from examples.loan_approval.prepare import with_model
from mlspec import v1

SEED, FOLD_COUNT = 7, 5
TREES, LINEAR = "gradient-boosted trees", "logistic regression"
SPACE: dict[str, tuple[float, ...]] = {
    "C": (0.1, 1.0),
    "n_estimators": (60, 120),
    "learning_rate": (0.05, 0.1),
    "max_depth": (1, 2),
}
SUBSAMPLE = 0.8


@dataclass(frozen=True)
class Candidate:
    """An algorithm with one choice of hyperparameters."""

    algorithm: str
    settings: tuple[tuple[str, float], ...]

    def pipeline(self) -> Pipeline:
        """A fresh pipeline, from raw inputs to probabilities."""
        chosen = dict(self.settings)
        if self.algorithm == LINEAR:
            return with_model(LogisticRegression(C=chosen["C"], max_iter=2000), scale=True)
        trees = GradientBoostingClassifier(
            n_estimators=int(chosen["n_estimators"]),
            learning_rate=chosen["learning_rate"],
            max_depth=int(chosen["max_depth"]),
            subsample=SUBSAMPLE,
            random_state=SEED,
        )
        return with_model(trees, scale=False)

    def parameters(self) -> list[v1.Parameter]:
        """The choice as typed values."""
        made = [v1.Parameter(name="algorithm", string_value=self.algorithm)]
        for name, value in self.settings:
            if name in ("n_estimators", "max_depth"):
                made.append(v1.Parameter(name=name, integer_value=int(value)))
            else:
                made.append(v1.Parameter(name=name, number_value=value))
        if self.algorithm == TREES:
            made.append(v1.Parameter(name="subsample", number_value=SUBSAMPLE))
        return made


BASELINE = Candidate(LINEAR, (("C", 1.0),))
"""What the objectives compare the model with."""


def candidates() -> list[Candidate]:
    """Every combination, linear models first."""
    linear = [Candidate(LINEAR, (("C", c),)) for c in SPACE["C"]]
    names = ("n_estimators", "learning_rate", "max_depth")
    grid = product(*(SPACE[name] for name in names))
    trees = [Candidate(TREES, tuple(zip(names, values, strict=True))) for values in grid]
    return linear + trees


def search(rows: np.ndarray, truth: np.ndarray) -> v1.HyperparameterSearch:
    """Try every candidate; the best by mean AUC over folds wins, ties to the earlier one."""
    started = time.process_time()
    tried = candidates()
    made = v1.HyperparameterSearch(
        method=v1.SEARCH_METHOD_GRID,
        goals=[v1.SearchGoal(metric_name="auc", direction=v1.METRIC_DIRECTION_HIGHER)],
        budget=v1.SearchBudget(max_trial_count=len(tried), max_parallel_count=1),
        cross_validation=v1.CrossValidation(
            scheme=v1.CROSS_VALIDATION_SCHEME_STRATIFIED,
            fold_count=FOLD_COUNT,
            repeat_count=1,
            shuffled=True,
            seed=SEED,
        ),
        trial_count=len(tried),
        selection_rule="highest mean auc over folds, ties to the earlier trial",
        refitted=True,
        seed=SEED,
        space=dimensions(),
    )
    for number, candidate in enumerate(tried, 1):
        made.trials.append(trial(str(number), candidate, rows, truth))
    made.resources.peak_memory_bytes = peak_memory_bytes()
    made.winner_trial_id = max(made.trials, key=lambda t: t.metrics[0].number_value).id
    made.resources.cpu_duration.FromNanoseconds(int((time.process_time() - started) * 1e9))
    return made


def peak_memory_bytes() -> int:
    """The most memory that this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def dimensions() -> list[v1.SearchDimension]:
    """What was searched, and for which algorithm."""
    algorithms = v1.SearchDimension(name="algorithm")
    for algorithm in (LINEAR, TREES):
        algorithms.choices.values.add(string_value=algorithm)
    made = [algorithms]
    for name, values in SPACE.items():
        dimension = v1.SearchDimension(name=name, condition_name="algorithm")
        dimension.condition_values.add(string_value=LINEAR if name == "C" else TREES)
        for value in values:
            dimension.choices.values.add(number_value=value)
        made.append(dimension)
    return made


def trial(
    trial_id: str, candidate: Candidate, rows: np.ndarray, truth: np.ndarray
) -> v1.SearchTrial:
    """One candidate, fitted and measured once for each fold."""
    made = v1.SearchTrial(
        id=trial_id,
        state=v1.SEARCH_TRIAL_STATE_SUCCEEDED,
        parameters=candidate.parameters(),
        seed=SEED,
    )
    made.start_time.FromDatetime(datetime.now(UTC))
    folds = StratifiedKFold(FOLD_COUNT, shuffle=True, random_state=SEED)
    scores = []
    for number, (fitted, measured) in enumerate(folds.split(rows, truth), 1):
        model = candidate.pipeline().fit(rows[fitted], truth[fitted])
        said = model.predict_proba(rows[measured])[:, 1]
        scores.append(float(roc_auc_score(truth[measured], said)))
        fold = made.folds.add(fold_number=number)
        fold.metrics.append(auc(scores[-1:], len(measured)))
    made.metrics.append(auc(scores, len(truth)))
    made.end_time.FromDatetime(datetime.now(UTC))
    return made


def auc(scores: Iterable[float], count: int) -> v1.Metric:
    """The mean of some scores as a metric."""
    return v1.Metric(
        name="auc",
        kind=v1.METRIC_KIND_AUC,
        number_value=float(np.mean(list(scores))),
        direction=v1.METRIC_DIRECTION_HIGHER,
        sample_count=count,
    )


def winner_of(done: v1.HyperparameterSearch) -> Candidate:
    """The candidate that won."""
    return candidates()[int(done.winner_trial_id) - 1]
