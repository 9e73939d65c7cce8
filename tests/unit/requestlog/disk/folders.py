"""Small logs on disk that the tests of this room start from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlspec import v1
from mlspec.requestlog import Checkpoint, NoteKey, NoteKeyKind, Tile, leaf_hash, root_of
from mlspec.requestlog.disk import LogFiles, LogFolder, LogWriter
from mlspec.requestlog.disk.opening import opened
from mlspec.requestlog.tiles import ENTRIES, bundle_bytes, tile_bytes
from mlspec.sealing import generate_key

ORIGIN = "bank.example/loans/requests"
SIGNER = generate_key()
KEY = NoteKey(ORIGIN, NoteKeyKind.LOG, SIGNER.public)
CHECKPOINTED = v1.LogDurability(checkpointed=v1.CheckpointedDurability())


def buffered(seconds: float, entries: int) -> v1.LogDurability:
    """The buffered mode with this window."""
    mode = v1.LogDurability()
    mode.buffered.loss_window_duration.FromNanoseconds(int(seconds * 1e9))
    mode.buffered.loss_window_entry_count = entries
    return mode


def open_log(folder: Path, *, files: LogFiles | None = None, **parts: Any) -> LogWriter:
    """Open a log of requests; keyword arguments are those of `LogWriter.open`."""
    given: dict[str, Any] = {
        "origin": ORIGIN,
        "signer": SIGNER,
        "kind": v1.LOG_KIND_REQUESTS,
        "durability": CHECKPOINTED,
        **parts,
    }
    if files is None:
        return LogWriter.open(folder, **given)
    event = v1.LogOpened(kind=v1.LOG_KIND_REQUESTS, durability=given["durability"])
    return opened(LogWriter, folder, ORIGIN, SIGNER, event, public=None, known=(), files=files)


def entry(count: int = 1) -> v1.LogEntry:
    """A small valid entry, which says that `count` were dropped."""
    made = v1.LogEntry()
    made.dropped.dropped_count = count
    made.dropped.reason = v1.ENTRY_DROP_REASON_QUEUE_FULL
    made.dropped.first_drop_time.seconds = 1
    made.dropped.last_drop_time.seconds = 2
    return made


def event(count: int = 1) -> bytes:
    """The encoding of its event."""
    return entry(count).SerializeToString()


def log_of(folder: Path, size: int) -> None:
    """Make a log of so many leaves, the opening among them, and close it."""
    with open_log(folder) as writer:
        writer.append_events(event(number) for number in range(1, size))


def snapshot(folder: Path) -> dict[str, bytes]:
    """All files of a folder but the lock, by path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock"
    }


def verify_all(folder: Path) -> int:
    """Prove leaves of a log, all of a small one, as entries of their places; return its size."""
    log = LogFolder.open(folder)
    size = log.size()
    for index in {*range(0, size, 1 + size // 32), size - 1}:
        proven = log.prove(index).verify(log.leaf(index), KEY)
        read = v1.LogEntry.FromString(proven.leaf)
        assert (read.origin, read.sequence_number) == (ORIGIN, index)
    return size


def forge(folder: Path, leaves: list[bytes]) -> None:
    """Write a folder with these leaves, whatever they say, as the key's holder could."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    files = LogFiles(folder)
    folder.mkdir()
    count = len(leaves)
    files.write(Tile(ENTRIES, 0, count).path, bundle_bytes(leaves))
    files.write(Tile(0, 0, count).path, tile_bytes(hashes))
    root = root_of(hashes)
    files.write("checkpoint", Checkpoint(ORIGIN, count, root).sign(KEY, SIGNER))
