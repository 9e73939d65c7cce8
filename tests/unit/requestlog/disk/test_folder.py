"""Reading a log while its writer goes on, and what is said of what is not there."""

import random
import threading
from pathlib import Path

import pytest

from mlspec.errors import MLSpecError, StoreNotFoundError, UnreadableError, UsageError
from mlspec.requestlog import Tile, verify_checkpoint
from mlspec.requestlog.disk import LogFolder
from tests.unit.requestlog.disk.folders import KEY, event, log_of, open_log


def test_readers_see_whole_logs_while_the_writer_goes_on(tmp_path: Path) -> None:
    """Each proof verifies, though partial tiles come and go."""
    writer = open_log(tmp_path)
    ended = threading.Event()
    faults: list[BaseException] = []
    proven = [0]

    def read() -> None:
        chance = random.Random(7)
        log = LogFolder.open(tmp_path)
        try:
            while not ended.is_set():
                index = chance.randrange(log.size())
                assert log.prove(index).verify(log.leaf(index), KEY).index == index
                proven[0] += 1
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            faults.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(1, 80):
        writer.append_events([event(number)] * (1 + number % 5))
        writer.commit()
    ended.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert not faults
    assert proven[0] > 10


def test_older_trees_can_be_proven_from_newer_tiles(tmp_path: Path) -> None:
    """A wider tile has the hashes of a narrower one that went."""
    checkpoints = []
    with open_log(tmp_path) as writer:
        for _ in range(12):
            writer.append_events([event()] * 50)
            checkpoints.append(writer.commit())
        last = writer.checkpoint
        for older in checkpoints:
            last.require_extends(older, writer.folder.consistency(older.size))
            tile = Tile(0, older.size // 256, older.size % 256)
            assert len(writer.folder.read_tile(tile)) == 32 * tile.width


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    """No log, no leaf, no checkpoint of that size; a lost bundle."""
    with pytest.raises(StoreNotFoundError) as caught:
        LogFolder.open(tmp_path)
    assert caught.value.id == "log.missing"
    with pytest.raises((StoreNotFoundError, UnreadableError)):
        LogFolder.open(tmp_path / "nothing")
    with pytest.raises(UnreadableError):
        LogFolder.open("a\0b")
    log_of(tmp_path, 300)
    log = LogFolder.open(tmp_path)
    for index in (-1, 300, 10**30):
        with pytest.raises(UsageError):
            log.leaf(index)
        with pytest.raises(UsageError):
            log.prove(index)
    with pytest.raises(StoreNotFoundError):
        log.checkpoint(5)
    (tmp_path / "tile/entries/000").unlink()
    with pytest.raises(StoreNotFoundError) as lost:
        log.leaf(3)
    assert lost.value.id == "log.missing"
    assert log.prove(3, None).index == 3


def test_kept_checkpoints_are_read_by_size(tmp_path: Path) -> None:
    """Names that are no sizes are none of ours."""
    log_of(tmp_path, 3)
    kept = tmp_path / "checkpoints"
    kept.mkdir()
    note = (tmp_path / "checkpoint").read_bytes()
    for name in ("3", "03", "x", "3.draft"):
        (kept / name).write_bytes(note)
    log = LogFolder.open(tmp_path)
    assert log.kept_sizes() == (3,)
    assert (
        verify_checkpoint(log.checkpoint(3), KEY).size
        == log.prove(0, 3).verify(log.leaf(0), KEY).checkpoint.size
    )


def test_too_long_files_are_not_read(tmp_path: Path) -> None:
    """A checkpoint or a tile that would fill the memory."""
    log_of(tmp_path, 300)
    log = LogFolder.open(tmp_path)
    (tmp_path / "tile/0/000").write_bytes(bytes(256 * 32 + 1))
    with pytest.raises(MLSpecError) as caught:
        log.read_tile(Tile(0, 0))
    assert caught.value.id == "limit.size"
    (tmp_path / "checkpoint").write_bytes(bytes(70_000))
    with pytest.raises(MLSpecError) as long:
        log.checkpoint()
    assert long.value.id == "limit.size"
