"""A writer takes up only the log that was signed, and removes only what was not."""

import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.errors import (
    MLSpecError,
    StoreCorruptError,
    StoreLockedError,
    StoreUnwritableError,
)
from mlspec.requestlog import Tile
from mlspec.requestlog.disk import LogFiles, LogFolder, LogWriter
from mlspec.requestlog.disk.leaves import LeafMaker
from mlspec.requestlog.disk.recovery import find_checkpoint, read_tail
from mlspec.requestlog.tiles import ENTRIES, bundle_bytes, bundle_entries
from mlspec.sealing import generate_key
from tests.unit.requestlog.disk.folders import (
    KEY,
    ORIGIN,
    entry,
    event,
    forge,
    log_of,
    open_log,
    snapshot,
    verify_all,
)

SIZE = 20
BUNDLE = f"tile/entries/000.p/{SIZE}"
HASHES = f"tile/0/000.p/{SIZE}"


def refused(folder: Path, **parts: Any) -> MLSpecError:
    """What opening a folder is refused with; nothing in it may change."""
    before = snapshot(folder)
    with pytest.raises(MLSpecError) as caught:
        open_log(folder, **parts)
    assert snapshot(folder) == before
    return caught.value


def edit_bundle(folder: Path, change: Callable[[list[bytes]], None]) -> None:
    """Change the entries of the last bundle, and keep it well-formed."""
    path = folder / BUNDLE
    entries = list(bundle_entries(Tile(ENTRIES, 0, SIZE), path.read_bytes()))
    change(entries)
    path.write_bytes(bundle_bytes(entries))


def flip(folder: Path, name: str, at: int) -> None:
    """Change one bit of a file."""
    data = bytearray((folder / name).read_bytes())
    data[at] ^= 1
    (folder / name).write_bytes(data)


def swap(entries: list[bytes]) -> None:
    """Put one entry in the place of its neighbour."""
    entries[3], entries[4] = entries[4], entries[3]


L1: dict[str, Callable[[Path], None]] = {
    "flipped entry": lambda folder: flip(folder, BUNDLE, -1),
    "flipped length": lambda folder: flip(folder, BUNDLE, 1),
    "flipped hash": lambda folder: flip(folder, HASHES, 40),
    "flipped checkpoint": lambda folder: flip(folder, "checkpoint", -3),
    "flipped size": lambda folder: flip(folder, "checkpoint", len(ORIGIN) + 1),
    "deleted entry": lambda folder: edit_bundle(folder, lambda entries: entries.__delitem__(3)),
    "inserted entry": lambda folder: edit_bundle(folder, lambda e: e.insert(3, e[5])),
    "reordered entries": lambda folder: edit_bundle(folder, swap),
    "duplicate entry": lambda folder: edit_bundle(folder, lambda e: e.__setitem__(3, e[4])),
    "deleted bundle": lambda folder: (folder / BUNDLE).unlink(),
    "deleted hashes": lambda folder: (folder / HASHES).unlink(),
    "deleted checkpoint": lambda folder: (folder / "checkpoint").unlink(),
    "deleted tiles": lambda folder: shutil.rmtree(folder / "tile"),
}


@pytest.mark.parametrize("how", L1)
def test_l1_an_altered_tail_is_refused(tmp_path: Path, how: str) -> None:
    """Whatever was changed, and however well-formed it is; the unaltered twin goes on."""
    log_of(tmp_path / "log", SIZE)
    shutil.copytree(tmp_path / "log", tmp_path / "twin")
    L1[how](tmp_path / "log")
    error = refused(tmp_path / "log")
    assert error.id in {"log.tail", "note.syntax", "note.signature", "checkpoint.syntax"}
    if "checkpoint" not in how and "size" not in how:
        assert error.id == "log.tail"
    with open_log(tmp_path / "twin") as writer:
        assert writer.size == SIZE + 1


@pytest.mark.parametrize("at", [0, 31, 32, 63])
def test_l1_an_altered_hash_of_an_upper_level_is_refused(tmp_path: Path, at: int) -> None:
    """The last full tiles are one hash each above, and no entry beside them says so."""
    log_of(tmp_path / "log", 512)
    shutil.copytree(tmp_path / "log", tmp_path / "twin")
    flip(tmp_path / "log", "tile/1/000.p/2", at)
    assert refused(tmp_path / "log").id == "log.tail"
    open_log(tmp_path / "twin").close()


def test_l2_an_interior_node_is_no_leaf(tmp_path: Path) -> None:
    """Two hashes that stand for two leaves, passed off as one entry: another leaf hash."""
    log_of(tmp_path, SIZE)
    hashes = (tmp_path / HASHES).read_bytes()
    edit_bundle(tmp_path, lambda entries: entries.__setitem__(0, hashes[:64]))
    assert refused(tmp_path).id == "log.tail"
    proof = LogFolder.open(tmp_path).prove(0)
    with pytest.raises(MLSpecError) as caught:
        proof.verify(hashes[:64], KEY)
    assert caught.value.id == "log.inclusion"


def test_l6_a_checkpoint_that_is_put_back_is_refused(tmp_path: Path) -> None:
    """An older note over newer tiles: the partial tiles that it needs are gone."""
    with open_log(tmp_path) as writer:
        older = writer.folder.checkpoint()
        for _ in range(3):
            writer.append(entry())
            writer.commit()
        newest = writer.folder.checkpoint()
    (tmp_path / "checkpoint").write_bytes(older)
    assert refused(tmp_path).id == "log.tail"
    (tmp_path / "checkpoint").write_bytes(newest)
    open_log(tmp_path).close()


def test_l6_a_folder_that_is_put_back_is_refused_by_who_remembers(tmp_path: Path) -> None:
    """A whole older copy is consistent in itself: only a known checkpoint shows it."""
    log_of(tmp_path / "log", 5)
    shutil.copytree(tmp_path / "log", tmp_path / "older")
    with open_log(tmp_path / "log") as writer:
        known = writer.commit()
    assert refused(tmp_path / "older", known=[known]).id == "log.rollback"
    with open_log(tmp_path / "log", known=[known]) as writer:
        assert writer.size == known.size + 1


def test_l7_a_fork_is_refused_by_who_remembers(tmp_path: Path) -> None:
    """Two histories of one origin, both signed by its key."""
    log_of(tmp_path / "log", 5)
    shutil.copytree(tmp_path / "log", tmp_path / "other")
    with open_log(tmp_path / "log") as writer:
        known = writer.commit()
    for _ in range(2):
        open_log(tmp_path / "other").close()
    assert refused(tmp_path / "other", known=[known]).id == "log.fork"
    open_log(tmp_path / "log", known=[known]).close()


def test_l7_a_writer_refuses_to_sign_over_another_ones_checkpoint(tmp_path: Path) -> None:
    """Somebody restored a copy under its feet: it does not sign a second history."""
    log_of(tmp_path / "log", 5)
    shutil.copy(tmp_path / "log/checkpoint", tmp_path / "copy")
    writer = open_log(tmp_path / "log")
    newest = (tmp_path / "log/checkpoint").read_bytes()
    shutil.copy(tmp_path / "copy", tmp_path / "log/checkpoint")
    writer.append(entry())
    with pytest.raises(StoreCorruptError) as caught:
        writer.commit()
    assert caught.value.id == "log.fork"
    (tmp_path / "log/checkpoint").write_bytes(newest)
    assert writer.commit().size == 7
    writer.close()
    assert verify_all(tmp_path / "log") == 7


def test_l9_the_log_of_another_origin_or_key_is_refused(tmp_path: Path) -> None:
    """The right folder, with the wrong name or the wrong key."""
    log_of(tmp_path, SIZE)
    assert refused(tmp_path, signer=generate_key()).id == "note.untrusted"
    assert refused(tmp_path, origin="bank.example/other").id == "note.untrusted"
    open_log(tmp_path).close()


@pytest.mark.parametrize("name", [BUNDLE, HASHES, "checkpoint"])
def test_l12_a_torn_tail_under_the_checkpoint_is_refused(tmp_path: Path, name: str) -> None:
    """Cut at any byte: it was acknowledged, so it must be whole."""
    log_of(tmp_path, SIZE)
    whole = (tmp_path / name).read_bytes()
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        (tmp_path / name).write_bytes(whole[:length])
        refused(tmp_path)
    (tmp_path / name).write_bytes(whole)
    open_log(tmp_path).close()


def test_l12_what_lies_beyond_the_checkpoint_is_removed_and_counted(tmp_path: Path) -> None:
    """Entries, tiles and side records that a killed writer left; the opening says how much."""
    log_of(tmp_path, SIZE)
    clean = snapshot(tmp_path)
    last = bundle_entries(Tile(ENTRIES, 0, SIZE), clean[BUNDLE])
    wider = bundle_bytes([*last, b"torn entry"])
    scratch = {
        "checkpoint.draft": b"half a note",
        "tile/entries/000.p/21": wider[:-3],
        "tile/entries/001": b"more",
        "tile/entries/002.p/7": b"and more",
        "tile/0/000": b"x",
        "tile/0/000.p/21": b"x",
        "tile/1/000.p/1": bytes(32),
        "side/001": b"somebody's name",
        "side/000": b"\x07torn",
    }
    for name, data in scratch.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    with open_log(tmp_path) as writer:
        opened = v1.LogEntry.FromString(writer.folder.leaf(SIZE)).opened
    torn = len(wider) - 3 - len(clean[BUNDLE]) + len(b"more") + len(b"and more")
    assert opened.torn_tail_size_bytes == torn
    after = snapshot(tmp_path)
    assert not {name for name in scratch if after.get(name) == scratch[name]}
    assert after["side/000"] == b""
    assert verify_all(tmp_path) == SIZE + 1


def test_l7_a_checkpoint_that_was_signed_binds(tmp_path: Path) -> None:
    """A power cut undid its renaming: it is taken up, for somebody may have seen it."""
    with open_log(tmp_path / "log") as writer:
        older = writer.folder.checkpoint()
        writer.append(entry())
        seen = writer.commit()
    (tmp_path / "log/checkpoint").rename(tmp_path / "log/checkpoint.draft")
    (tmp_path / "log/checkpoint").write_bytes(older)
    shutil.copytree(tmp_path / "log", tmp_path / "torn")
    with open_log(tmp_path / "log", known=[seen]) as writer:
        assert writer.size == 3
        assert not v1.LogEntry.FromString(writer.folder.leaf(2)).opened.torn_tail_size_bytes
    assert not (tmp_path / "log/checkpoint.draft").exists()
    assert verify_all(tmp_path / "log") == 3
    flip(tmp_path / "torn", "checkpoint.draft", -5)
    with open_log(tmp_path / "torn") as writer:
        assert writer.size == 2
        assert v1.LogEntry.FromString(writer.folder.leaf(1)).opened.torn_tail_size_bytes > 0


def test_l7_a_signed_fork_is_refused(tmp_path: Path) -> None:
    """A draft of another history, signed by the key: somebody's copy was here."""
    log_of(tmp_path / "log", 5)
    shutil.copytree(tmp_path / "log", tmp_path / "other")
    for _ in range(2):
        open_log(tmp_path / "other").close()
    open_log(tmp_path / "log").close()
    for part in ("tile/entries/000.p/7", "tile/0/000.p/7"):
        shutil.copy(tmp_path / "other" / part, tmp_path / "log" / part)
    shutil.copy(tmp_path / "other/checkpoint", tmp_path / "log/checkpoint.draft")
    assert refused(tmp_path / "log").id == "log.fork"
    (tmp_path / "log/checkpoint.draft").unlink()
    open_log(tmp_path / "log").close()


def test_side_records_of_acknowledged_leaves_stay(tmp_path: Path) -> None:
    """Only those of leaves that are not there go."""
    side = v1.SideRecord(salt=bytes(32), content=b"x")
    with open_log(tmp_path) as writer:
        writer.append(entry(), side=side)
    kept = (tmp_path / "side/000").read_bytes()
    beyond = v1.SideRecord(origin=ORIGIN, sequence_number=2, salt=bytes(32), content=b"y")
    framed = bytes([beyond.ByteSize()]) + beyond.SerializeToString()
    for rest in (framed, framed[:9], framed + framed[:20], bytes(50), framed + b"\xff" * 12):
        (tmp_path / "side/000").write_bytes(kept + rest)
        shutil.copytree(tmp_path, tmp_path.parent / "copy", dirs_exist_ok=True)
        open_log(tmp_path.parent / "copy").close()
        assert (tmp_path.parent / "copy/side/000").read_bytes() == kept
        shutil.rmtree(tmp_path.parent / "copy")


def test_a_log_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Records do not go among requests."""
    log_of(tmp_path, SIZE)
    assert refused(tmp_path, kind=v1.LOG_KIND_RECORDS).id == "log.kind"
    open_log(tmp_path).close()


def test_l12_two_writers_are_refused(tmp_path: Path) -> None:
    """In one process and in two; the error says who the other is."""
    with open_log(tmp_path) as writer:
        with pytest.raises(StoreLockedError) as caught:
            open_log(tmp_path)
        assert caught.value.id == "log.locked"
        assert f"process {os.getpid()} " in str(caught.value)
        assert _opens_elsewhere(tmp_path) == "log.locked"
        writer.append(entry())
    assert _opens_elsewhere(tmp_path) == "opened"


def test_l12_a_removed_lock_file_does_not_let_two_writers_in(tmp_path: Path) -> None:
    """The first one notices that its lock is no longer the log's."""
    first = open_log(tmp_path)
    (tmp_path / "lock").unlink()
    second = open_log(tmp_path)
    first.append(entry())
    with pytest.raises(StoreLockedError) as caught:
        first.commit()
    assert caught.value.id == "log.lock.lost"
    second.append(entry())
    second.close()
    first.abandon()
    assert verify_all(tmp_path) == 3


def test_l12_a_forked_child_is_no_second_writer(tmp_path: Path) -> None:
    """It has a copy of the object, and no lock; and the lock does not outlive the parent in it."""
    writer = open_log(tmp_path)
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    with writer._sequencer._appending, writer._sequencer.still():  # as another thread could
        child = fork.Process(target=lambda: answers.put(_errors_of(writer)))
        child.start()
        assert answers.get() == ["log.lock.lost", "log.lock.lost"]
        child.join()
    writer.append(entry())
    writer.close()
    assert verify_all(tmp_path) == 2


def test_l13_a_leaf_from_another_log_is_refused(tmp_path: Path) -> None:
    """Even where the key's holder signed it: the entry names its own log."""
    maker = LeafMaker("bank.example/other")
    good = LeafMaker(ORIGIN)
    forge(tmp_path / "bad", [good.make(0, event()), maker.make(1, event())])
    error = refused(tmp_path / "bad")
    assert isinstance(error.__cause__, MLSpecError)
    assert (error.id, error.__cause__.id) == ("log.tail", "log.entry.origin")
    forge(tmp_path / "twin", [good.make(0, event()), good.make(1, event())])
    open_log(tmp_path / "twin").close()


@pytest.mark.parametrize("numbers", [(0, 2), (0, 0), (1, 2), (0, 1, 1), (0, 2, 1)])
def test_l14_gaps_and_duplicates_are_refused(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    """Even where the key's holder signed them: sequence numbers are the places of leaves."""
    maker = LeafMaker(ORIGIN)
    forge(tmp_path / "bad", [maker.make(number, event()) for number in numbers])
    error = refused(tmp_path / "bad")
    assert isinstance(error.__cause__, MLSpecError)
    assert (error.id, error.__cause__.id) == ("log.tail", "log.entry.sequence")
    forge(tmp_path / "twin", [maker.make(at, event()) for at in range(len(numbers))])
    open_log(tmp_path / "twin").close()


def test_a_disk_that_refuses_loses_nothing(tmp_path: Path) -> None:
    """Each step of a commit may fail; the next commit makes everything durable."""
    files = _FailingFiles(tmp_path)
    writer = open_log(tmp_path, files=files)
    for step in range(1, 12):
        writer.append(entry())
        files.left = step
        try:
            writer.commit()
        except StoreUnwritableError as error:
            assert error.id == "log.unwritable"  # noqa: PT017 - later steps do not fail
            files.left = -1
            assert writer.commit().size == writer.size
        files.left = -1
    size = writer.size
    writer.close()
    assert files.failed >= 6
    assert verify_all(tmp_path) == size
    open_log(tmp_path).close()


class _FailingFiles(LogFiles):
    """A door whose n-th change from now on fails."""

    left = -1
    failed = 0

    def write(self, path: str, data: bytes) -> None:
        self._count(path)
        super().write(path, data)

    def rename(self, path: str, target: str) -> None:
        self._count(path)
        super().rename(path, target)

    def sync_folder(self, path: str) -> None:
        self._count(path)
        super().sync_folder(path)

    def _count(self, path: str) -> None:
        self.left -= 1
        if self.left == 0:
            self.failed += 1
            raise StoreUnwritableError("must have room", error_id="log.unwritable", source=path)


def _errors_of(writer: LogWriter) -> list[str]:
    """Append and commit, and give up; return the ids of what that raises."""
    found = []
    for call in (lambda: writer.append(entry()), writer.commit):
        try:
            call()
        except MLSpecError as error:
            found.append(error.id)
    writer.abandon()
    return found


def _opens_elsewhere(folder: Path) -> str:
    """Open the log in another process; return what came of it."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mlspec.errors import MLSpecError\n"
        "from mlspec.requestlog.disk.lock import WriterLock\n"
        "try:\n"
        "    WriterLock(sys.argv[1])\n"
        "    print('opened')\n"
        "except MLSpecError as error:\n"
        "    print(error.id)\n"
    )
    command = [sys.executable, "-c", script, str(folder / "lock")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damage_to_the_tail_is_refused(data: st.DataObject) -> None:
    """Bytes of checkpoint, tile or bundle flipped, cut or added: an error of ours, nothing else."""
    with TemporaryDirectory() as place:
        folder = Path(place) / "log"
        shutil.copytree(_sample(), folder)
        name = data.draw(st.sampled_from(["checkpoint", BUNDLE, HASHES]))
        before = (folder / name).read_bytes()
        content = bytearray(before)
        at = data.draw(st.integers(0, len(content) - 1))
        how = data.draw(st.sampled_from(["flip", "cut", "insert"]))
        if how == "flip":
            content[at] ^= data.draw(st.integers(1, 255))
        elif how == "cut":
            del content[at:]
        else:
            content[at:at] = data.draw(st.binary(min_size=1, max_size=70))
        (folder / name).write_bytes(content)
        refused(folder)
        (folder / name).write_bytes(before)
        assert _opens(folder)


def test_links_and_pipes_within_a_log_are_not_followed(tmp_path: Path) -> None:
    """A link in the place of a file or folder, a pipe that would make its reader wait."""
    log_of(tmp_path / "log", SIZE)
    for name in (BUNDLE, "checkpoint", "tile", "tile/entries"):
        path = tmp_path / "log" / name
        moved = path.rename(tmp_path / "moved")
        path.symlink_to(moved)
        assert refused(tmp_path / "log").id in {"log.unreadable", "log.tail"}
        path.unlink()
        os.mkfifo(path)
        assert refused(tmp_path / "log").id in {"log.unreadable", "log.tail"}
        path.unlink()
        moved.rename(path)
    open_log(tmp_path / "log").close()


@lru_cache
def _sample() -> Path:
    """A log that is made once, and copied."""
    folder = Path(mkdtemp()) / "sample"
    log_of(folder, SIZE)
    return folder


def _opens(folder: Path) -> bool:
    """Tell whether the tail is taken, without going on with the log."""
    files = LogFiles(folder)
    note = find_checkpoint(files)
    return note is not None and read_tail(files, note, KEY).checkpoint.size == SIZE
