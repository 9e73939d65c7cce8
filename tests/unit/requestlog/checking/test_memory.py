"""Memory does not grow with the log."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.requestlog.checking import folders
from tests.unit.requestlog.logs import KEY

_SMALL, _LARGE = 50_000, 200_000
_ROOM = 1.15

_VERIFY = """\
import resource, sys
from mlspec.requestlog import NoteKey
from mlspec.requestlog.checking import verify_log
report = verify_log(sys.argv[1], NoteKey.from_vkey(sys.argv[2]))
assert report.exit_code == 0
"""
_EXPORT = """\
import resource, sys
from mlspec.requestlog.checking import export_log
assert export_log(sys.argv[1], sys.argv[1] + ".parquet") > 0
"""
_PEAK = "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """A log, and one four times as long."""
    place = tmp_path_factory.mktemp("logs")
    return {
        size: folders.write(place / str(size), folders.leaves_of(folders.plain(size)))
        for size in (_SMALL, _LARGE)
    }


# The first leaves fill whatever is filled once: so the smaller log is far from small.
@pytest.mark.parametrize(("code", "room"), [(_VERIFY, _ROOM), (_EXPORT, 1.35)])
def test_a_log_four_times_as_long_takes_as_much_memory(
    logs: dict[int, Path], code: str, room: float
) -> None:
    """At its peak, in a process of its own."""
    small, large = (peak(code, logs[size]) for size in (_SMALL, _LARGE))
    assert large < small * room


def peak(code: str, log: Path) -> int:
    """The most memory that a process has while it runs `code` on a log."""
    done = subprocess.run(
        [sys.executable, "-c", code + _PEAK, str(log), KEY.to_vkey()],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)
