"""A whole log holds, and whatever is done to it shows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.errors import DecodeError, TamperedError, UntrustedError, UsageError, VerificationError
from mlspec.requestlog import (
    Checkpoint,
    Note,
    NoteKey,
    NoteKeyKind,
    Tile,
    cosign_text,
    leaf_hash,
    root_of,
)
from mlspec.requestlog import verify_checkpoint as verify
from mlspec.requestlog.checking import Verdict, verify_log
from mlspec.requestlog.checking.sweep import STRETCH
from mlspec.requestlog.tiles import ENTRIES, bundle_bytes
from mlspec.sealing import generate_key
from tests.unit.requestlog import logs
from tests.unit.requestlog.checking import folders
from tests.unit.requestlog.logs import KEY, ORIGIN, SIGNER


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    """A log of 600 leaves: two full tiles and a partial one."""
    leaves = folders.leaves_of(folders.plain(600))
    return folders.write(tmp_path_factory.mktemp("made") / "log", leaves), leaves


@pytest.fixture
def log(made: tuple[Path, list[bytes]], tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made[0], tmp_path / "log"))


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 1000])
def test_a_log_of_any_size_holds(tmp_path: Path, size: int) -> None:
    """With full tiles, partial ones, and none at all."""
    folder = folders.write(tmp_path / "log", folders.leaves_of(folders.plain(size)))
    report = folders.check(folder)
    assert report.exit_code == 0
    assert report.checkpoint.size == size
    assert report.counts.inference_count == max(size - 2, 0)
    assert report.counts.opened_count == min(size, 1)


def test_a_report_says_what_it_found(log: Path) -> None:
    """Each check has a line; what nobody remembers is not proven."""
    report = folders.check(log)
    assert {line.id: line.verdict for line in report.lines} == {
        "checkpoint": Verdict.PASS,
        "log.root": Verdict.PASS,
        "log.entries": Verdict.PASS,
        "log.deployment": Verdict.PASS,
        "log.opened": Verdict.PASS,
        "log.history": Verdict.NOT_PROVEN,
    }
    assert "checkpointed" in next(report.of("log.opened")).words


def test_processes_come_to_the_same(tmp_path: Path) -> None:
    """Stretches are joined in order, whoever checked them; a change reaches into the next one."""
    entries = folders.plain(STRETCH * 2 + 300)
    entries[STRETCH - 5] = folders.change(folders.OTHER)
    for number in range(STRETCH - 4, len(entries)):
        entries[number] = folders.request(number, folders.OTHER)
    folder = folders.write(tmp_path / "log", folders.leaves_of(entries))
    seen: list[tuple[int, int]] = []
    alone = folders.check(folder, progress=lambda done, of: seen.append((done, of)))
    both = folders.check(folder, processes=2)
    assert (both.lines, both.counts) == (alone.lines, alone.counts)
    size = len(entries)
    assert seen == [(STRETCH, size), (STRETCH * 2, size), (size, size)]


def test_a_request_of_an_earlier_stretch_is_held_against_its_change(tmp_path: Path) -> None:
    """What answered is settled across stretches."""
    entries = folders.plain(STRETCH + 10)
    entries[STRETCH + 5] = folders.request(7, folders.OTHER)
    folder = folders.write(tmp_path / "log", folders.leaves_of(entries))
    report = verify_log(folder, KEY)
    assert [(line.id, line.index) for line in report.problems] == [("log.deployment", STRETCH + 5)]


def flip(data: bytearray) -> None:
    """Flip a bit in the middle."""
    data[len(data) // 2] ^= 1


def test_l1_a_flipped_bit_of_an_entry_shows(log: Path) -> None:
    """The entries do not hash to the tile, nor to the root."""
    folders.check(log)
    folders.edit(log, Tile(ENTRIES, 1), lambda data: data.__setitem__(40, data[40] ^ 1))
    report = verify_log(log, KEY)
    assert {"log.entry", "log.root"} <= set(folders.failed(report))
    assert report.exit_code == 1
    (line, *_) = report.of("log.entry")
    assert 256 <= (line.index or 0) < 512


@pytest.mark.parametrize(("level", "index", "width"), [(0, 0, 256), (0, 2, 88), (1, 0, 2)])
def test_l1_a_flipped_bit_of_a_tile_shows(log: Path, level: int, index: int, width: int) -> None:
    """On any level, though the entries themselves still lead to the root."""
    folders.edit(log, Tile(level, index, width), flip)
    report = verify_log(log, KEY)
    assert folders.failed(report) == ["log.entry" if level == 0 else "log.tile"]


def reorder(leaves: list[bytes]) -> None:
    """Two leaves change places."""
    leaves[300], leaves[301] = leaves[301], leaves[300]


def duplicate(leaves: list[bytes]) -> None:
    """One leaf stands twice, and the last one is gone."""
    leaves.insert(300, leaves[300])
    leaves.pop()


def delete(leaves: list[bytes]) -> None:
    """One leaf is gone, and one stands at the end to make up for it."""
    leaves.append(leaves.pop(300))


@pytest.mark.parametrize("alter", [reorder, duplicate, delete])
def test_l1_entries_moved_under_the_old_checkpoint_show(
    made: tuple[Path, list[bytes]], tmp_path: Path, alter: Callable[[list[bytes]], None]
) -> None:
    """Tiles and all were made anew: the root is not the signed one."""
    leaves = list(made[1])
    alter(leaves)
    note = (made[0] / "checkpoint").read_bytes()
    report = verify_log(folders.write(tmp_path / "log", leaves, note), KEY)
    assert {"log.root", "log.entry.sequence"} <= set(folders.failed(report))


@pytest.mark.parametrize("alter", [reorder, duplicate, delete])
def test_l14_gaps_and_duplicates_show_though_the_log_signed_them(
    made: tuple[Path, list[bytes]], tmp_path: Path, alter: Callable[[list[bytes]], None]
) -> None:
    """The holder of the key moved entries and signed what came of it."""
    leaves = list(made[1])
    alter(leaves)
    report = verify_log(folders.write(tmp_path / "log", leaves), KEY)
    assert set(folders.failed(report)) == {"log.entry.sequence"}
    assert next(line.index for line in report.problems) in (300, 301)


def test_l13_a_leaf_of_another_log_shows(tmp_path: Path) -> None:
    """Its origin is another's, whoever signed the tree."""
    leaves = folders.leaves_of(folders.plain(300))
    entry = v1.LogEntry.FromString(leaves[290])
    entry.origin = "bank.example/cards/requests"
    leaves[290] = entry.SerializeToString()
    report = verify_log(folders.write(tmp_path / "log", leaves), KEY)
    assert [(line.id, line.index) for line in report.problems] == [("log.entry.origin", 290)]


def test_l9_a_checkpoint_of_another_origin_or_key_is_refused(log: Path) -> None:
    """Before anything else is looked at."""
    note = (log / "checkpoint").read_bytes()
    stranger = generate_key()
    with pytest.raises(UntrustedError):
        verify_log(log, NoteKey(ORIGIN, NoteKeyKind.LOG, stranger.public))
    with pytest.raises(UntrustedError):
        verify_log(log, NoteKey("bank.example/cards", NoteKeyKind.LOG, SIGNER.public))
    (log / "checkpoint").write_bytes(note.replace(b"\n600\n", b"\n599\n"))
    with pytest.raises(TamperedError):
        verify_log(log, KEY)


def test_l10_a_malformed_checkpoint_is_refused(log: Path) -> None:
    """No other line ends, no leading zeros."""
    (log / "checkpoint").write_bytes((log / "checkpoint").read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(DecodeError):
        verify_log(log, KEY)


def test_l11_witnesses_are_counted(log: Path) -> None:
    """One that signed twice counts once; too few are refused."""
    witnesses = [logs.ANNA.key, logs.BORIS.key]
    note = logs.cosigned(logs.cosigned((log / "checkpoint").read_bytes(), logs.ANNA), logs.ANNA)
    (log / "checkpoint").write_bytes(note)
    report = folders.check(log, witnesses=witnesses, needed=1)
    assert "anna.example/w" in report.lines[0].words
    with pytest.raises(UntrustedError, match="cosigned"):
        verify_log(log, KEY, witnesses=witnesses, needed=2)


def test_l6_a_rollback_shows_to_whoever_remembers(
    made: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    """A shorter tree than the one seen before."""
    known = folders.checkpoint(made[0])
    old = folders.write(tmp_path / "old", made[1][:400])
    assert folders.failed(verify_log(old, KEY, known=known)) == ["log.rollback"]
    assert folders.check(made[0], known=folders.checkpoint(old)).exit_code == 0


@pytest.mark.parametrize("size", [600, 700])
def test_l7_a_fork_shows_to_whoever_remembers(
    made: tuple[Path, list[bytes]], tmp_path: Path, size: int
) -> None:
    """Another history, as long as the one seen before, or longer."""
    known = folders.checkpoint(made[0])
    fork = folders.write(tmp_path / "fork", folders.leaves_of(folders.plain(size)))
    folders.check(fork)
    assert folders.failed(verify_log(fork, KEY, known=known)) == ["log.fork"]


def test_l8_a_split_view_is_not_proven_absent_without_memory(log: Path) -> None:
    """It is said, and it is no pass; with a remembered checkpoint it is one."""
    (line,) = folders.check(log).of("log.history")
    assert line.verdict is Verdict.NOT_PROVEN
    (line,) = folders.check(log, known=folders.checkpoint(log)).of("log.history")
    assert line.verdict is Verdict.PASS


def test_a_checkpoint_of_another_log_is_not_remembered(log: Path) -> None:
    """It says nothing about this one."""
    other = NoteKey("bank.example/cards", NoteKeyKind.LOG, SIGNER.public)
    known = verify(Checkpoint(other.name, 0, root_of(())).sign(other, SIGNER), other)
    assert folders.failed(verify_log(log, KEY, known=known)) == ["checkpoint.origin"]


@pytest.mark.parametrize(
    "path", ["tile/entries/001", "tile/0/001", "tile/entries/002.p/88", "tile/1/000.p/2"]
)
def test_a_missing_file_shows(log: Path, path: str) -> None:
    """The checkpoint covers it, so it must be there."""
    (log / path).unlink()
    report = verify_log(log, KEY)
    assert folders.failed(report) == ["log.missing"]


def test_neither_entries_nor_hashes_is_no_root(log: Path) -> None:
    """Then nothing can be computed, and that is said."""
    (log / "tile/entries/001").unlink()
    (log / "tile/0/001").unlink()
    assert folders.failed(verify_log(log, KEY)) == ["log.missing", "log.missing", "log.root"]


def test_a_link_is_not_followed(log: Path, tmp_path: Path) -> None:
    """Not even one to the right bytes."""
    moved = (log / "tile/entries/001").rename(tmp_path / "elsewhere")
    (log / "tile/entries/001").symlink_to(moved)
    assert folders.failed(verify_log(log, KEY)) == ["log.unreadable"]


@pytest.mark.parametrize("cut", [1, 100])
def test_a_torn_bundle_shows(log: Path, cut: int) -> None:
    """It is named, and its hashes still lead to the root."""
    folders.edit(log, Tile(ENTRIES, 0), lambda data: data.__delitem__(slice(-cut, None)))
    assert folders.failed(verify_log(log, KEY)) == ["bundle.syntax"]


def test_a_partial_tile_that_was_outgrown_is_taken_from_what_replaced_it(
    made: tuple[Path, list[bytes]], tmp_path: Path
) -> None:
    """A writer that goes on while its log is verified removes partial tiles."""
    folder = folders.write(tmp_path / "log", made[1])
    (folder / "checkpoint").write_bytes(
        Checkpoint(ORIGIN, 300, root_of(leaf_hash(leaf) for leaf in made[1][:300])).sign(
            KEY, SIGNER
        )
    )
    folders.put(folder / "tile/1/000.p/1", (folder / "tile/1/000.p/2").read_bytes()[:32])
    assert folders.check(folder).checkpoint.size == 300


def test_many_faults_of_a_kind_are_counted(tmp_path: Path) -> None:
    """The first ones by name, the rest by number: a report stays short."""
    entries = [folders.opened(), *(folders.request(number) for number in range(1, 2))]
    leaves = folders.leaves_of(entries)
    leaves += [leaves[1]] * 500
    report = verify_log(folders.write(tmp_path / "log", leaves), KEY)
    assert len(list(report.of("log.entry.sequence"))) == 17
    assert any(line.words == "and 484 more like it" for line in report.problems)


def test_processes_are_bounded(log: Path) -> None:
    """A number that makes no sense is refused."""
    with pytest.raises(UsageError):
        verify_log(log, KEY, processes=0)


def test_a_cosignature_is_no_log_signature(log: Path) -> None:
    """Who saw a checkpoint does not say whose it is."""
    note = Note.from_bytes((log / "checkpoint").read_bytes())
    posed = Note(
        note.text, (cosign_text(note.text, logs.ANNA.key, logs.ANNA.signer, 1_700_000_000),)
    )
    (log / "checkpoint").write_bytes(posed.to_bytes())
    with pytest.raises(UntrustedError):
        verify_log(log, KEY, witnesses=[logs.ANNA.key])


def test_an_entry_over_the_bound_cannot_stand_in_a_bundle() -> None:
    """Two bytes say how long it is."""
    with pytest.raises(Exception, match="65535"):
        bundle_bytes([b"x" * 65_536])


def test_the_origin_is_that_of_the_key(log: Path) -> None:
    """A checkpoint that names another origin is refused, though the same key signed it."""
    text = Checkpoint("bank.example/cards", 0, root_of(())).to_text()
    note = Note(text, (Note.from_bytes(logs.checkpoint(0)).signatures[0],))
    (log / "checkpoint").write_bytes(note.to_bytes())
    with pytest.raises(VerificationError):
        verify_log(log, KEY)


@pytest.mark.parametrize("entries", [True, False])
def test_a_torn_tile_shows(log: Path, entries: bool) -> None:
    """Whether or not the entries below it are there."""
    folders.edit(log, Tile(0, 1), lambda data: data.__delitem__(slice(-1, None)))
    if not entries:
        (log / "tile/entries/001").unlink()
    expected = ["tile.size"] if entries else ["log.missing", "tile.size", "log.root"]
    assert folders.failed(verify_log(log, KEY)) == expected


@pytest.fixture(scope="module")
def tall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with tiles of three levels."""
    leaves = folders.leaves_of(folders.plain(65_536 + 300))
    return folders.write(tmp_path_factory.mktemp("tall") / "log", leaves)


@pytest.mark.parametrize(
    ("tile", "leaf"), [(Tile(1, 0), 0), (Tile(1, 1, 1), 65_536), (Tile(2, 0, 1), 0)]
)
def test_l1_tiles_of_every_level_are_compared(tall: Path, tile: Tile, leaf: int) -> None:
    """Full ones and partial ones: proofs would be made from them."""
    before = (tall / tile.path).read_bytes()
    assert folders.check(tall).checkpoint.size == 65_836
    folders.edit(tall, tile, flip)
    report = verify_log(tall, KEY)
    assert [(line.id, line.index) for line in report.problems] == [("log.tile", leaf)]
    (tall / tile.path).unlink()
    assert folders.failed(verify_log(tall, KEY)) == ["log.missing"]
    (tall / tile.path).write_bytes(before)
