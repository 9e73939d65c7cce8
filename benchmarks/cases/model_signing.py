"""model-signing: the manifest of a model of many small files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from model_signing import hashing  # type: ignore[import-not-found]

from benchmarks.sample_files import small_files

Operation = Callable[[], object]


def _small(folder: Path) -> Operation:
    path = small_files(folder)
    return lambda: hashing.Config().hash(path)


CASES: Final = {"small": _small}
"""Each takes a folder of its own and returns the operation that is measured."""
