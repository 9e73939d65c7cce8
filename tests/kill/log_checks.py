"""What must hold of a log after its writer died, whenever that was."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mlspec import v1
from mlspec.codec import read_delimited
from mlspec.requestlog import (
    VerifiedCheckpoint,
    leaf_hash,
    read_entry,
    root_of,
    verify_checkpoint,
)
from mlspec.requestlog.disk import LogFolder
from tests.unit.requestlog.disk.folders import KEY, ORIGIN, open_log


@dataclass
class Promised:
    """What a writer acknowledged: entries by index, with hash and time, and checkpoints."""

    entries: dict[int, tuple[bytes, float]] = field(default_factory=dict)
    checkpoints: list[VerifiedCheckpoint] = field(default_factory=list)

    def take(self, lines: Iterable[bytes]) -> None:
        """Take what a program said; the last line may be cut."""
        for line in lines:
            if not line.endswith(b"\n"):
                continue
            kind, *words = line.decode().split()
            if kind == "entry":
                self.entries[int(words[0])] = (bytes.fromhex(words[1]), float(words[2]))
            else:
                self.checkpoints.append(verify_checkpoint(bytes.fromhex(words[0]), KEY))

    def newest(self) -> list[VerifiedCheckpoint]:
        """The largest checkpoint, if there is one."""
        return sorted(self.checkpoints, key=lambda each: each.size)[-1:]


def read_whole(folder: Path) -> list[bytes]:
    """Return a log's leaves, proven by its checkpoint, each the entry of its place.

    What a reader sees is never torn, before the log is opened to write or after.
    """
    log = LogFolder.open(folder)
    checkpoint = verify_checkpoint(log.checkpoint(), KEY)
    leaves = [leaf for _, leaf in log.leaves(0, checkpoint.size)]
    assert len(leaves) == checkpoint.size
    assert root_of(map(leaf_hash, leaves)) == checkpoint.root
    return leaves


def check(folder: Path, promised: Promised) -> list[int]:
    """Check the log, open it again, and check it once more; return the entries that are lost.

    It must open, extend every checkpoint that was seen, and hold the entries under it in their
    places. A lost entry is one that was acknowledged; whether it may be, the mode says.
    """
    before = read_whole(folder) if (folder / "checkpoint").exists() else []
    with open_log(folder, known=promised.newest()) as writer:
        size = writer.size - 1
    leaves = read_whole(folder)
    # A checkpoint that was signed and not yet in its place is taken up: there may be more.
    assert leaves[: len(before)] == before
    for index in range(max(0, len(before) - 300), len(leaves)):
        read_entry(leaves[index], ORIGIN, index)
    _check_sides(folder, leaves)
    lost = []
    for index, (hashed, _) in promised.entries.items():
        if index >= size:
            lost.append(index)
        else:
            assert leaf_hash(leaves[index]) == hashed, f"entry {index} is another one"
    return lost


def forget(promised: Promised, lost: Iterable[int]) -> None:
    """Ask no more for entries that were lost as the mode declares."""
    for index in lost:
        del promised.entries[index]


def _check_sides(folder: Path, leaves: list[bytes]) -> None:
    """Each entry that had a side record has it, and there is none of an entry that is not."""
    found = {}
    for path in sorted((folder / "side").rglob("[0-9]*")) if (folder / "side").exists() else ():
        for side in read_delimited(v1.SideRecord, io.BytesIO(path.read_bytes())):
            assert side.origin == ORIGIN
            found[side.sequence_number] = side.content
    wanted = {}
    for index, leaf in enumerate(leaves):
        entry = v1.LogEntry.FromString(leaf)
        if entry.HasField("dropped") and entry.dropped.dropped_count % 3 == 0:
            wanted[index] = b"somebody %d" % entry.dropped.dropped_count
    assert found == wanted
