"""Running the steps of a bundle's README, on a machine that has plain tools only."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.promises.pages import blocks, with_output

MARK = "--- block {} ---"


def run_steps(folder: Path, trust: Path, tools: Path, work: Path) -> tuple[int, list[str]]:
    """Run the steps in one shell; return the exit code, what each printed, and what went wrong."""
    page = (folder / "README.md").read_text(encoding="utf-8")
    steps = [block.text for block, _ in with_output(blocks(page))]
    script = "".join(f"echo '{MARK.format(at)}'\n{step}" for at, step in enumerate(steps))
    environ = {"PATH": str(tools), "TRUST": str(trust), "TMPDIR": str(work), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [str(tools / "bash"), "-c", script],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    printed = []
    rest = done.stdout
    for at in range(len(steps)):
        rest = rest.partition(MARK.format(at) + "\n")[2]
        printed.append(rest.partition("--- block")[0])
    return done.returncode, [*printed, done.stderr]
