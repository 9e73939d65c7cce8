"""OpenLineage: the START and COMPLETE events of the step, appended to a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from openlineage.client import OpenLineageClient  # type: ignore[import-not-found]
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState  # type: ignore[import-not-found]
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet  # type: ignore[import-not-found]
from openlineage.client.generated.execution_parameters_run import (  # type: ignore[import-not-found]
    ExecutionParameter,
    ExecutionParametersRunFacet,
)
from openlineage.client.transport.file import FileConfig, FileTransport  # type: ignore[import-not-found]

from benchmarks import sample

Operation = Callable[[], object]


def _facets(file: sample.File) -> dict[str, DatasetVersionDatasetFacet]:
    return {"version": DatasetVersionDatasetFacet(datasetVersion=file.sha256.hex())}


def _event(state: RunState, run_id: str) -> RunEvent:
    facts = {**sample.PARAMETERS, **sample.METRICS}
    parameters = [ExecutionParameter(key=key, value=str(value)) for key, value in facts.items()]
    facets = {"executionParameters": ExecutionParametersRunFacet(parameters=parameters)}
    return RunEvent(
        eventType=state,
        eventTime=datetime.now(UTC).isoformat(),
        run=Run(runId=run_id, facets=facets if state is RunState.COMPLETE else {}),
        job=Job(namespace=sample.NAMESPACE, name=f"{sample.PIPELINE}.{sample.STEP}"),
        inputs=[InputDataset("file", file.uri, facets=_facets(file)) for file in sample.INPUTS],
        outputs=[OutputDataset("file", file.uri, facets=_facets(file)) for file in sample.OUTPUTS],
    )


def _pair(folder: Path) -> Operation:
    config = FileConfig(log_file_path=str(folder / "events.jsonl"), append=True)
    client = OpenLineageClient(transport=FileTransport(config))

    def run() -> None:
        run_id = str(uuid4())
        client.emit(_event(RunState.START, run_id))
        client.emit(_event(RunState.COMPLETE, run_id))

    return run


CASES: Final = {"pair": _pair}
"""Each takes a folder of its own and returns the operation that is measured."""
