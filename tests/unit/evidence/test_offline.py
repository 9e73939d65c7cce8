"""Verification needs no network: it runs where there is none, and opens no socket."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.evidence.making import Case
from tools.places import ROOT

CUT = ("unshare", "--map-root-user", "--net")


def test_a_bundle_verifies_with_the_network_cut(case: Case, folder: Path) -> None:
    """In a namespace that has no network, with the same result."""
    if shutil.which("unshare") is None or subprocess.run([*CUT, "true"], check=False).returncode:
        pytest.skip("this kernel lets no user make a namespace without a network")
    script = (
        "import socket, sys\n"
        "try: socket.create_connection(('192.0.2.1', 9), 1)\n"
        "except OSError as error: assert error.errno == 101, error\n"
        "from mlspec.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    trust = str(case.folder / "trust.json")
    command = [sys.executable, "-c", script, "evidence", "verify", str(folder)]
    done = subprocess.run(
        [*CUT, *command, "--trust", trust, "--json"],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "python"), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["exitCode"] == 0


def test_verifying_asks_the_system_for_no_socket(case: Case, folder: Path) -> None:
    """An audit hook sees every one."""
    script = (
        "import sys\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, _: seen.append(event) if 'socket' in event else None)\n"
        "from mlspec.evidence import verify\n"
        "from mlspec.sealing import TrustPolicy\n"
        "report = verify(sys.argv[1], TrustPolicy.load(sys.argv[2]))\n"
        "assert report.exit_code == 0, report.problems()\n"
        "assert not seen, seen\n"
    )
    command = [sys.executable, "-c", script, str(folder), str(case.folder / "trust.json")]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "python")},
        check=False,
    )
    assert done.returncode == 0, done.stderr
