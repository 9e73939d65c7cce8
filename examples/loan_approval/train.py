"""Stage 7: search for hyperparameters, fit the winner, and turn it into ONNX.

The trained pipeline takes raw inputs: what was fitted in stage 4 is inside it, and is compared with
what stage 4 kept.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import Pipeline

from examples.loan_approval.columns import DROPPED, INPUTS, LABEL, SLICE_FEATURES
from examples.loan_approval.convert import (
    BASELINE_ONNX,
    JOBLIB,
    ONNX,
    convert,
    ir_version,
    package,
    write_onnx,
)
from examples.loan_approval.curves import curve_metrics
from examples.loan_approval.job import Job, Past
from examples.loan_approval.metrics import Scored, rate_metrics, score_metrics
from examples.loan_approval.objectives import PROBABILITY
from examples.loan_approval.people import TRAINER
from examples.loan_approval.prepare import state_of
from examples.loan_approval.registry import model_version
from examples.loan_approval.search import (
    BASELINE,
    SEED,
    TREES,
    Candidate,
    peak_memory_bytes,
    search,
    winner_of,
)
from examples.loan_approval.table import inputs, labels
from examples.loan_approval.transform import CLEAN_TRAIN, FITTED
from examples.loan_approval.validate import EDITED, REQUESTS, read_clean, reference
from mlspec import digests, v1

VERSION = "1.0.0"


class StateDiffersError(Exception):
    """The preparation inside the model is not the one that was recorded."""


def train(job: Job) -> None:
    """Search, fit, convert, register, and seal the record of it."""
    splitting = job.past(v1.DataSplitting)
    parents = [splitting, job.past(v1.Objectives), job.past(v1.DataTransformation)]
    started = time.process_time()
    body = v1.ModelTraining(
        learning_task=v1.PREDICTION_TASK_BINARY_CLASSIFICATION,
        framework=framework(),
        deterministic=True,
        calibration_method="none",
    )
    with job.step(TRAINER, body, "train", parents) as step:
        for path in (CLEAN_TRAIN, FITTED, EDITED):
            step.input(job.folder.artifact(path, role="training"))
        rows = read_clean(job, CLEAN_TRAIN)
        describe_data(job, body, splitting, rows)
        body.search.CopyFrom(search(inputs(rows), labels(rows)))
        winner = winner_of(body.search)
        body.algorithm = winner.algorithm
        model = fit(winner, rows)
        check_state(job, model)
        baseline = fit(BASELINE, rows)
        joblib.dump(model, job.folder.at(JOBLIB))
        write_onnx(baseline, job.folder.at(BASELINE_ONNX))
        body.hyperparameters.extend(winner.parameters())
        body.conversions.append(convert(job, model, inputs(rows)))
        describe_fit(body, model, rows)
        body.trained_models.append(register(job))
        body.resources.CopyFrom(resources(started))
        for path in (JOBLIB, ONNX, BASELINE_ONNX):
            step.output(job.folder.artifact(path, role="model"))


def framework() -> v1.ModelFramework:
    """The library that fits."""
    return v1.ModelFramework(kind=v1.MODEL_FRAMEWORK_KIND_SCIKIT_LEARN, version=sklearn.__version__)


def fit(candidate: Candidate, rows: pd.DataFrame) -> Pipeline:
    """The candidate's pipeline, from raw inputs to probabilities, fitted to rows."""
    return candidate.pipeline().fit(inputs(rows), labels(rows))


def check_state(job: Job, model: Pipeline) -> None:
    """Compare what the model's preparation learnt with what stage 4 recorded.

    Raises:
        StateDiffersError: They differ.
    """
    recorded = json.loads(job.folder.at(FITTED).read_text())
    for operation, state in state_of(model.named_steps["prepare"]).items():
        if state != recorded[operation]:
            raise StateDiffersError(f"{operation}: must be as stage 4 fitted it")


def describe_data(
    job: Job, body: v1.ModelTraining, splitting: Past[v1.DataSplitting], rows: pd.DataFrame
) -> None:
    """Say which rows and columns had a part, which code ran, and which seeds it drew from."""
    part = next(s for s in splitting.body.splits if s.role == v1.SPLIT_ROLE_TRAIN)
    split = v1.SplitReference(
        name=part.name,
        role=part.role,
        digest=part.digest,
        splitting=splitting.reference,
        dataset_version=splitting.body.dataset_version,
        row_count=part.row_count,
    )
    for purpose in (v1.TRAINING_PURPOSE_FIT, v1.TRAINING_PURPOSE_TUNE):
        body.data.add(purpose=purpose, split=split)
    body.features.CopyFrom(
        v1.TrainingFeatures(
            schema=reference(job, EDITED),
            input_features=INPUTS,
            label_features=[LABEL],
            excluded_features=[*DROPPED, *SLICE_FEATURES],
        )
    )
    body.code.entry_point = "examples.loan_approval.train:train"
    code = Path(__file__)
    body.code.artifact.CopyFrom(
        digests.artifact(code, role="code", media_type="text/x-python", uri=code.name)
    )
    for name in ("StratifiedKFold", "GradientBoostingClassifier"):
        body.seeds.add(generator_name=name, seed=SEED)
    body.bias_mitigations.add(
        technique=v1.BIAS_MITIGATION_TECHNIQUE_FEATURE_REMOVAL,
        features=SLICE_FEATURES,
        fairness_goal="equal treatment: the same inputs get the same answer",
    )
    body.distribution.strategy = v1.DISTRIBUTION_STRATEGY_SINGLE
    worker = body.distribution.worker_groups.add(
        role=v1.TRAINING_WORKER_ROLE_WORKER, worker_count=1
    )
    worker.cpu_count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def describe_fit(body: v1.ModelTraining, model: Pipeline, rows: pd.DataFrame) -> None:
    """Say what came out: metrics on the fitted rows, curves, size, and how far training went."""
    scored = Scored(
        labels(rows), model.predict_proba(inputs(rows))[:, 1], rows[list(SLICE_FEATURES)]
    )
    body.metrics.extend(score_metrics(scored) + rate_metrics(scored) + curve_metrics(scored))
    won = next(t for t in body.search.trials if t.id == body.search.winner_trial_id)
    body.validation_metrics.extend(won.metrics)
    body.architecture.family = body.algorithm
    classifier = model.named_steps["classify"]
    if body.algorithm == TREES:
        describe_trees(body, classifier, len(rows))
    else:
        body.architecture.parameter_count = classifier.coef_.size + 1
        body.progress.step_count = int(classifier.n_iter_[0])
        body.progress.stop_reason = v1.STOP_REASON_CONVERGED
    body.progress.restart_count = 0


def describe_trees(
    body: v1.ModelTraining, classifier: GradientBoostingClassifier, row_count: int
) -> None:
    """Say how many trees there are, how large, and how the loss fell."""
    trees = [tree for stage in classifier.estimators_ for tree in stage]
    # Each node holds a threshold, or in a leaf a value: one learnt number a node.
    nodes = sum(tree.tree_.node_count for tree in trees)
    body.architecture.parameter_count = body.architecture.trainable_parameter_count = nodes
    layer = body.architecture.layers.add(
        name="trees", kind_name="regression tree", repeat_count=len(trees)
    )
    layer.settings.add(name="max_depth", integer_value=classifier.max_depth)
    body.progress.step_count = len(trees)
    body.progress.sample_count = len(trees) * int(classifier.subsample * row_count)
    body.progress.stop_reason = v1.STOP_REASON_LIMIT_REACHED
    body.progress.stop_detail = f"{len(trees)} rounds, as the search chose"
    losses = np.asarray(classifier.train_score_)
    body.metrics.add(
        name="training_loss",
        kind=v1.METRIC_KIND_LOSS,
        direction=v1.METRIC_DIRECTION_LOWER,
        curve=v1.Curve(
            x_name="round",
            y_name="mean log loss of the rows drawn",
            x=range(1, len(losses) + 1),
            y=losses.tolist(),
        ),
    )


def register(job: Job) -> v1.TrainedModel:
    """Make the model a version of the model object, and describe it."""
    model = v1.ModelVersion(
        artifact=job.folder.artifact(ONNX, role="model"),
        framework=framework(),
        author=TRAINER.actor,
        licence="Apache-2.0",
        signature=signature(job),
        limitations=["amounts beyond the bounds of the training rows", "other cities, other years"],
    )
    return v1.TrainedModel(
        model=model_version(job, model, VERSION),
        artifact=model.artifact,
        format=v1.ModelFormat(
            kind=v1.MODEL_FORMAT_KIND_ONNX, version=ir_version(job.folder.at(ONNX))
        ),
        serializer=package("skl2onnx"),
        load_dependencies=[package("onnxruntime")],
        preprocessing_included=True,
        carries_code=False,
        signature=model.signature,
    )


def signature(job: Job) -> v1.ModelSignature:
    """What goes in, in the order of the tensor, and what comes out."""
    requests = v1.FeatureSchema.FromString(job.folder.at(REQUESTS).read_bytes())
    made = v1.ModelSignature(inputs=requests.features)
    output = made.outputs.add(name=PROBABILITY, kind=v1.FEATURE_KIND_NUMBER)
    output.number_domain.CopyFrom(v1.NumberDomain(min_value=0, max_value=1))
    return made


def resources(started: float) -> v1.ResourceUse:
    """Processor time of this step, and the most memory that the process held."""
    used = v1.ResourceUse()
    used.cpu_duration.FromNanoseconds(int((time.process_time() - started) * 1e9))
    used.peak_memory_bytes = peak_memory_bytes()
    return used
