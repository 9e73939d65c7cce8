"""Checking a stretch of a log: its entries, the tiles over them, and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mlspec.errors import MLSpecError, StoreNotFoundError
from mlspec.requestlog.checking.beside import check_sides
from mlspec.requestlog.checking.folding import full_root, leaf_hashes
from mlspec.requestlog.checking.leaves import LeafJudge
from mlspec.requestlog.checking.segment import Segment, unusable
from mlspec.requestlog.checking.settling import Expected
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.tiles import ENTRIES, WIDTH, Tile, tile_hashes

STRETCH: Final = 64 * WIDTH
"""Leaves that are checked at a time: whole tiles, and few enough to keep all processes busy."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which leaves of which log to check.

    Attributes:
        folder: The log's folder.
        expected: What the log must be.
        start: The first leaf; a tile begins there.
        end: The leaf after the last.
        pruned: Before which leaf the entries are gone.
    """

    folder: str
    expected: Expected
    start: int
    end: int
    pruned: int


def check_stretch(stretch: Stretch) -> Segment:
    """Check the leaves of a stretch. Whatever is wrong with them becomes a fault of the segment.

    Raises what opening the folder raises.
    """
    folder = LogFolder.open(stretch.folder)
    segment = Segment(stretch.expected.origin, stretch.start)
    judge = LeafJudge(segment, stretch.expected)
    for first in range(stretch.start, stretch.end, WIDTH):
        width = min(WIDTH, stretch.end - first)
        expendable = first + width <= stretch.pruned
        hashes = _check_tile(folder, judge, first // WIDTH, width, expendable=expendable)
        if hashes is None:
            segment.broken = True
        elif width == WIDTH:
            segment.roots.append(full_root(hashes))
        else:
            segment.tail = hashes
    return segment


def _check_tile(
    folder: LogFolder, judge: LeafJudge, number: int, width: int, *, expendable: bool
) -> list[bytes] | None:
    """Return the hashes of a tile's leaves: of the entries, or if those are gone, as kept."""
    start, segment = number * WIDTH, judge.segment
    tile, bundle = Tile(0, number, width), Tile(ENTRIES, number, width)
    try:
        kept = folder.read_tile(tile)
    except MLSpecError as error:
        segment.faults.add(unusable(error, tile, start))
        kept = None
    try:
        leaves = folder.read_bundle(bundle)
    except MLSpecError as error:
        if expendable and isinstance(error, StoreNotFoundError):
            segment.counts["pruned"] += width
        else:
            segment.counts["lost"] += width
            segment.faults.add(unusable(error, bundle, start))
        return None if kept is None else _hashes(segment, tile, kept)
    hashes = leaf_hashes(leaves)
    if kept is not None and b"".join(hashes) != kept:
        _tell_apart(segment, tile, hashes, kept)
    check_sides(folder.root, segment, number, judge.judge(leaves, start))
    return hashes


def _tell_apart(segment: Segment, tile: Tile, hashes: list[bytes], kept: bytes) -> None:
    claimed = _hashes(segment, tile, kept)
    if claimed is None:
        return
    wrong = [at for at, mine in enumerate(hashes) if mine != claimed[at]]
    segment.fault(
        "log.entry",
        tile.index * WIDTH + wrong[0],
        f"must be the entry that the tile has ({len(wrong)} of {tile.width} are not)",
        "The entry was altered, moved or lost, or the tile was: restore it from a copy.",
    )


def _hashes(segment: Segment, tile: Tile, kept: bytes) -> list[bytes] | None:
    try:
        return list(tile_hashes(tile, kept))
    except MLSpecError as error:
        segment.faults.add(unusable(error, tile, tile.index * WIDTH))
        return None
