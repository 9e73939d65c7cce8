"""Pruning removes what has expired, and says so."""

from pathlib import Path

import pytest

from mlspec import v1
from mlspec.errors import (
    DecodeError,
    MLSpecError,
    StateError,
    StoreNotFoundError,
    StoreUnwritableError,
)
from mlspec.requestlog import Tile
from mlspec.requestlog.disk import LogFiles, LogFolder
from mlspec.requestlog.disk.pruning import sweep
from mlspec.requestlog.tiles import ENTRIES
from tests.unit.requestlog.disk.folders import (
    KEY,
    ORIGIN,
    entry,
    event,
    log_of,
    open_log,
)

CHANGE = v1.LogEntry(deployment_change=v1.DeploymentChange()).SerializeToString()
REQUEST = v1.LogEntry(inference=v1.InferenceRecord()).SerializeToString()


def read_kind(log: LogFolder, index: int) -> str | None:
    """Which event a leaf has."""
    return v1.LogEntry.FromString(log.leaf(index)).WhichOneof("event")


def bundles(folder: Path) -> list[str]:
    """The entry bundles that are there, and the side records."""
    found = [*folder.glob("tile/entries/**/*"), *folder.glob("side/**/*")]
    return sorted(str(path.relative_to(folder)) for path in found if path.is_file())


def test_pruned_entries_go_and_later_ones_keep_their_proofs(tmp_path: Path) -> None:
    """Whole bundles before the number; it is said where entries begin; the log goes on."""
    with open_log(tmp_path) as writer:
        side = v1.SideRecord(salt=bytes(32), content=b"x")
        writer.append(entry(), side=side)
        writer.append_events([event()] * 700)
        writer.commit()
        assert writer.prune(600) == 512
        assert writer.folder.pruned_before() == 512
        assert writer.prune(300) == 512
        writer.append_events([event()] * 100)
    assert [name for name in bundles(tmp_path) if ".p" not in name] == ["tile/entries/002"]
    with open_log(tmp_path) as writer:
        log = writer.folder
        assert log.prove(512).verify(log.leaf(512), KEY).index == 512
        assert len(log.prove(0).hashes) > 0
        with pytest.raises(StoreNotFoundError) as caught:
            log.leaf(511)
        assert caught.value.id == "log.pruned"
        assert [index for index, _ in log.leaves(512)] == list(range(512, writer.size))


@pytest.mark.parametrize(("size", "left"), [(1, 0), (256, 0), (257, 256), (512, 256), (700, 512)])
def test_the_last_bundle_is_never_pruned(tmp_path: Path, size: int, left: int) -> None:
    """The next restart verifies it."""
    log_of(tmp_path, size - 1) if size > 1 else None
    with open_log(tmp_path) as writer:
        assert writer.size == size
        assert writer.prune(10**9) == left
    open_log(tmp_path).close()


def test_the_deployment_of_the_first_request_that_stays_is_kept(tmp_path: Path) -> None:
    """Or nobody could say which model answered it; where another change stands first, it goes."""
    with open_log(tmp_path) as writer:
        writer.append_events([event()] * 299)
        assert writer.append_event(CHANGE).index == 300
        writer.append_events([REQUEST] * 700)
        writer.append_events([CHANGE, REQUEST])
        writer.commit()
        assert writer.prune(1000) == 256
        writer.append_events([REQUEST] * 277 + [CHANGE] + [REQUEST] * 300)
        writer.commit()
        assert read_kind(writer.folder, 1280) == "deployment_change"
        assert writer.prune(1100) == 768
        assert writer.prune(1300) == 1280


def test_a_crash_within_pruning_is_finished_by_the_next(tmp_path: Path) -> None:
    """The number is there before the first entry goes."""
    log_of(tmp_path, 1500)
    files = _Failing(tmp_path)
    with open_log(tmp_path, files=files) as writer:
        files.left = 3
        with pytest.raises(StoreUnwritableError):
            writer.prune(1200)
        files.left = -1
        assert writer.folder.pruned_before() == 1024
        assert "tile/entries/002" in bundles(tmp_path)
    with open_log(tmp_path) as writer:
        assert writer.prune(0) == 1024
    assert [name for name in bundles(tmp_path) if ".p" not in name] == ["tile/entries/004"]


def test_folders_of_pruned_bundles_go(tmp_path: Path) -> None:
    """Beyond a thousand bundles there are folders of folders, and partial ones have their own."""
    files = LogFiles(tmp_path)
    numbers = (0, 999, 1000, 1001, 1002, 2000, 999_999, 1_000_000, 1_001_000)
    for number in numbers:
        files.write(Tile(ENTRIES, number).path, b"x")
        files.write(Tile(ENTRIES, number, 7).path, b"x")
    for limit in (0, 1, 1000, 1002, 999_999, 1_001_000):
        sweep(files, "tile/entries", limit)
        left = {Tile.from_path(name).index for name in bundles(tmp_path)}
        assert left == {number for number in numbers if number >= limit}
        assert len(bundles(tmp_path)) == 2 * len(left)
    assert not (tmp_path / "tile/entries/x999").exists()


def test_damaged_bundles_are_not_pruned_by(tmp_path: Path) -> None:
    """Whoever cannot read which deployment answered does not remove what might say it."""
    log_of(tmp_path, 700)
    path = tmp_path / "tile/entries/001"
    path.write_bytes(path.read_bytes().replace(ORIGIN.encode(), b"\xff" * len(ORIGIN)))
    with open_log(tmp_path) as writer:
        with pytest.raises(DecodeError) as caught:
            writer.prune(600)
        assert caught.value.id == "log.entry"
        assert writer.folder.pruned_before() == 0


@pytest.mark.parametrize("number", [b"", b"-1\n", b"007\n", b"100\n", b"512\n", b"9" * 19, b"\xff"])
def test_a_number_that_no_pruning_wrote_is_refused(tmp_path: Path, number: bytes) -> None:
    """Nothing is removed because of it."""
    log_of(tmp_path, 300)
    before = bundles(tmp_path)
    (tmp_path / "pruned").write_bytes(number)
    with pytest.raises(MLSpecError) as caught:
        open_log(tmp_path)
    assert caught.value.id == "log.tail"
    assert bundles(tmp_path) == before


def test_a_delegated_log_is_rotated_and_not_pruned(tmp_path: Path) -> None:
    """Its first entry names who delegated it, and without that it is no evidence."""
    with open_log(tmp_path, delegating_origin="bank.example/all") as writer:
        writer.append_events([event()] * 600)
        writer.commit()
        with pytest.raises(StateError) as caught:
            writer.prune(500)
        assert caught.value.id == "log.prune.delegated"
        assert writer.prune(100) == 0


class _Failing(LogFiles):
    """A door whose n-th removal from now on fails."""

    left = -1

    def remove(self, path: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise StoreUnwritableError("must be writable", source=path)
        super().remove(path)
