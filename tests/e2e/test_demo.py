"""The loan example: it ends well, its records are full, true, and follow from the data.

The example runs twice for the whole session: on the data as packaged, and with one cell changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from examples.loan_approval.stranger import SHOWN
from tests.e2e.demo import ROOT, Demo, run

pytestmark = pytest.mark.demo

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


def test_ends_with_everything_verified_and_forgeries_refused(demo: Demo) -> None:
    """Records, logs and evidence hold; what was changed in a copy is named; nobody is left over."""
    assert demo.code == 0, demo.output
    whole, _, forged = demo.output.partition("In a copy, one byte of record ")
    assert "HOLDS: " in whole
    record, forged = forged[:12], forged.partition("\n$ mlspec log verify")[0]
    assert any(line.startswith("FAIL") and record in line for line in forged.splitlines())
    assert "exit code 1" in forged
    evidence = demo.output.partition("The evidence for one refused loan")[2]
    assert evidence.count("$ mlspec evidence verify evidence.zip --trust trust.json\n") == 2
    assert evidence.count("DOES NOT HOLD: ") == len(SHOWN)
    assert " now: none\n" in evidence
    assert evidence.count("exit code 0") == 5
    assert evidence.count("exit code 1") == len(SHOWN)


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
