"""Stages 11 to 13 again: from the log's bytes, the side records and the applicants' own file."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics as sk

from examples.loan_approval.recompute.book import Book, feature, merkle_root, psi
from examples.loan_approval.recompute.data_stages import observed
from examples.loan_approval.recompute.model_stages import key_id
from examples.loan_approval.recompute.origin import public_key
from mlspec import v1

LOGS = "requests"
ANSWERED, BY_UNDERWRITER, REFUSED = (
    v1.INFERENCE_OUTCOME_ANSWERED,
    v1.INFERENCE_OUTCOME_ANSWERED_BY_FALLBACK,
    v1.INFERENCE_OUTCOME_INPUT_REFUSED,
)
MOVED = v1.DEPLOYMENT_CHANGE_KIND_TRAFFIC_MOVED


@dataclass(frozen=True)
class Log:
    """The leaves as bytes and as messages, and the side records that are still there."""

    leaves: list[bytes]
    entries: list[v1.LogEntry]
    details: dict[int, v1.RequestDetail]

    @property
    def asked(self) -> list[v1.LogEntry]:
        """Leaves of requests."""
        return [entry for entry in self.entries if entry.HasField("inference")]

    @property
    def answered(self) -> list[v1.LogEntry]:
        """Leaves of requests that the model answered."""
        return [entry for entry in self.asked if entry.inference.outcome == ANSWERED]

    def rows(self) -> np.ndarray:
        """The inputs of all applications that fitted the schema."""
        held = [self.details[e.sequence_number] for e in self.asked if self._has_row(e)]
        return np.array([np.frombuffer(each.features.content) for each in held])

    def _has_row(self, entry: v1.LogEntry) -> bool:
        detail = self.details.get(entry.sequence_number)
        return detail is not None and detail.HasField("features")


def read(book: Book) -> Log:
    """Cut the log into leaves, and bind each side record to its leaf.

    Raises:
        ValueError: A side record is not the one that its leaf binds.
    """
    leaves = [leaf for data in bundles(book.folder / LOGS) for leaf in leaves_in(data)]
    entries, details = [v1.LogEntry.FromString(leaf) for leaf in leaves], {}
    for path in sorted((book.folder / LOGS / "side").glob("[0-9]*")):
        for data in delimited(path.read_bytes()):
            side = v1.SideRecord.FromString(data)
            mac = hmac.new(side.salt, side.content, hashlib.sha256).digest()
            if mac != entries[side.sequence_number].inference.side_hmac_sha256:
                raise ValueError(f"side record {side.sequence_number}: is not the leaf's")
            details[side.sequence_number] = v1.RequestDetail.FromString(side.content)
    return Log(leaves, entries, details)


def bundles(log: Path) -> list[bytes]:
    """The entry bundles of a small log (C2SP tlog-tiles), the last one as far as it is signed."""
    size = int((log / "checkpoint").read_text().split("\n")[1])
    folder, paths = log / "tile/entries", []
    for number in range((size + 255) // 256):
        width = min(256, size - 256 * number)
        paths.append(folder / (f"{number:03d}" if width == 256 else f"{number:03d}.p/{width}"))
    return [path.read_bytes() for path in paths]


def leaves_in(data: bytes) -> list[bytes]:
    """The entries of a bundle: each after its length in two bytes, big endian."""
    found, place = [], 0
    while place < len(data):
        size = int.from_bytes(data[place : place + 2], "big")
        found.append(data[place + 2 : place + 2 + size])
        place += 2 + size
    return found


def delimited(data: bytes) -> list[bytes]:
    """Messages, each after its length as a varint."""
    found, place = [], 0
    while place < len(data):
        size = shift = 0
        while True:
            byte, place = data[place], place + 1
            size, shift = size | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        found.append(data[place : place + size])
        place += size
    return found


def serving(book: Book) -> None:
    """The steps of the roll-out, counted in the log."""
    started = book.body(v1.ModelServing, "serve")
    finished, log, stage = book.body(v1.ModelServing, "serve-finished"), read(book), "serve"
    changes = [entry for entry in log.entries if entry.HasField("deployment_change")]
    moved = next(c.sequence_number for c in changes if c.deployment_change.kind == MOVED)
    for step, members in (
        (finished.steps[0], [e for e in log.answered if e.sequence_number < moved]),
        (finished.steps[1], [e for e in log.answered if e.sequence_number > moved]),
    ):
        book.compare(stage, f"{step.name}: requests", step.request_count, len(members))
        book.compare(stage, f"{step.name}: failed", step.failed_request_count, 0)
    taken = [
        e
        for e in log.asked
        if e.sequence_number < moved and e.inference.outcome in (ANSWERED, BY_UNDERWRITER)
    ]
    metric = finished.steps[0].metrics[0]
    book.compare(stage, "canary: applications", metric.sample_count, len(taken))
    for entry in taken:
        name = log.details[entry.sequence_number].subject_id.encode()
        share = int.from_bytes(hashlib.sha256(name).digest()[:4], "big") / 2**32
        by_model = share < finished.steps[0].traffic_rate
        book.compare(
            stage, f"{name.decode()}: by model", entry.inference.outcome == ANSWERED, by_model
        )
    rates = [c.deployment_change.models[0].traffic_rate for c in changes[:2]]
    plans = [plan.traffic_rate for plan in started.planned_steps]
    book.compare(stage, "shares of traffic", str(plans), str(rates))
    origin = started.request_logs[0]
    book.compare(stage, "leaves before", origin.start_tree_size, changes[0].sequence_number)
    book.compare(stage, "key of the log", origin.keyid, key_id(book, "request-log"))
    checks = {check.kind: check for check in started.infrastructure_validation.checks}
    manifest = book.body(v1.ModelPackaging).manifest.sha256.hex()
    found = checks[v1.INFRASTRUCTURE_CHECK_KIND_INTEGRITY].found
    book.compare(stage, "package", found, manifest)
    model = started.to_model.digest.sha256.hex()
    book.compare(stage, "model", model, book.sha256("package/model.onnx"))


def monitoring(book: Book) -> None:
    """The signals, from leaves and side records."""
    body, log, stage = book.body(v1.Monitoring), read(book), "monitor"
    signals = {signal.name: signal for signal in body.monitoring_signals}
    rows, training = log.rows(), observed(book, "data/raw/train.csv")
    statistics = book.body(v1.DataAnalysis).statistics
    inputs = v1.FeatureSchema.FromString((book.folder / "schema/inputs.binpb").read_bytes())
    for place, declared in enumerate(inputs.features[:12]):
        edges = list(feature(statistics, declared.name).histograms[0].edges)
        value = psi(edges, training[declared.name].to_numpy(), rows[:, place])
        book.compare(
            stage, f"drift of {declared.name}", signals[f"drift-{declared.name}"].value, value
        )
    missing = float(np.isnan(rows).mean())
    book.compare(stage, "missing", signals["missing-rate"].value, missing)
    approved = np.array([e.inference.model.prediction.decision == "approve" for e in log.answered])
    book.compare(stage, "approvals", signals["approval-rate"].value, float(approved.mean()))
    labels = {
        e.feedback.request_id: e.feedback.ground_truth.bool_value
        for e in log.entries
        if e.HasField("feedback")
    }
    known = [e.inference for e in log.answered if e.inference.request_id in labels]
    score = [each.model.prediction.number_value for each in known]
    truth = [labels[each.request_id] for each in known]
    area = float(sk.roc_auc_score(truth, score))
    book.compare(stage, "auc", signals["auc-labelled"].value, area)
    book.compare(stage, "labels", body.labelled_request_count, len(labels))
    asked = [e.inference for e in log.asked if e.inference.endpoint == "/v1/decisions"]
    refused = float(np.mean([each.outcome == REFUSED for each in asked]))
    book.compare(stage, "refused", signals["refused-rate"].value, refused)
    times = [each.latency_duration.ToMicroseconds() / 1000 for each in asked]
    slow = float(np.percentile(times, 99))
    book.compare(stage, "latency", signals["latency-p99"].value, slow)
    groups(book, log, signals, approved)
    book.compare(stage, "requests", body.liveness.request_count, len(log.asked))
    root = body.log_windows[0].root_sha256.hex()
    book.compare(stage, "root", root, merkle_root(log.leaves).hex())


def groups(
    book: Book, log: Log, signals: dict[str, v1.MonitoringSignal], approved: np.ndarray
) -> None:
    """Approvals by race, joined with the applicants' file over the application's number."""
    people = book.csv("later/applicants.csv")
    numbers = [log.details[e.sequence_number].subject_id for e in log.answered]
    places = [int(n[2:]) - 1 if n[2:].isdigit() else -1 for n in numbers]
    known = [place for place in places if place >= 0]
    said = pd.Series(approved[[place >= 0 for place in places]])
    black = (people.black.iloc[known] == 1).to_numpy()
    everybody = {name: bool(each) for name, each in zip(numbers, approved, strict=True)}
    apart = abs(float(said[black].mean()) - float(np.mean(list(everybody.values()))))
    signal = signals["approval-difference-race-black"]
    book.compare("monitor", "black applicants", signal.sample_count, int(black.sum()))
    book.compare("monitor", "difference, black", signal.value, apart)


def logging(book: Book) -> None:
    """Tree, checkpoint, counts."""
    body, log, stage = book.body(v1.Logging), read(book), "log"
    root = merkle_root(log.leaves)
    book.compare(stage, "leaves", body.tree_size, len(log.leaves))
    book.compare(stage, "root", body.root_sha256.hex(), root.hex())
    text, _, signed = body.checkpoint.partition("\n\n")
    book.compare(stage, "checkpoint", text.split("\n")[2], base64.b64encode(root).decode())
    signature = base64.b64decode(signed.split(" ")[2])[4:]
    public_key(book, "request-log").verify(signature, f"{text}\n".encode())
    kinds, found = Counter(e.WhichOneof("event") for e in log.entries), body.entry_counts
    failed = sum(e.inference.outcome not in (ANSWERED, BY_UNDERWRITER) for e in log.asked)
    lines = (book.folder / LOGS / "access.log").read_text().splitlines()
    erased = len(log.asked) - len(log.details)
    opened = log.entries[0].opened.open_time
    for what, recorded, computed in (
        ("requests", found.inference_count, kinds["inference"]),
        ("failed", found.failed_inference_count, failed),
        ("feedback", found.feedback_count, kinds["feedback"]),
        ("changes", found.deployment_change_count, kinds["deployment_change"]),
        ("opened", found.opened_count, kinds["opened"]),
        ("erased", body.erased_side_record_count, erased),
        ("lines", found.inference_count - body.erased_side_record_count, len(lines)),
        ("start", body.start_time.ToNanoseconds(), opened.ToNanoseconds()),
        ("kept, days", body.retention.leaf_retention_duration.seconds // 86_400, 762),
        ("key", body.keyid, key_id(book, "request-log")),
    ):
        book.compare(stage, what, recorded, computed)
    hashes = {f'leaf="{hashlib.sha256(b"%c" % 0 + leaf).hexdigest()}"' for leaf in log.leaves}
    tied = sum(line.rsplit(" ", 1)[1] in hashes for line in lines)
    book.compare(stage, "lines tied to leaves", len(lines), tied)


ALL = (serving, monitoring, logging)
