"""OpenTelemetry: a log record for each request, through the batch processor, to a file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from opentelemetry._logs import LogRecord, SeverityNumber  # type: ignore[import-not-found]
from opentelemetry.sdk._logs import LoggerProvider  # type: ignore[import-not-found]
from opentelemetry.sdk._logs.export import (  # type: ignore[import-not-found]
    BatchLogRecordProcessor,
    LogRecordExporter,
    LogRecordExportResult,
)

from benchmarks import request as r

Operation = Callable[[], object]

BATCH: Final = 5_000
_ROOM: Final = 1 << 20


class _File(LogRecordExporter):  # type: ignore[misc]
    """Writes OTLP's JSON of each record, one a line, as the SDK's console exporter has it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self.written = 0

    def export(self, batch: Sequence[Any]) -> LogRecordExportResult:
        for record in batch:
            self._file.write(record.to_json(indent=None) + "\n")
        self._file.flush()
        self.written += len(batch)
        return LogRecordExportResult.SUCCESS

    def shutdown(self) -> None:
        self._file.close()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def _emitting(folder: Path) -> tuple[Operation, LoggerProvider, _File]:
    exporter, provider = _File(folder / "logs.jsonl"), LoggerProvider()
    # Room for all of a turn: what is dropped in silence would look fast.
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, max_queue_size=_ROOM))
    logger = provider.get_logger("requests")

    def run() -> None:
        logger.emit(
            LogRecord(
                timestamp=time.time_ns(),
                severity_number=SeverityNumber.INFO,
                body="request",
                attributes=_attributes(),
            )
        )

    return run, provider, exporter


def _attributes() -> dict[str, Any]:
    return {
        "request.id": os.urandom(16).hex(),
        "latency_ns": time.perf_counter_ns(),
        "http.response.status_code": r.STATUS,
        "http.response.body.size": r.ANSWER_BYTES,
        "http.request.body.size": r.INPUT_BYTES,
        "http.request.method": r.METHOD,
        "url.path": r.PATH,
        "client.address": r.HOST,
        "user.id": r.USER,
        "http.request.header.referer": r.REFERRER,
        "user_agent.original": r.AGENT,
        "subject.id": r.SUBJECT_ID,
        "features": r.FEATURES,
        "model.name": r.MODEL,
        "model.version": r.VERSION,
        "probability": r.PROBABILITY,
        "decision": r.DECISION,
        "threshold": r.THRESHOLD,
        **{f"{name}.sha256": value for name, value in r.SHA256_HEX.items()},
    }


def _batch(folder: Path) -> Operation:
    """Return logging many, until all of them are in the file."""
    one, provider, exporter = _emitting(folder)

    def run() -> None:
        before = exporter.written
        for _ in range(BATCH):
            one()
        provider.force_flush()
        if exporter.written - before != BATCH:
            raise RuntimeError(f"wrote {exporter.written - before} of {BATCH}")

    return run


CASES: Final = {"emit": lambda folder: _emitting(folder)[0], "batch": _batch}
"""Each takes a folder of its own and returns the operation that is measured."""
