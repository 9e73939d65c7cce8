"""The sample's facts as messages of MLSpec, built as a program in a hurry would build them."""

from __future__ import annotations

from typing import Any, Final

from benchmarks import sample
from mlspec import records, v1

_RUN_ID: Final = records.new_id()


def artifact(file: sample.File) -> dict[str, Any]:
    """Return the fields of an artifact."""
    return {
        "name": file.name,
        "role": file.role,
        "uri": file.uri,
        "size_bytes": file.size,
        "digest": {"sha256": file.sha256},
        "kind": v1.ARTIFACT_KIND_FILE,
    }


INPUTS: Final = [artifact(file) for file in sample.INPUTS]
OUTPUTS: Final = [artifact(file) for file in sample.OUTPUTS]


def body() -> dict[str, Any]:
    """Return the fields of a training body. Nested dicts build faster than nested messages."""
    return {
        "algorithm": sample.ALGORITHM,
        "learning_task": v1.PREDICTION_TASK_BINARY_CLASSIFICATION,
        "hyperparameters": [
            {"name": name, "number_value": value} for name, value in sample.PARAMETERS.items()
        ],
        "metrics": [
            {"name": name, "custom_kind": name, "number_value": value}
            for name, value in sample.METRICS.items()
        ],
    }


def header() -> dict[str, Any]:
    """Return the fields of a header with a new id and the time."""
    now = records.now()
    return {
        "record_id": records.new_id(),
        "spec_version": records.SPEC_VERSION,
        "least_reader_version": records.LEAST_READER_VERSION,
        "stage": v1.STAGE_MODEL_TRAINING,
        "namespace_name": sample.NAMESPACE,
        "pipeline": {"name": sample.PIPELINE},
        "run_id": _RUN_ID,
        "step_name": sample.STEP,
        "step_attempt": 1,
        "create_time": now,
        "start_time": now,
        "end_time": now,
        "state": v1.RECORD_STATE_SUCCEEDED,
        "capture": v1.CAPTURE_METHOD_RECORDED,
        "producer": {"name": "benchmarks", "version": "1"},
        "inputs": INPUTS,
        "outputs": OUTPUTS,
    }


def build() -> v1.Record:
    """Return a whole record without an environment, some 1.2 kB."""
    return v1.Record(header=header(), model_training=body())  # type: ignore[arg-type]


def step_record(environment: v1.Environment) -> v1.Record:
    """Return a whole record as a step of a run leaves it, with where it happened."""
    record = build()
    record.header.environment.CopyFrom(environment)
    return record
