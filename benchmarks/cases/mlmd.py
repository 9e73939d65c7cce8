"""ml-metadata: the step as an execution with its artifacts and events, into SQLite on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ml_metadata.metadata_store import metadata_store  # type: ignore[import-not-found]
from ml_metadata.proto import metadata_store_pb2 as pb  # type: ignore[import-not-found]

from benchmarks import sample

Operation = Callable[[], object]


def _store(folder: Path) -> metadata_store.MetadataStore:
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = str(folder / "mlmd.db")
    config.sqlite.connection_mode = pb.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return metadata_store.MetadataStore(config)


def _types(store: metadata_store.MetadataStore) -> tuple[int, int]:
    file = pb.ArtifactType(name="File")
    for name in ("role", "sha256"):
        file.properties[name] = pb.STRING
    file.properties["size"] = pb.INT
    step = pb.ExecutionType(name="Training")
    step.properties["algorithm"] = pb.STRING
    for name in (*sample.PARAMETERS, *sample.METRICS):
        step.properties[name] = pb.DOUBLE
    return store.put_artifact_type(file), store.put_execution_type(step)


def _artifact(file: sample.File, type_id: int) -> pb.Artifact:
    artifact = pb.Artifact(type_id=type_id, uri=file.uri)
    artifact.properties["role"].string_value = file.role
    artifact.properties["sha256"].string_value = file.sha256.hex()
    artifact.properties["size"].int_value = file.size
    return artifact


def _execution(type_id: int) -> pb.Execution:
    execution = pb.Execution(type_id=type_id, last_known_state=pb.Execution.COMPLETE)
    execution.properties["algorithm"].string_value = sample.ALGORITHM
    for name, value in {**sample.PARAMETERS, **sample.METRICS}.items():
        execution.properties[name].double_value = value
    return execution


def _put_execution(folder: Path) -> Operation:
    store = _store(folder)
    file_type, step_type = _types(store)

    def run() -> None:
        pairs = [
            (_artifact(file, file_type), pb.Event(type=kind))
            for kind, files in ((pb.Event.INPUT, sample.INPUTS), (pb.Event.OUTPUT, sample.OUTPUTS))
            for file in files
        ]
        store.put_execution(_execution(step_type), pairs, [])

    return run


CASES: Final = {"put_execution": _put_execution}
"""Each takes a folder of its own and returns the operation that is measured."""
