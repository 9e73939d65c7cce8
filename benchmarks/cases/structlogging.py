"""orjson alone, and structlog with it: a line of JSON for each request, to a file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Final

import orjson  # type: ignore[import-not-found]
import structlog  # type: ignore[import-not-found]

from benchmarks import request as r

Operation = Callable[[], object]


def _fields(number: int) -> dict[str, Any]:
    return {
        "origin": r.ORIGIN,
        "sequence_number": number,
        "nonce": os.urandom(16).hex(),
        "request_id": os.urandom(16).hex(),
        "request_time": time.time_ns(),
        "latency_ns": time.perf_counter_ns(),
        "outcome": "ANSWERED",
        "status": r.STATUS,
        "bytes": r.ANSWER_BYTES,
        "input_bytes": r.INPUT_BYTES,
        "host": r.HOST,
        "user": r.USER,
        "request": r.REQUEST_LINE,
        "referrer": r.REFERRER,
        "agent": r.AGENT,
        "subject_id": r.SUBJECT_ID,
        "features": r.FEATURES,
        "model": r.MODEL,
        "version": r.VERSION,
        "probability": r.PROBABILITY,
        "decision": r.DECISION,
        "threshold": r.THRESHOLD,
        "deployment_sha256": r.SHA256_HEX["deployment"],
        "model_sha256": r.SHA256_HEX["model"],
        "pipeline_sha256": r.SHA256_HEX["pipeline"],
        "schema_sha256": r.SHA256_HEX["schema"],
        "data_sha256": r.SHA256_HEX["data"],
    }


def _encoded(_: Path) -> Operation:
    numbers = count()
    return lambda: orjson.dumps(_fields(next(numbers)))


def _logged(folder: Path) -> Operation:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(file=(folder / "requests.jsonl").open("ab")),
        cache_logger_on_first_use=True,
    )
    logger, numbers = structlog.get_logger(), count()
    return lambda: logger.info("request", **_fields(next(numbers)))


CASES: Final = {"orjson": _encoded, "structlog": _logged}
"""Each takes a folder of its own and returns the operation that is measured."""
