"""Writers of logs that are killed, and power cuts: what a mode promises is kept, nothing forks.

`make kill-test` does it hundreds of times; a few stand in every run of the tests.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.errors import MLSpecError
from mlspec.requestlog import verify_checkpoint
from mlspec.requestlog.disk import LogFolder
from tests.kill.crashing import Disk, lay
from tests.kill.log_checks import Promised, check, forget
from tests.kill.log_programs import (
    BUFFERED,
    CHECKPOINTED,
    WINDOW_ENTRIES,
    WINDOW_SECONDS,
    write_a_while,
    write_log,
)
from tests.kill.log_recording import RecordingFiles
from tests.kill.recording import Call
from tests.unit.requestlog.disk.folders import KEY, buffered, entry, open_log

FEW, MANY = 10, 200
PER_LOG = 20
KEPT = (1.0, 0.0, 0.5, 0.5)
"""How much of what was not synced is left: all, as after a killed process; nothing; any half."""
WINDOW = 7
CUT_MODES = {"checkpointed": CHECKPOINTED, "buffered": buffered(3600, WINDOW)}


def many(kind: str) -> object:
    """The full number of a kind of test, which is not in every run."""
    return pytest.param(MANY, marks=pytest.mark.kill, id=f"{kind}-{MANY}")


def killed_writer(
    folder: Path, durability: v1.LogDurability, chance: random.Random, promised: Promised
) -> float:
    """Start a writer, kill it at a random moment, take what it said; return when that was.

    Every other one is killed while it may still be opening the log.
    """
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(reading)
            write_log(folder, durability, writing, random.Random(chance.random()))
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        # Lines are waited for, and not only time: the machine may be slow.
        said = [pipe.readline() for _ in range(chance.choice((0, chance.randrange(2, 30))))]
        time.sleep(chance.random() * 0.05)
        killed = time.monotonic()
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        promised.take([*said, *pipe.readlines()])
    assert os.WIFSIGNALED(status), "the writer ended by itself"
    return killed


def warm(folder: Path) -> None:
    """Load all that a writer loads, so that forked ones begin at once."""
    with open_log(folder) as writer:
        writer.append(entry())


@pytest.mark.parametrize("kills", [FEW, many("kills")])
def test_l12_a_killed_checkpointed_writer_loses_nothing(tmp_path: Path, kills: int) -> None:
    """Every entry that was acknowledged is in its place, under a tree that extends the last."""
    warm(tmp_path / "warm")
    chance = random.Random(20261125)
    total = 0
    for count in range(kills):
        if count % PER_LOG == 0:
            folder, promised = tmp_path / str(count), Promised()
        killed_writer(folder, CHECKPOINTED, chance, promised)
        assert check(folder, promised) == []
        total += len(promised.entries)
    assert total > kills


@pytest.mark.parametrize("kills", [FEW, many("kills")])
def test_l12_a_killed_buffered_writer_loses_no_more_than_it_declares(
    tmp_path: Path, kills: int
) -> None:
    """At most so many entries, none older than the window; and nothing in between is missing."""
    warm(tmp_path / "warm")
    chance = random.Random(20261126)
    total = lost_at_all = 0
    for count in range(kills):
        if count % PER_LOG == 0:
            folder, promised = tmp_path / str(count), Promised()
        killed = killed_writer(folder, BUFFERED, chance, promised)
        lost = check(folder, promised)
        assert len(lost) <= WINDOW_ENTRIES
        ages = [killed - promised.entries[index][1] for index in lost]
        assert not [age for age in ages if age > WINDOW_SECONDS]
        total, lost_at_all = total + len(promised.entries), lost_at_all + len(lost)
        forget(promised, lost)
    assert total > kills
    assert lost_at_all > 0, "no kill ever came between an entry and its commit"


def cut(disk: Disk, at: int, kept: float, chance: random.Random, source: Path) -> list[int]:
    """Check what a power cut before call `at` leaves; return the entries that are lost."""
    left = source.with_name(f"left-{at}-{chance.random()}")
    lay(disk.after(at, kept, chance), source, left)
    promised = Promised()
    promised.take(data for when, data in disk.said if when < at)
    try:
        return check(left, promised)
    except Exception as error:
        error.add_note(f"cut before call {at} of {len(disk.calls)}; of the rest {kept:.0%} kept")
        raise


@pytest.mark.parametrize("mode", CUT_MODES)
@pytest.mark.parametrize("cuts", [FEW * 4, many("cuts")])
def test_l12_a_power_cut_loses_no_more_than_the_mode_declares(
    tmp_path: Path, mode: str, cuts: int
) -> None:
    """Recorded calls are replayed to a random point, without what was not synced, or with some.

    The log opens again and extends what was promised: no entry under a checkpoint is lost, and of
    a buffered log no more than its window.
    """
    files = RecordingFiles(tmp_path / "written")
    chance = random.Random(20261125)
    write_a_while(files, CUT_MODES[mode], chance)
    disk = Disk(tmp_path / "written", files.calls)
    lost = []
    for count in range(cuts):
        at = chance.randrange(len(disk.calls) + 1)
        lost.append(len(cut(disk, at, KEPT[count % len(KEPT)], chance, tmp_path / "written")))
    assert max(lost) <= (0 if mode == "checkpointed" else WINDOW)
    assert mode == "checkpointed" or max(lost) > 0


@pytest.mark.parametrize("cuts", [FEW * 2, many("cuts")])
def test_l7_a_checkpoint_that_somebody_saw_is_never_forked(tmp_path: Path, cuts: int) -> None:
    """A reader saw it in its place, the power cut undid that, and the log still extends it.

    Here a new file's name lasts when the file was synced, as on the file systems in use: POSIX
    does not promise that, and without it a checkpoint could be lost that was seen for the
    milliseconds before its writer acknowledged it.
    """
    source = tmp_path / "written"
    files = RecordingFiles(source)
    chance = random.Random(20261128)
    write_a_while(files, CHECKPOINTED, chance)
    folders = {call.path for call in files.calls if call.kind == "folder"} | {str(source)}
    calls = []
    for call in files.calls:
        calls.append(call)
        if call.kind == "sync" and call.path not in folders:
            calls.append(Call("sync", os.path.dirname(call.path)))
    disk = Disk(source, calls)
    undone = 0
    for count in range(cuts):
        at = _after_a_rename(calls, chance) if count % 2 else chance.randrange(len(calls) + 1)
        visible = disk.after(at, 1.0, chance).get(f"{source}/checkpoint")
        seen = [verify_checkpoint(visible, KEY)] if visible else []
        left = tmp_path / f"left-{count}"
        files_left = disk.after(at, 0.0, chance)
        undone += files_left.get(f"{source}/checkpoint") != visible
        lay(files_left, source, left)
        check(left, Promised(checkpoints=seen))
    assert undone > 0


def _after_a_rename(calls: list[Call], chance: random.Random) -> int:
    """A moment in which a checkpoint has taken its place, and nothing makes that last yet."""
    renames = [at for at, call in enumerate(calls) if call.kind == "rename"]
    return chance.choice(renames) + 1


@pytest.mark.parametrize("cuts", [FEW, many("cuts")])
def test_l12_a_power_cut_within_pruning_leaves_what_has_not_expired(
    tmp_path: Path, cuts: int
) -> None:
    """The number is on disk before the first entry goes; later entries keep their proofs."""
    source = tmp_path / "written"
    files = RecordingFiles(source)
    chance = random.Random(20261127)
    with open_log(source, files=files) as writer:
        writer.append_events(entry(1).SerializeToString() for _ in range(700))
        writer.commit()
        start = len(files.calls)
        assert writer.prune(600) == 512
    disk = Disk(source, files.calls)
    seen = set()
    for count in range(cuts):
        left = tmp_path / f"left-{count}"
        at = chance.randrange(start, len(disk.calls) + 1)
        lay(disk.after(at, KEPT[count % len(KEPT)], chance), source, left)
        log = LogFolder.open(left)
        seen.add(log.pruned_before())
        for index in range(log.pruned_before(), 701, 50):
            assert log.prove(index).verify(log.leaf(index), KEY).index == index
        with open_log(left) as writer:
            assert writer.prune(600) == 512
        assert not (left / "tile/entries/001").exists()
    assert seen == {0, 512}


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_writer_that_did_not_sync_would_be_found_out(tmp_path: Path, kind: str) -> None:
    """The same calls without the syncs of files, or of folders: acknowledged entries are lost."""
    source = tmp_path / "written"
    files = RecordingFiles(source)
    chance = random.Random(20261125)
    write_a_while(files, CHECKPOINTED, chance)
    folders = {call.path for call in files.calls if call.kind == "folder"} | {str(source)}
    calls = [
        call
        for call in files.calls
        if call.kind != "sync" or (call.path in folders) != (kind == "folder")
    ]
    disk = Disk(source, calls)
    assert len(calls) < len(files.calls)
    damaged = 0
    for _ in range(20):
        try:
            damaged += bool(cut(disk, chance.randrange(len(calls)), 0.0, chance, source))
        except (AssertionError, MLSpecError):
            damaged += 1
    assert damaged > 0
