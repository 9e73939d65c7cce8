"""Reading the request log back: tree recomputed, checkpoint checked, side records bound."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from examples.loan_approval.folder import Folder
from examples.loan_approval.merkle import leaf_hash, note_key_hash, root_of
from examples.loan_approval.people import LOG, LOG_ORIGIN
from examples.loan_approval.reqlog import (
    CHECKPOINT,
    LINES,
    read_detail,
    read_entries,
    read_leaves,
    side_path,
)
from examples.loan_approval.serve import LOGS
from mlspec import v1
from mlspec.sealing import load_public_key

ANSWERED = (
    v1.INFERENCE_OUTCOME_ANSWERED,
    v1.INFERENCE_OUTCOME_ANSWERED_FROM_CACHE,
    v1.INFERENCE_OUTCOME_ANSWERED_BY_FALLBACK,
)


class LogTamperedError(Exception):
    """The log is not what was signed."""


@dataclass(frozen=True)
class Request:
    """One request, as leaf and side record have it; the label once it came."""

    entry: v1.LogEntry
    detail: v1.RequestDetail | None
    label: bool | None

    @property
    def record(self) -> v1.InferenceRecord:
        """The leaf's part."""
        return self.entry.inference

    @property
    def row(self) -> np.ndarray | None:
        """The inputs, in the order of the schema; None if there were none, or they were erased."""
        if self.detail is None or not self.detail.HasField("features"):
            return None
        return np.frombuffer(self.detail.features.content, dtype="<f8")


@dataclass(frozen=True)
class ReadLog:
    """A log whose tree was verified."""

    leaves: list[bytes]
    entries: list[v1.LogEntry]
    requests: list[Request]
    note: str
    root: bytes

    @property
    def erased_count(self) -> int:
        """Side records that leaves bind and that are gone."""
        return sum(
            r.record.HasField("side_hmac_sha256") and r.detail is None for r in self.requests
        )


def read_log(folder: Folder) -> ReadLog:
    """Read and verify.

    Raises:
        LogTamperedError: Tree, checkpoint or a side record does not fit.
    """
    place = folder.root / LOGS
    leaves = read_leaves(place)
    root = root_of([leaf_hash(leaf) for leaf in leaves])
    note = (place / CHECKPOINT).read_text(encoding="utf-8")
    verify_note(folder, note, len(leaves), root)
    entries = read_entries(place)
    labels = {
        e.feedback.request_id: e.feedback.ground_truth.bool_value
        for e in entries
        if e.HasField("feedback")
    }
    requests = []
    for entry in entries:
        if entry.HasField("inference"):
            kept = side_path(place, entry.sequence_number).exists()
            detail = read_detail(place, entry) if kept else None
            label = labels.get(entry.inference.request_id)
            requests.append(Request(entry, detail, label))
    return ReadLog(leaves, entries, requests, note, root)


def verify_note(folder: Folder, note: str, size: int, root: bytes) -> None:
    """Check a signed checkpoint (C2SP tlog-checkpoint) against a tree.

    Raises:
        LogTamperedError: It is of another log, tree or key.
    """
    body, _, signed = note.partition("\n\n")
    expected = f"{LOG_ORIGIN}\n{size}\n{base64.b64encode(root).decode()}"
    if body != expected:
        raise LogTamperedError("the checkpoint must be of this tree")
    public = load_public_key(str(folder.at(f"keys/{LOG.name}.pub")))
    signature = base64.b64decode(signed.strip().rsplit(" ", 1)[1])
    fits = public.fits(signature[4:], f"{body}\n".encode())
    if signature[:4] != note_key_hash(LOG_ORIGIN, public) or not fits:
        raise LogTamperedError("the checkpoint must be signed by the log's key")


def erase(place: Path, sequence_number: int) -> None:
    """Erase what describes a person: the side record, salt and all, and the line made from it."""
    side_path(place, sequence_number).unlink()
    mark = f' seq="{sequence_number}" '
    lines = (place / LINES).read_text(encoding="ascii").splitlines(keepends=True)
    (place / LINES).write_text("".join(line for line in lines if mark not in line))


def counts(entries: list[v1.LogEntry]) -> v1.LogEntryCounts:
    """Leaves by kind."""
    kinds = Counter(entry.WhichOneof("event") for entry in entries)
    failed = sum(e.HasField("inference") and e.inference.outcome not in ANSWERED for e in entries)
    return v1.LogEntryCounts(
        inference_count=kinds["inference"],
        failed_inference_count=failed,
        feedback_count=kinds["feedback"],
        deployment_change_count=kinds["deployment_change"],
        drop_leaf_count=kinds["dropped"],
        dropped_count=sum(e.dropped.dropped_count for e in entries),
        opened_count=kinds["opened"],
        delegation_count=kinds["delegation"],
        logged_record_count=kinds["logged_record"],
    )
