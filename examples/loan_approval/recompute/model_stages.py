"""Stages 7 to 10 again: from the model's files, the clean tables and the released hold-back set."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import json
from collections.abc import Iterable

import joblib
import numpy as np
import onnxruntime
import pandas as pd
from scipy import stats
from sklearn import metrics as sk
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, cross_val_score

from examples.loan_approval.recompute.book import Book
from examples.loan_approval.recompute.data_stages import out_of_domain, released_rows
from examples.loan_approval.recompute.origin import public_key
from mlspec import v1

NOT_INPUTS = ["race", "sex", "approve"]


def onnx_scores(book: Book, relative: str, rows: pd.DataFrame) -> np.ndarray:
    """What an ONNX file says about rows."""
    session = onnxruntime.InferenceSession(book.folder / relative)
    tensor = rows.drop(columns=NOT_INPUTS).to_numpy(dtype=np.float32)
    return np.asarray(session.run(["probabilities"], {"features": tensor})[0])[:, 1].astype(float)


def overall(metrics: Iterable[v1.Metric]) -> dict[str, v1.Metric]:
    """Metrics of all rows by name."""
    return {metric.name: metric for metric in metrics if not metric.HasField("slice")}


def compare_scores(
    book: Book, stage: str, metrics: Iterable[v1.Metric], truth: np.ndarray, score: np.ndarray
) -> None:
    """The metrics of all rows, by scikit-learn."""
    found, said = overall(metrics), score >= 0.5
    for name, value in (
        ("auc", sk.roc_auc_score(truth, score)),
        ("average_precision", sk.average_precision_score(truth, score)),
        ("brier", sk.brier_score_loss(truth, score)),
        ("log_loss", sk.log_loss(truth, score)),
        ("accuracy", sk.accuracy_score(truth, said)),
        ("precision", sk.precision_score(truth, said)),
        ("recall", sk.recall_score(truth, said)),
        ("approval_rate", said.mean()),
        ("false_positive_rate", said[truth == 0].mean()),
    ):
        book.compare(stage, name, found[name].number_value, float(value))
    matrix = sk.confusion_matrix(truth, said).ravel().tolist()
    book.compare(
        stage, "confusion", str(list(found["confusion"].confusion_matrix.counts)), str(matrix)
    )
    book.compare(stage, "rows", found["auc"].sample_count, len(truth))


def training(book: Book) -> None:
    """Metrics on the fitted rows, the winner's folds, the conversion, the size."""
    body, rows = book.body(v1.ModelTraining), book.csv("data/clean/train.csv")
    truth = rows.approve.to_numpy().astype(int)
    inputs = rows.drop(columns=NOT_INPUTS).to_numpy()
    model = joblib.load(book.folder / "model/model.joblib")
    score = model.predict_proba(inputs)[:, 1]
    compare_scores(book, "train", body.metrics, truth, score)
    folds = StratifiedKFold(5, shuffle=True, random_state=7)
    scores = cross_val_score(clone(model), inputs, truth, cv=folds, scoring="roc_auc")
    won = next(t for t in body.search.trials if t.id == body.search.winner_trial_id)
    for fold, value in zip(won.folds, scores, strict=True):
        what = f"winner, fold {fold.fold_number}"
        book.compare("train", what, fold.metrics[0].number_value, float(value))
    best = max(trial.metrics[0].number_value for trial in body.search.trials)
    book.compare("train", "winner", best, float(scores.mean()))
    apart = np.abs(score - onnx_scores(book, "model/model.onnx", rows)).max()
    checked = body.conversions[0].check_result.differences[0]
    book.compare("train", "ONNX apart", checked.largest_absolute_difference, float(apart))
    classifier = model.named_steps["classify"]
    trees = [tree for stage in classifier.estimators_ for tree in stage]
    nodes = sum(tree.tree_.node_count for tree in trees)
    book.compare("train", "learnt numbers", body.architecture.parameter_count, nodes)
    book.compare("train", "rounds", body.progress.step_count, len(trees))
    for artifact in (body.conversions[0].source_artifact, body.conversions[0].target_artifact):
        digest = book.sha256(artifact.uri)
        book.compare("train", artifact.name, artifact.digest.sha256.hex(), digest)


def in_domain(book: Book, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows that the model is for, by the schema of requests."""
    content = (book.folder / "schema/inputs.binpb").read_bytes()
    fits = pd.Series(True, index=rows.index)
    for declared in v1.FeatureSchema.FromString(content).features:
        column = rows[declared.name]
        fits &= ~out_of_domain(column, declared)
        if declared.min_presence_rate == 1:
            fits &= column.notna()
    return rows[fits].reset_index(drop=True)


def compare_groups(
    book: Book,
    stage: str,
    body: v1.ModelEvaluation | v1.HoldoutTest,
    rows: pd.DataFrame,
    score: np.ndarray,
) -> None:
    """Each group's share of approvals with Wilson's interval, and what the criteria come to."""
    said, truth = score >= 0.5, rows.approve.to_numpy()
    for metric in body.metrics:
        if metric.HasField("slice") and metric.name == "approval_rate":
            name, value = metric.slice.name.split("=")
            group = said[(rows[name] == value).to_numpy()]
            ends = stats.binomtest(int(group.sum()), len(group)).proportion_ci(method="wilson")
            book.compare(stage, f"approved, {value}", metric.number_value, float(group.mean()))
            book.compare(stage, f"lower, {value}", metric.interval.lower, float(ends.low))
    for result in body.outcome.required_results:
        name, _, value = result.slice.name.partition("=")
        if result.criterion_id == "approval_difference":
            group = said[(rows[name] == value).to_numpy()]
            what = f"difference, {value}"
            book.compare(stage, what, result.observed, float(abs(group.mean() - said.mean())))
            decided = len(group) >= 30
            passed = bool(abs(group.mean() - said.mean()) <= 0.1)
            verdict = (
                (v1.VERDICT_FAIL, v1.VERDICT_PASS)[passed] if decided else v1.VERDICT_UNDECIDED
            )
            book.compare(stage, f"{what}: verdict", result.verdict, verdict)
    interval = overall(body.metrics)["auc"].interval
    again = stats.bootstrap(
        (truth, score),
        lambda t, s: sk.roc_auc_score(t, s),
        paired=True,
        vectorized=False,
        n_resamples=400,
        method="percentile",
        rng=np.random.default_rng(20250707),
    )
    book.compare(stage, "auc, lower end", interval.lower, float(again.confidence_interval.low))


def tested(
    book: Book, stage: str, body: v1.ModelEvaluation | v1.HoldoutTest, clean: pd.DataFrame
) -> None:
    """All of an evaluation, from its rows and the served file."""
    rows = in_domain(book, clean)
    score = onnx_scores(book, "model/model.onnx", rows)
    book.compare(stage, "rows used", body.data.used_row_count, len(rows))
    left_out = sum(each.row_count for each in body.data.exclusions)
    book.compare(stage, "rows left out", left_out, len(clean) - len(rows))
    compare_scores(book, stage, body.metrics, rows.approve.to_numpy().astype(int), score)
    compare_groups(book, stage, body, rows, score)


def evaluation(book: Book) -> None:
    """Stage 8, and the baseline on the same rows."""
    body, clean = book.body(v1.ModelEvaluation), book.csv("data/clean/validation.csv")
    tested(book, "evaluate", body, clean)
    rows = in_domain(book, clean)
    score = onnx_scores(book, "model/baseline.onnx", rows)
    recorded = overall(body.baselines[0].metrics)["auc"].number_value
    book.compare("evaluate", "baseline", recorded, float(sk.roc_auc_score(rows.approve, score)))


def holdout(book: Book) -> None:
    """Stage 9, and how far it is from stage 8."""
    body, clean = book.body(v1.HoldoutTest), pd.read_csv(io.BytesIO(released_rows(book)))
    tested(book, "holdout-test", body, clean)
    rows = in_domain(book, book.csv("data/clean/validation.csv"))
    before = sk.roc_auc_score(rows.approve, onnx_scores(book, "model/model.onnx", rows))
    gap = next(each for each in body.gaps if each.metric_name == "auc")
    book.compare("holdout-test", "auc before", gap.earlier_value, float(before))


def packaging(book: Book) -> None:
    """Manifest, signature, samples, dependencies."""
    body, folder, stage = book.body(v1.ModelPackaging), book.folder / "package", "package"
    sums, total = "", 0
    for path in sorted(
        (p for p in folder.rglob("*") if p.is_file()), key=lambda p: str(p).encode()
    ):
        content, name = path.read_bytes(), path.relative_to(folder).as_posix()
        recorded = next(each for each in body.manifest.files if each.path == name)
        digest = hashlib.sha256(content).hexdigest()
        sums, total = sums + f"{digest}  {name}\n", total + len(content)
        book.compare(stage, name, recorded.sha256.hex(), digest)
    book.compare(stage, "size", body.manifest.total_size_bytes, total)
    manifest = hashlib.sha256(sums.encode())
    book.compare(stage, "manifest", body.manifest.sha256.hex(), manifest.hexdigest())
    signature = (book.folder / body.signatures[0].bundle.uri).read_bytes()
    public_key(book, "model-release").verify(signature, manifest.digest())
    book.compare(stage, "disk", body.infrastructure.minimum.disk_bytes, total)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    for sample in body.sample_inputs:
        request = json.loads((book.folder / sample.input.uri).read_text())
        expected = json.loads((book.folder / sample.expected_output.uri).read_text())
        row = np.array([[request["features"][f.name] for f in body.signature.inputs]], np.float32)
        said = float(session.run(["probabilities"], {"features": row})[0][0, 1])
        book.compare(stage, f"sample {sample.name}", expected["approval_probability"], said)
    for each in body.dependencies:
        book.compare(stage, each.name, each.version, importlib.metadata.version(each.name))
    listed = json.loads((folder / "sbom.cdx.json").read_text())["components"]
    book.compare(stage, "components", body.bills_of_materials[0].component_count, len(listed))


def key_id(book: Book, name: str) -> str:
    """The id of a key: SHA-256 of its DER form."""
    lines = (book.folder / f"keys/{name}.pub").read_text().splitlines()
    der = base64.b64decode("".join(line for line in lines if not line.startswith("-")))
    return hashlib.sha256(der).hexdigest()


ALL = (training, evaluation, holdout, packaging)
