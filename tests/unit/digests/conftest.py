"""A folder as a package has it."""

from pathlib import Path

import pytest


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Files in a folder and below, two of them of the same length."""
    made = tmp_path / "package"
    (made / "model").mkdir(parents=True)
    (made / "model" / "model.onnx").write_bytes(b"weights" * 1000)
    (made / "model" / "scale.json").write_bytes(b'{"a": 1}')
    (made / "run.sh").write_bytes(b"#!/bin/s")
    (made / "README").write_bytes(b"")
    return made
