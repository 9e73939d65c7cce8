"""The evidence of the loan example convinces a stranger: offline, link by link, and after erasing.

Its demo is that of `test_demo`.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.loan_approval.forgeries import FORGERIES, Forgery, forge
from examples.loan_approval.stranger import EVIDENCE
from mlspec import TrustPolicy, v1
from mlspec.codec.streams import read_delimited
from mlspec.evidence import Bundle, verify
from tests.e2e.demo import ROOT, Demo, command

pytestmark = pytest.mark.demo

OFFLINE = ["unshare", "--map-root-user", "--net"]
LOOK_FOR_A_NETWORK = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=5)"
LOG = "requests"
NOT_PROVEN = {"log.known"}
"""What even this evidence cannot show: it takes somebody who remembers an older checkpoint."""


def links(report: dict[str, Any]) -> dict[str, str]:
    """The verdict of each link, the worst where there are several."""
    found: dict[str, str] = {}
    for link in report["links"]:
        if found.get(link["id"]) != "FAIL":
            found[link["id"]] = link["verdict"]
    return found


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare (util-linux)")
def test_the_evidence_holds_without_a_network(demo: Demo) -> None:
    """In a namespace that has none, `mlspec evidence verify` passes every link that can pass."""
    python = [*OFFLINE, sys.executable]
    tried = subprocess.run(
        [*python, "-c", LOOK_FOR_A_NETWORK], capture_output=True, text=True, check=False
    )
    if "unshare failed" in tried.stderr or "Operation not permitted" in tried.stderr:
        pytest.skip(f"no namespaces here: {tried.stderr.strip()}")
    assert f"[Errno {errno.ENETUNREACH}]" in tried.stderr
    arguments = ["evidence", "verify", EVIDENCE, "--trust", "trust.json", "--json"]
    done = subprocess.run(
        [*python, "-m", "mlspec.cli", *arguments],
        cwd=demo.folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "python")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = links(json.loads(done.stdout))
    assert {name for name, verdict in found.items() if verdict == "NOT PROVEN"} == NOT_PROVEN
    assert found["objectives.fixed_beforehand"] == "PASS"
    assert found["gate.passed"] == "PASS BY WAIVER"


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
def test_each_forged_copy_fails_at_the_link_that_was_forged(
    demo: Demo, tmp_path: Path, forgery: Forgery
) -> None:
    """The forger mends the list of files; what was forged is named, and what is whole passes."""
    trust = TrustPolicy.load(demo.folder / "trust.json")
    whole = verify(demo.folder / EVIDENCE, trust)
    assert whole.exit_code == 0
    assert {link.verdict for link in whole.of(forgery.link)} <= {"PASS", "PASS BY WAIVER"}
    forge(demo.folder / EVIDENCE, tmp_path / "copy", forgery)
    report = verify(tmp_path / "copy", trust)
    assert report.exit_code in (1, 3)
    assert forgery.link in {link.id for link in report.problems()}
    assert [link.verdict for link in report.of("bundle.whole")] == ["PASS"]


def test_a_careless_forger_fails_at_the_first_link(demo: Demo, tmp_path: Path) -> None:
    """A file that was changed, added or left out shows in the list of files."""
    trust = TrustPolicy.load(demo.folder / "trust.json")
    for number, name in enumerate(("leaf.bin", "records/more.json", "proof.tlog")):
        files = dict(Bundle.open(demo.folder / EVIDENCE).files)
        if name == "proof.tlog":
            del files[name]
        else:
            files[name] = files.get(name, b"") + b"x"
        copy = tmp_path / str(number)
        for path, data in files.items():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_bytes(data)
        report = verify(copy, trust)
        assert report.exit_code == 1
        assert [link.id for link in report.problems()] == ["bundle.whole"]


def sides(folder: Path) -> Iterator[v1.SideRecord]:
    """The side records of a log."""
    for path in sorted((folder / "side").glob("[0-9]*")):
        with path.open("rb") as file:
            yield from read_delimited(v1.SideRecord, file)


def files_with(folder: Path, canary: bytes) -> list[Path]:
    """The files below a folder that hold some bytes."""
    return [p for p in folder.rglob("*") if p.is_file() and canary in p.read_bytes()]


def test_erasing_a_person_leaves_every_proof_and_no_trace(demo: Demo, tmp_path: Path) -> None:
    """In a copy of all that the example left: salt, id, features, text line are in no file."""
    copy = tmp_path / "copy"
    shutil.copytree(demo.folder, copy, ignore=shutil.ignore_patterns("after-25-months"))
    leaves = [v1.LogEntry.FromString(leaf) for leaf in demo.leaves()]
    person = next(
        side
        for side in sides(copy / LOG)
        if leaves[side.sequence_number].inference.principal_reasons
    )
    detail = v1.RequestDetail.FromString(person.content)
    request_id = leaves[person.sequence_number].inference.request_id
    before = evidence_of(copy, request_id, "before.zip")
    assert before == 0
    canaries = {
        "salt": person.salt,
        "content": person.content,
        "subject": detail.subject_id.encode(),
        "features": detail.features.content,
        "client's id": f'"{detail.client_request_id}"'.encode(),
        "line": f'seq="{person.sequence_number}"'.encode(),
    }
    present = {name for name, canary in canaries.items() if files_with(copy, canary)}
    assert present >= set(canaries) - {"client's id"}
    command(copy, "log", "erase", LOG, "--request", request_id, "--yes")
    assert [name for name, canary in canaries.items() if files_with(copy, canary)] == []
    assert command(copy, "log", "verify", LOG, "--trust", "trust.json") == 0
    for bundle in ("before.zip", EVIDENCE):
        assert command(copy, "evidence", "verify", bundle, "--trust", "trust.json") == 0
    assert evidence_of(copy, request_id, "after.zip") == 0


def evidence_of(folder: Path, request_id: str, output: str) -> int:
    """Build the evidence for a request of the example; its exit code is that of verifying it."""
    logs = ("--log", LOG, "--record-log", "records", "--package", "package")
    asked = ("--request", request_id, "--trust", "trust.json", "--output", output)
    return command(folder, "evidence", "build", "mlspec.db", *logs, *asked)
