"""MLSpec's stage records: sealed onto a stream, and by `run.step()` into a store."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

import mlspec
from benchmarks import sample
from benchmarks.cases import messages
from mlspec import v1
from mlspec.codec.streams import frame

Operation = Callable[[], object]


def _built(_: Path) -> Operation:
    return messages.build


def _sealed(_: Path) -> Operation:
    key, record = mlspec.generate_key(), messages.build()
    return lambda: mlspec.seal(record, key)


def _appended(folder: Path) -> Operation:
    key = mlspec.generate_key()
    descriptor = os.open(folder / "stream", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def run() -> None:
        sealed = mlspec.seal(messages.build(), key)
        os.write(descriptor, frame(sealed.to_bytes()))

    return run


def _step(place: Path, environment: v1.Environment | None = None) -> Operation:
    """Return one whole step: facts handed over, sealed, and on disk when the block is left."""
    key = mlspec.generate_key()
    run = mlspec.Run(
        sample.PIPELINE,
        store=place,
        signer=key,
        namespace=sample.NAMESPACE,
        environment=environment,
    )
    inputs = [v1.Artifact(**fields) for fields in messages.INPUTS]
    outputs = [v1.Artifact(**fields) for fields in messages.OUTPUTS]
    numbers = count()

    def step() -> None:
        body = v1.ModelTraining(**messages.body())
        with run.step(body, name=f"{sample.STEP}_{next(numbers)}") as step:
            for artifact in inputs:
                step.input(artifact)
            for artifact in outputs:
                step.output(artifact)

    return step


CASES: Final = {
    "build": _built,
    "seal": _sealed,
    "append": _appended,
    "step, sqlite": lambda folder: _step(folder / "mlspec.db"),
    "step, sqlite, no environment": lambda folder: _step(
        folder / "mlspec.db", v1.Environment(language="Python")
    ),
    "step, stream": lambda folder: _step(folder / "records.mlspecs"),
}
"""Each takes a folder of its own and returns the operation that is measured."""
