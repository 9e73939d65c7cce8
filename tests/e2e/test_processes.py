"""Several processes, full disks, read-only places: what was acknowledged is there, and is read.

Killed processes and power cuts are in tests/kill.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlspec import Run, open_store, v1
from mlspec.records import new_id
from mlspec.store import Store
from tests.unit.store import making

ROOT = Path(__file__).parents[2]
PLACES = ("store.db", "store/", "store.mlspecs")


def start(*arguments: str, **environ: str) -> subprocess.Popen[str]:
    """Start a program of `writers`."""
    paths = os.pathsep.join([str(ROOT / "python"), str(ROOT)])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.writers", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths} | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def sound(store: Store) -> bool:
    """Tell whether indexes and rows agree; signatures are of keys that are gone."""
    report = store.verify(making.TRUST, allow_unfinished=True)
    return report.exit_code in (0, 3) and not [f for f in store.faults() if f.grave]


@pytest.mark.parametrize("name", PLACES)
def test_several_processes_write_at_once(tmp_path: Path, name: str) -> None:
    """Also the making of the store is a race, and everybody's records are in it."""
    place, count = f"{tmp_path}/{name}", 40
    writers = [start("acknowledge", place, str(count)) for _ in range(4)]
    acknowledged = []
    for writer in writers:
        out, err = writer.communicate(timeout=120)
        assert (writer.returncode, err) == (0, "")
        acknowledged += out.split()
    with open_store(place, create=False) as store:
        assert {row.hex for row in store.records()} == set(acknowledged)
        assert len(acknowledged) == 4 * count
        assert sound(store)


def child(work: Callable[[int], object]) -> tuple[int, int]:
    """Fork a process that does `work` with the writing end of a pipe; return it and the other."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(reading)
            work(writing)
            os._exit(0)
        except BaseException as error:  # noqa: BLE001
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(1)
    os.close(writing)
    return process, reading


def rest(reading: int) -> str:
    """All that comes out of a pipe until its other end is closed."""
    with os.fdopen(reading, "rb") as file:
        return file.read().decode()


@pytest.mark.parametrize("name", PLACES)
def test_a_full_disk_is_said_to_be_and_costs_nothing(tmp_path: Path, name: str) -> None:
    """What was acknowledged stays, what was not leaves no trace, and the store goes on later."""
    place = f"{tmp_path}/{name}"
    kept = making.sealed(new_id())
    with open_store(place) as store:
        store.put(kept)
    limit = "200" if name.endswith("/") else "200000"
    writer = start("fill", place, limit)
    out, err = writer.communicate(timeout=60)
    assert (writer.returncode, "StoreUnwritableError" in err) == (2, True), err
    assert "nothing was written" in err
    with open_store(place, create=False) as store:
        assert [row.hex for row in store.records()] == [kept.hex, *out.split()]
        assert sound(store)
        store.put(making.sealed(new_id()))
        assert store.size() == len(out.split()) + 2


def test_a_run_goes_on_in_several_processes(tmp_path: Path) -> None:
    """Each attempt at a step gets its number, and the owner's manifest names them all."""
    place = tmp_path / "store.db"
    environment = v1.Environment(language="CPython")
    with Run("loans", store=place, signer=making.KEY, environment=environment) as run:
        with run.step(v1.ModelTraining(), name="first") as step:
            step.skip("a test")
        writers = [start("resume", "10", **run.context()) for _ in range(3)]
        for writer in writers:
            _, err = writer.communicate(timeout=120)
            assert (writer.returncode, err) == (0, "")
    with open_store(place, create=False) as store:
        rows = list(store.records(run=run.id))
        assert [row.step_attempt for row in rows if row.step_name == "shared"] == list(range(1, 31))
        assert rows[-1].stage == v1.STAGE_RUN_MANIFEST
        (first,) = store.records(step="first")
        assert all(row.parents == [first.sha256] for row in rows[1:-1])
        assert sound(store)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody who may not write")
def test_a_store_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    """On a read-only medium SQLite cannot even make its own helpers."""
    place = tmp_path / "store.db"
    with open_store(place) as store:
        store.put(making.sealed(new_id()))
        assert sound(store)
    for folder in tmp_path.parents[:3]:
        folder.chmod(0o755)
    tmp_path.chmod(0o555)

    def read(pipe: int) -> None:
        os.setuid(65534)
        with open_store(place, create=False, read_only=True) as store:
            os.write(pipe, f"{store.size()} {sound(store)}".encode())

    process, reading = child(read)
    assert rest(reading) == "1 True"
    assert os.waitpid(process, 0)[1] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["store.db"]
