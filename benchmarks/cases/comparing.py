"""How long it takes to compare two images of a specification, whole programs from start to end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from benchmarks.cases.commands import MLSPEC, Operation, command, program
from benchmarks.cases.fixtures import two_images

_BUF: Final = Path(__file__).parents[2] / ".tools" / "generator" / "bin" / "buf"
_FILES: Final = 100


def _mlspec(folder: Path) -> Operation:
    old, new = two_images(folder, _FILES)
    return program("-c", MLSPEC, "breaking", str(old), str(new))


def _buf(folder: Path, *, plugin: bool) -> Operation:
    old, new = two_images(folder, _FILES)
    config: dict[str, object] = {"version": "v2", "breaking": {"use": ["FILE"]}}
    if plugin:
        config["plugins"] = [{"plugin": [sys.executable, "-m", "mlspec.breaking.plugin"]}]
        config["breaking"] = {"use": ["FILE", "MLSPEC"]}
    flags = ["--against", str(old), "--config", json.dumps(config)]
    return command(str(_BUF), "breaking", str(new), *flags)


CASES: Final = {
    "mlspec breaking": _mlspec,
    "buf": lambda folder: _buf(folder, plugin=False),
    "buf with plugin": lambda folder: _buf(folder, plugin=True),
}
"""Each takes a folder of its own and returns the operation that is measured."""
