"""Commands of `mlspec`, run where the demo's files lie and shown as somebody would type them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable

from examples.loan_approval.deploy import environment
from examples.loan_approval.job import Job

WIDTH = 160
ENDS = ("HOLDS", "DOES NOT HOLD", "NOT TRUSTED", "wrote")
Lines = Iterable[str]


def mlspec(job: Job, *arguments: str, show: Callable[[Lines], Lines] = iter) -> int:
    """Run a command; print it and the lines that `show` picks, cut to fit; return its exit code."""
    print(f"\n$ mlspec {shlex.join(arguments)}")
    done = subprocess.run(
        [sys.executable, "-m", "mlspec.cli", *arguments],
        cwd=job.folder.root,
        env=environment(job),
        check=False,
        timeout=120,
        capture_output=True,
        text=True,
    )
    for line in show((done.stdout + done.stderr).splitlines()):
        print(line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}...")
    print(f"exit code {done.returncode}")
    return done.returncode


def problems(lines: Lines) -> Lines:
    """What fails, each with its remedy, and the last line."""
    failing = False
    for line in lines:
        # A remedy is indented below what it is for.
        failing = line.startswith("FAIL") or (failing and line.startswith("  "))
        if failing or line.startswith(ENDS):
            yield line


def ends(lines: Lines) -> Lines:
    """The last line alone."""
    return (line for line in lines if line.startswith(ENDS))
