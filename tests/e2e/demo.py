"""The loan example as the tests run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

Numbers = dict[tuple[str, str], object]


def run(module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a module of the repository to its end."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "python")])
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        timeout=600,
        check=False,
    )


@dataclass(frozen=True)
class Demo:
    """One run of the example: where it wrote, and what it printed."""

    folder: Path
    output: str
    code: int

    def numbers(self) -> Numbers:
        """The numbers of each stage, as the records have them."""
        done = run("examples.loan_approval.recompute", self.folder, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return {(each["stage"], each["what"]): each["recorded"] for each in json.loads(done.stdout)}

    def leaves(self) -> Iterator[bytes]:
        """The leaves of its request log."""
        from mlspec.requestlog.disk import LogFolder

        return (leaf for _, leaf in LogFolder.open(self.folder / "requests").leaves())


def command(folder: Path, *arguments: str) -> int:
    """Run `mlspec` in a folder; return its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "mlspec.cli", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        capture_output=True,
        timeout=300,
        check=False,
    )
    return done.returncode
