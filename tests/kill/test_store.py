"""Writers of stores that are killed, and power cuts: nothing acknowledged is lost, nothing is torn.

`make kill-test` does it hundreds of times; a few stand in every run of the tests.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlspec import records
from mlspec.errors import StoreNotFoundError
from mlspec.records import new_id
from mlspec.sealing import TrustPolicy, generate_key, unseal, write_private_key
from mlspec.store import Outcome, Store
from tests.kill.crashing import Disk, lay
from tests.kill.programs import opened, store_records
from tests.kill.recording import STRACE, record
from tests.unit import samples
from tests.unit.store import making

PLACES = ("store.db", "store/", "store.mlspecs", "buffered.mlspecs")
DURABLE = PLACES[:3]
FEW, MANY = 12, 200
PER_STORE = 20
WRITTEN = 20
KEPT = (1.0, 0.0, 0.5)
"""How much of what was not synced is left: all, as after a killed process; nothing; any half."""
DIGEST_LINE = 65


def many(kind: str) -> object:
    """The full number of a kind of test, which is not in every run."""
    return pytest.param(MANY, marks=pytest.mark.kill, id=f"{kind}-{MANY}")


def check(store: Store, acknowledged: set[str], trust: TrustPolicy = making.TRUST) -> None:
    """All that was acknowledged is there and verifies; nothing is torn; the store takes more."""
    for name in acknowledged:
        assert unseal(store.get(name), trust).sha256.hex() == name
    if store.size():
        report = store.verify(trust, allow_unfinished=True)
        assert report.exit_code == 0, [str(line) for line in report.lines]
    assert not [fault for fault in store.faults() if fault.grave]
    added = making.sealed(new_id())
    assert store.put(added) is Outcome.ADDED
    assert store.get(added.digest) == added


def killed_writer(place: str, chance: random.Random) -> set[str]:
    """Start a writer, kill it at a random moment, and return what it had acknowledged.

    Every other one is killed while it may still be making or opening the store.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(reading)
            store_records(place, making.KEY, writing)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read(DIGEST_LINE) if chance.random() < 1 / 2 else b""
        time.sleep(chance.random() * 0.04)
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        said += pipe.read()
    assert os.WIFSIGNALED(status), "the writer ended by itself"
    return set(said.decode().split())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kills", [FEW, many("kills")])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(
    tmp_path: Path, place: str, kills: int
) -> None:
    """At whatever moment it dies, in either mode: the system still has what it was given."""
    making.sealed(new_id())  # what is loaded for the first seal is there for all writers
    chance = random.Random(20261123)
    total = 0
    for count in range(kills):
        if count % PER_STORE == 0:
            acknowledged: set[str] = set()
            folder = tmp_path / str(count)
            folder.mkdir()
        acknowledged |= killed_writer(f"{folder}/{place}", chance)
        with opened(f"{folder}/{place}") as store:
            check(store, acknowledged)
        total += len(acknowledged)
    assert total > kills


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], tuple[Disk, TrustPolicy]]:
    """Write a store of 20 records with a program whose calls are recorded."""

    def write(place: str) -> tuple[Disk, TrustPolicy]:
        key = generate_key("ed25519")
        write_private_key(key, tmp_path / "key.pem", None)
        source = tmp_path / "written"
        source.mkdir()
        arguments = (f"{source}/{place}", str(tmp_path / "key.pem"), str(WRITTEN))
        calls = record(source, tmp_path / "trace", "tests.kill.programs", *arguments)
        disk = Disk(source, calls)
        assert len(disk.said) == WRITTEN
        everybody = {"stages": records.all_stages(), "namespace_globs": ("*",)}
        return disk, samples.trust(key, making.KEY, **everybody)

    return write


Written = Callable[[str], tuple[Disk, TrustPolicy]]


@pytest.mark.skipif(STRACE is None, reason="needs strace, which records the calls")
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("cuts", [FEW, many("cuts")])
def test_a_power_cut_loses_nothing_that_was_acknowledged(
    tmp_path: Path, written: Written, place: str, cuts: int
) -> None:
    """Recorded calls are replayed to a random point, without what was not synced, or with some.

    A buffered store promises less: what it stored last may be gone. What is left of it verifies,
    or is seen to be damaged, and it can be written again.
    """
    disk, trust = written(place)
    chance = random.Random(20261125)
    for count in range(cuts):
        at = chance.randrange(len(disk.calls) + 1)
        kept = KEPT[count % len(KEPT)]
        left = tmp_path / f"cut-{count}"
        lay(disk.after(at, kept, chance), tmp_path / "written", left)
        said = {data.decode().strip() for when, data in disk.said if when < at}
        try:
            with opened(f"{left}/{place}") as store:
                if place in DURABLE:
                    check(store, said, trust)
                else:
                    check_what_is_left(store, disk, trust)
        except Exception as error:
            error.add_note(
                f"cut before call {at} of {len(disk.calls)}; of the rest {kept:.0%} kept"
            )
            raise


def check_what_is_left(store: Store, disk: Disk, trust: TrustPolicy) -> None:
    """Each record that reads as one verifies, none was made up, and the store takes more."""
    everything = {data.decode().strip() for _, data in disk.said}
    for row in store.records():
        assert row.hex in everything
        assert unseal(store.get(row.sha256), trust).sha256 == row.sha256
    added = making.sealed(new_id())
    assert store.put(added) is Outcome.ADDED
    assert store.get(added.digest) == added


@pytest.mark.skipif(STRACE is None, reason="needs strace, which records the calls")
@pytest.mark.parametrize("place", DURABLE)
def test_a_store_that_does_not_sync_would_be_caught(
    tmp_path: Path, written: Written, place: str
) -> None:
    """The same calls without those that make things last: what was acknowledged is gone."""
    disk, trust = written(place)
    source, left = tmp_path / "written", tmp_path / "left"
    careless = Disk(source, [call for call in disk.calls if call.kind != "sync"])
    lay(careless.after(len(disk.calls), 0.0, random.Random(1)), source, left)
    said = {data.decode().strip() for _, data in disk.said}
    with opened(f"{left}/{place}") as store, pytest.raises(StoreNotFoundError):
        check(store, said, trust)
