"""What the system is really asked when a log is written: everything is synced before it is named.

The power cuts of `test_log` replay what the log's own door says that it does. This watches it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.kill.recording import ROOT, STRACE

_CALLS: Final = "openat,write,fsync,ftruncate,rename,renameat,renameat2,unlinkat,mkdirat,mkdir"
_LINE: Final = re.compile(r"\d+ +(\w+)\((.*)\)\s+= (-?\d+)(?:<(.*)>)?$")
_AT: Final = re.compile(r'(?:\d+|AT_FDCWD)<([^>]*)>, "([^"]*)"')
_ON: Final = re.compile(r"\d+<([^>]*)>")


@dataclass
class Unsynced:
    """What a power cut could take at a moment: files by bytes, folders by names."""

    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)


def traced(folder: Path, trace: Path) -> Iterator[tuple[str, str, str]]:
    """Write a log and yield its calls: name, path or what was said, and flags or new path."""
    assert STRACE is not None
    command = [sys.executable, "-m", "tests.kill.log_programs", str(folder)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT)])}
    options = ["-f", "-qq", "-y", "-s", "256", "-e", f"trace={_CALLS}", "-o", str(trace)]
    done = subprocess.run(
        [STRACE, *options, *command], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    for line in trace.read_text().splitlines():
        found = _LINE.match(line)
        if found is None or found[3].startswith("-"):
            continue
        name, inside = found[1], found[2]
        paths = [os.path.normpath(os.path.join(*each)) for each in _AT.findall(inside)]
        on = _ON.match(inside)
        if name == "write" and inside.startswith("1<"):
            yield "said", inside.partition('"')[2], ""
        elif name in ("write", "fsync", "ftruncate") and on:
            yield name, on[1], ""
        elif paths:
            yield name, paths[0], paths[1] if len(paths) > 1 else inside


@pytest.mark.skipif(STRACE is None, reason="needs strace, which records the calls")
def test_everything_is_synced_before_it_counts(tmp_path: Path) -> None:
    """Before a checkpoint takes its place, and before anything is acknowledged.

    Only removed names may be unsynced: nobody needs them to be gone.
    """
    folder = tmp_path / "log"
    unsynced = Unsynced()
    renames = acknowledged = 0
    for name, path, more in traced(folder, tmp_path / "trace"):
        inside = path.startswith(f"{folder}/") and os.path.basename(path) not in (
            "lock",
            "side.lock",
        )
        if name == "said":
            assert not unsynced.files
            assert not unsynced.folders
            acknowledged += 1
        elif name == "fsync":
            unsynced.files.discard(path)
            unsynced.folders.discard(path)
        elif name in ("write", "ftruncate") and inside:
            unsynced.files.add(path)
        elif inside and (name.startswith("mkdir") or (name == "openat" and "O_CREAT" in more)):
            unsynced.folders.add(os.path.dirname(path))
        elif name.startswith("rename") and inside:
            assert not unsynced.files
            assert unsynced.folders <= {str(folder)}, "only the draft's own name may wait"
            unsynced.folders.add(str(folder))
            renames += 1
    assert renames > 10
    assert acknowledged > 10
