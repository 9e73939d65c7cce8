"""A long request log, as its writer leaves it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import mlspec
from benchmarks.sizes import LEAVES
from mlspec import records, v1
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.requestlog import NoteKey, NoteKeyKind
from mlspec.requestlog.disk import LogWriter

ORIGIN: Final = "bank.example/loans/requests"

_AT_ONCE: Final = 8_192
_DEPLOYMENT, _MODEL = (hashlib.sha256(name).digest() for name in (b"deployment", b"model"))


def long_log(folder: Path, leaves: int = LEAVES) -> tuple[Path, NoteKey]:
    """Write a log of so many leaves, of some 300 bytes each; return its folder and key."""
    key, path = mlspec.generate_key(), folder / "log"
    window = v1.BufferedDurability(loss_window_entry_count=_AT_ONCE * 2)
    window.loss_window_duration.FromSeconds(3600)
    with LogWriter.open(
        path,
        origin=ORIGIN,
        signer=key,
        kind=v1.LOG_KIND_REQUESTS,
        durability=v1.LogDurability(buffered=window),
    ) as log:
        log.append(v1.LogEntry(deployment_change=_change()))
        for number in range(log.size, leaves):
            log.append_event(_request(number))
            if number % _AT_ONCE == 0:
                log.commit()
    return path, NoteKey(ORIGIN, NoteKeyKind.LOG, key.public)


def _change() -> v1.DeploymentChange:
    made = v1.DeploymentChange(kind=v1.DEPLOYMENT_CHANGE_KIND_STARTED, change_time=records.now())
    made.deployment.digest.sha256 = _DEPLOYMENT
    made.deployment.payload_type = RECORD_PAYLOAD_TYPE
    made.deployment.stage = v1.STAGE_MODEL_SERVING
    served = made.models.add(traffic_rate=1)
    served.model.model_name, served.model.version = "loan-approval", "3"
    served.model.digest.sha256 = _MODEL
    return made


def _request(number: int) -> bytes:
    made = v1.InferenceRecord(
        request_id=f"019382aa-3c4e-7b21-9f1e-{number:012x}",
        outcome=v1.INFERENCE_OUTCOME_ANSWERED,
        status_code=200,
        response_size_bytes=183,
        deployment_sha256=_DEPLOYMENT,
        model=v1.InferenceModel(name="loan-approval", version="3", sha256=_MODEL),
        feature_schema_sha256=_DEPLOYMENT,
        side_hmac_sha256=_MODEL,
    )
    made.request_time.seconds, made.request_time.nanos = 1_732_040_000 + number, 123_456_000
    made.latency_duration.nanos = 1_834_000
    prediction = made.model.prediction
    prediction.number_value, prediction.decision, prediction.threshold = 0.41, "refer", 0.5
    return v1.LogEntry(inference=made).SerializeToString()
