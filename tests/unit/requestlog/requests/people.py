"""Requests of several people in a folder, without a writer: what tests of erasing start from."""

from collections.abc import Iterator
from pathlib import Path

from mlspec import v1
from mlspec.requestlog import leaf_hash
from mlspec.requestlog.disk import side_lock
from mlspec.requestlog.requests import SideRecords, TextLines, line, make_side
from mlspec.validation import validate

ORIGIN = "bank.example/loans/requests"
ANNA, BORIS = "applicant-anna-4711", "applicant-boris-0815"


def inference(index: int) -> v1.LogEntry:
    """A request that is valid once it is bound."""
    record = v1.InferenceRecord(
        request_id=f"r-{index}",
        outcome=v1.INFERENCE_OUTCOME_ANSWERED,
        status_code=200,
        deployment_sha256=b"d" * 32,
        model=v1.InferenceModel(name="loan-approval", version="3", sha256=b"m" * 32),
    )
    record.request_time.seconds = 1_732_040_000 + index
    record.latency_duration.nanos = 1000
    return v1.LogEntry(
        origin=ORIGIN, sequence_number=index, nonce=index.to_bytes(16, "big"), inference=record
    )


def detail(subject: str) -> v1.RequestDetail:
    """What describes a person; each text tells whose it is."""
    return v1.RequestDetail(
        host="198.51.100.7" if subject == ANNA else "203.0.113.8",
        user=f"user-of-{subject}",
        request_line=f"POST /v1/score?case={subject} HTTP/1.1",
        agent=f"browser-of-{subject}",
        subject_id=subject,
    )


class Log:
    """Leaves in memory; side records and lines in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: list[v1.LogEntry] = []
        self.records, self.lines = SideRecords(folder), TextLines(folder)

    def add(self, subject: str, entry: v1.LogEntry | None = None) -> int:
        """Log one more request, or `entry`; return its index."""
        index = len(self.entries)
        made = inference(index) if entry is None else entry
        made.sequence_number = index
        told = detail(subject)
        side = make_side(made, told)
        validate(made)
        self.entries.append(made)
        with side_lock(str(self.folder)):
            self.records.append([(index, side.SerializeToString())])
            if made.HasField("inference"):
                self.lines.append([line(made, leaf_hash(made.SerializeToString()), told)])
        return index

    def pruned_before(self) -> int:
        """Nothing was pruned."""
        return 0

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The leaves."""
        for index, entry in list(enumerate(self.entries))[start:stop]:
            yield index, entry.SerializeToString()

    def traces(self, subject: str) -> list[str]:
        """The files in which anything of a person stands, whatever they are called."""
        marks = [subject.encode(), b"198.51.100.7" if subject == ANNA else b"203.0.113.8"]
        return [
            path.relative_to(self.folder).as_posix()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and any(mark in path.read_bytes() for mark in marks)
        ]
