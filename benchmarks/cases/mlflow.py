"""MLflow: the step as a run with parameters, metrics and tags, into SQLite on disk."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}

from mlflow import MlflowClient  # type: ignore[import-not-found]
from mlflow.entities import Metric, Param, RunTag  # type: ignore[import-not-found]

from benchmarks import sample

Operation = Callable[[], object]


def _whole_run(folder: Path) -> Operation:
    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.create_experiment(sample.PIPELINE, artifact_location=folder.as_uri())
    parameters = [Param(name, str(value)) for name, value in sample.PARAMETERS.items()]
    tags = [
        RunTag(f"{kind}.{file.name}", f"sha256:{file.sha256.hex()}")
        for kind, files in (("input", sample.INPUTS), ("output", sample.OUTPUTS))
        for file in files
    ]

    def run() -> None:
        run_id = client.create_run(experiment, run_name=sample.STEP).info.run_id
        moment = time.time_ns() // 1_000_000
        metrics = [Metric(name, value, moment, 0) for name, value in sample.METRICS.items()]
        client.log_batch(run_id, metrics=metrics, params=parameters, tags=tags)
        client.set_terminated(run_id)

    return run


CASES: Final = {"run": _whole_run}
"""Each takes a folder of its own and returns the operation that is measured."""
