"""A request as a leaf of MLSpec's log: what its own thread does, and all until it is on disk."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

import mlspec
from benchmarks import request as r
from mlspec import v1
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.requestlog.requests import RequestLogger

Operation = Callable[[], object]

BATCH: Final = 5_000
_CAPACITY: Final = 1 << 20
_ROOM: Final = 1 << 14
_FEATURES: Final = v1.Tensor(
    element_kind=v1.ELEMENT_KIND_FLOAT64,
    shape=[len(r.FEATURES)],
    content=struct.pack(f"<{len(r.FEATURES)}d", *r.FEATURES),
)


def deployment() -> v1.DeploymentChange:
    """Return what answers."""
    made = v1.DeploymentChange(
        kind=v1.DEPLOYMENT_CHANGE_KIND_STARTED,
        deployment=v1.RecordReference(
            digest=_digest("deployment"),
            payload_type=RECORD_PAYLOAD_TYPE,
            stage=v1.STAGE_MODEL_SERVING,
        ),
        pipeline=v1.PipelineReference(name="loans", definition_digest=_digest("pipeline")),
        feature_schema=v1.FeatureSchemaReference(
            name="loans", version="1.0.0", digest=_digest("schema")
        ),
        training_data=v1.DatasetVersionReference(dataset_name="loans", digest=_digest("data")),
    )
    made.change_time.GetCurrentTime()
    model = v1.ModelVersionReference(model_name=r.MODEL, version=r.VERSION, digest=_digest("model"))
    made.models.add(model=model, traffic_rate=1.0)
    return made


def logger_in(
    folder: Path, *, checkpointed: bool = False, capacity: int = _CAPACITY
) -> RequestLogger:
    """Open a log that waits rather than drops."""
    durability = v1.LogDurability(checkpointed=v1.CheckpointedDurability())
    if not checkpointed:
        durability.buffered.loss_window_duration.FromSeconds(60)
        durability.buffered.loss_window_entry_count = capacity
    return RequestLogger.open(
        folder / "log",
        origin=r.ORIGIN,
        signer=mlspec.generate_key(),
        deployment=deployment(),
        durability=durability,
        queue=v1.LogQueue(capacity_count=capacity, overflow=v1.LOG_OVERFLOW_BLOCK),
    )


def log_one(logger: RequestLogger) -> None:
    """Log one request, with all that a middleware and an application say of it."""
    request = logger.begin()
    request.host = r.HOST
    request.request_line = r.REQUEST_LINE
    request.referrer = r.REFERRER
    request.agent = r.AGENT
    request.input_size = r.INPUT_BYTES
    request.answer(r.PROBABILITY, decision=r.DECISION, threshold=r.THRESHOLD)
    request.with_features(_FEATURES)
    request.about(subject_id=r.SUBJECT_ID, user=r.USER)
    request.status = r.STATUS
    request.response_size = r.ANSWER_BYTES
    logger.log(request)


def _floor(folder: Path) -> Operation:
    """Return the least that it can cost: one message, filled anew each time, to a buffered file."""
    entry = v1.LogEntry(origin=r.ORIGIN, nonce=bytes(16))
    record = entry.inference
    record.deployment_sha256 = r.SHA256["deployment"]
    record.pipeline_sha256 = r.SHA256["pipeline"]
    record.feature_schema_sha256 = r.SHA256["schema"]
    record.training_data_sha256 = r.SHA256["data"]
    record.model.name, record.model.version = r.MODEL, r.VERSION
    record.model.sha256 = r.SHA256["model"]
    record.outcome, record.status_code = v1.INFERENCE_OUTCOME_ANSWERED, r.STATUS
    record.features.CopyFrom(_FEATURES)
    at, latency, prediction = record.request_time, record.latency_duration, record.model.prediction
    numbers, file = count(), (folder / "entries").open("wb", buffering=1 << 16)

    def run() -> None:
        number = next(numbers)
        entry.sequence_number = number
        record.request_id = f"{number:032x}"
        at.seconds, at.nanos = divmod(time.time_ns(), 1_000_000_000)
        latency.nanos = time.perf_counter_ns() % 1_000_000_000
        prediction.number_value, prediction.decision = r.PROBABILITY, r.DECISION
        prediction.threshold = r.THRESHOLD
        file.write(entry.SerializeToString())

    return run


def _hot(folder: Path) -> Operation:
    logger = logger_in(folder)
    return lambda: log_one(logger)


def _bounded(folder: Path) -> Operation:
    """Return logging one as a service would be set up: what waits is bounded."""
    logger = logger_in(folder, capacity=_ROOM)
    return lambda: log_one(logger)


def _durable(folder: Path) -> Operation:
    logger = logger_in(folder, checkpointed=True)
    return lambda: log_one(logger)


def _batch(folder: Path) -> Operation:
    """Return logging many, until all are on disk: leaves, tree, side records, text, checkpoint."""
    logger = logger_in(folder)

    def run() -> None:
        for _ in range(BATCH):
            log_one(logger)
        logger.flush()

    return run


def _digest(name: str) -> v1.Digest:
    return v1.Digest(sha256=r.SHA256[name])


CASES: Final = {
    "floor": _floor,
    "own thread": _hot,
    "bounded": _bounded,
    "checkpointed": _durable,
    "batch": _batch,
}
"""Each takes a folder of its own and returns the operation that is measured."""
