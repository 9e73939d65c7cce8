"""The request log read back: verified as a whole first, then joined with what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from examples.loan_approval.job import Job
from mlspec import v1
from mlspec.requestlog import read_entry
from mlspec.requestlog.checking import LogReport, verify_trusted_log
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.keeping import kept_tokens
from mlspec.requestlog.requests import SideRecords, open_detail


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
    """A log that was verified from its first leaf to its last."""

    report: LogReport
    entries: list[v1.LogEntry]
    requests: list[Request]
    tokens: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self.report.checkpoint.size

    @property
    def root(self) -> bytes:
        """The root of its tree."""
        return self.report.checkpoint.root

    @property
    def erased_count(self) -> int:
        """Side records that leaves bind and that are gone."""
        return sum(
            r.record.HasField("side_hmac_sha256") and r.detail is None for r in self.requests
        )


def read_log(job: Job) -> ReadLog:
    """Verify the log, and read it.

    Raises:
        LogTamperedError: A check of the log failed.
        VerificationError: Its checkpoint or a side record is not what was signed.
    """
    place = job.folder.requests
    report = verify_trusted_log(place, job.trust)
    if report.problems:
        raise LogTamperedError("; ".join(line.words for line in report.problems))
    checkpoint = report.checkpoint.checkpoint
    leaves = LogFolder.open(place).leaves(0, checkpoint.size)
    entries = [read_entry(leaf, checkpoint.origin, index) for index, leaf in leaves]
    labels = {
        e.feedback.request_id: e.feedback.ground_truth.bool_value
        for e in entries
        if e.HasField("feedback")
    }
    sides = SideRecords(place)
    requests = [
        Request(entry, detail_of(sides, entry), labels.get(entry.inference.request_id))
        for entry in entries
        if entry.HasField("inference")
    ]
    return ReadLog(report, entries, requests, kept_tokens(place, checkpoint.size))


def detail_of(sides: SideRecords, entry: v1.LogEntry) -> v1.RequestDetail | None:
    """What describes the person, after it was compared with its leaf. None: erased, or none."""
    side = sides.read(entry.sequence_number)
    return None if side is None else open_detail(entry, side)
