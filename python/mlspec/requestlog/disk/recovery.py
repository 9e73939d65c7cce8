"""Taking up a log where its last writer left it, or refusing to.

The checkpoint is the truth. What lies beyond it was never acknowledged and is removed; what lies
under it must be as it was signed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mlspec.errors import (
    InputError,
    MLSpecError,
    StoreCorruptError,
    ValidationError,
    VerificationError,
)
from mlspec.requestlog.checkpoints import Checkpoint, VerifiedCheckpoint, verify_checkpoint
from mlspec.requestlog.disk.files import LogFiles
from mlspec.requestlog.disk.folder import LogFolder, read_pruned
from mlspec.requestlog.disk.growth import Growth
from mlspec.requestlog.disk.layout import CHECKPOINT, DRAFT, KEPT, PRUNED, kept_path
from mlspec.requestlog.entries import read_entry
from mlspec.requestlog.hashing import HASH_SIZE
from mlspec.requestlog.merkle import verify_inclusion
from mlspec.requestlog.note_keys import NoteKey
from mlspec.requestlog.notes import MAX_NOTE
from mlspec.requestlog.proving import prove_inclusion
from mlspec.requestlog.tile_tree import TileTree
from mlspec.requestlog.tiles import (
    ENTRIES,
    HEIGHT,
    MAX_BUNDLE,
    WIDTH,
    Tile,
    bundle_entries,
    tile_hashes,
    verify_bundle,
)

LEVELS: Final = 8
"""Levels of tiles that a tree can have."""

_OTHERS: Final = ("tile", KEPT, "side")
_REMEDY: Final = "Restore the log's folder from a copy, whole; nothing was written to it."


@dataclass(frozen=True, slots=True)
class Tail:
    """The verified end of a log.

    Attributes:
        checkpoint: The last one, verified.
        growth: The tree's right edge.
        entries: Those of the last, partial bundle.
    """

    checkpoint: VerifiedCheckpoint
    growth: Growth
    entries: tuple[bytes, ...]


def find_checkpoint(files: LogFiles) -> bytes | None:
    """Return the last signed note. None: the folder has no log yet.

    Raises StoreCorruptError if it has one without a checkpoint, UnreadableError.
    """
    note = files.read(CHECKPOINT, MAX_NOTE)
    if note is None and (any(map(files.names, _OTHERS)) or files.size(PRUNED)):
        # To begin anew here would be a second history under the same origin.
        raise _mismatch(files, CHECKPOINT, "must be there: the folder has a log's files")
    return note


def read_tail(files: LogFiles, note: bytes, key: NoteKey) -> Tail:
    """Verify the end of a log: checkpoint, right edge, and the entries of the last bundle.

    Raises StoreCorruptError (`log.tail`) for files that are not those under the checkpoint, what
    `verify_checkpoint` raises for the checkpoint, UnreadableError.
    """
    try:
        checkpoint = verify_checkpoint(note, key)
    except MLSpecError as error:
        error.from_source(f"{files.root}/{CHECKPOINT}")
        raise
    size = checkpoint.size
    tree = TileTree(size, lambda tile: _read(files, tile, WIDTH * HASH_SIZE))
    try:
        rows = [_edge(files, level, size) for level in range(LEVELS)]
        stack = [tree.node(level, (size >> level) - 1) for level in _levels(size)]
        growth = Growth(size, stack, rows)
        entries = _last_entries(files, tree, checkpoint.checkpoint)
    except (InputError, ValidationError, VerificationError) as error:
        raise _mismatch(files, error.path, error.message) from error
    if growth.root() != checkpoint.root:
        raise _mismatch(files, "tile", "must have the hashes that lead to the checkpoint's root")
    require_pruned(files, size)
    return Tail(checkpoint, growth, entries if size % WIDTH else ())


def drafted_tail(files: LogFiles, tail: Tail, key: NoteKey) -> Tail | None:
    """Return the end of the log under a checkpoint that was signed, and did not take its place.

    Whatever was signed binds: a reader may have seen it in its place, before a power cut undid
    the renaming. None: there is none that is whole, and so none was ever in its place.

    Raises VerificationError (`log.fork`) if it does not extend the last one.
    """
    try:
        note = files.read(DRAFT, MAX_NOTE)
        if note is None or verify_checkpoint(note, key).size <= tail.checkpoint.size:
            return None
        drafted = read_tail(files, note, key)
    except MLSpecError:
        return None
    require_extends(files, drafted, [tail.checkpoint])
    return drafted


def require_extends(files: LogFiles, tail: Tail, known: Sequence[VerifiedCheckpoint]) -> None:
    """Check that the log still has the history of checkpoints that are remembered.

    Raises VerificationError (`log.rollback`, `log.fork`), and what reading the tiles raises.
    """
    folder = LogFolder(files)
    size = tail.checkpoint.size
    for older in known:
        hashes = folder.consistency(older.size, size) if older.size <= size else ()
        tail.checkpoint.require_extends(older, hashes)


def kept_checkpoints(files: LogFiles, key: NoteKey) -> tuple[VerifiedCheckpoint, ...]:
    """Return the largest of the kept checkpoints, verified; none if none is kept.

    Raises what `verify_checkpoint` and reading raise.
    """
    folder = LogFolder(files)
    kept = []
    for size in folder.kept_sizes()[-1:]:
        try:
            kept.append(verify_checkpoint(folder.checkpoint(size), key))
        except MLSpecError as error:
            error.from_source(f"{files.root}/{kept_path(size)}")
            raise
    return tuple(kept)


def require_pruned(files: LogFiles, size: int) -> int:
    """Return the leaf before which entries may be gone; the last bundle is never.

    Raises StoreCorruptError (`log.tail`) for a number that no pruning wrote, UnreadableError.
    """
    try:
        pruned = read_pruned(files)
    except InputError as error:
        raise _mismatch(files, PRUNED, error.message) from error
    if pruned % WIDTH or pruned >= max(size, 1):
        raise _mismatch(files, PRUNED, f"must be the start of a bundle below {size} (got {pruned})")
    return pruned


def _levels(size: int) -> Iterator[int]:
    """Yield the levels of the full subtrees that make up a tree, highest first."""
    return (level for level in reversed(range(size.bit_length())) if size >> level & 1)


def _edge(files: LogFiles, level: int, size: int) -> tuple[bytes, ...]:
    """Return the hashes of a level's last tile, if that is partial."""
    index, width = divmod(size >> HEIGHT * level, WIDTH)
    if not width:
        return ()
    tile = Tile(level, index, width)
    return tile_hashes(tile, _read(files, tile, WIDTH * HASH_SIZE))


def _last_entries(files: LogFiles, tree: TileTree, checkpoint: Checkpoint) -> tuple[bytes, ...]:
    """Return the entries of the last bundle, verified: the tile's, and the tile the root's."""
    if not tree.size:
        return ()
    last = tree.size - 1
    index = last // WIDTH
    tile = Tile(0, index, tree.size - index * WIDTH)
    hashes = tile_hashes(tile, _read(files, tile, WIDTH * HASH_SIZE))
    path = prove_inclusion(tree, last, tree.size)
    verify_inclusion(hashes[-1], last, tree.size, checkpoint.root, path)
    bundle = Tile(ENTRIES, index, tile.width)
    entries = bundle_entries(bundle, _read(files, bundle, MAX_BUNDLE))
    verify_bundle(bundle, entries, hashes)
    for position, entry in enumerate(entries):
        read_entry(entry, checkpoint.origin, index * WIDTH + position)
    return entries


def _read(files: LogFiles, tile: Tile, max_bytes: int) -> bytes:
    # No wider tile will do here: a writer removes the exact one only when a larger tree is signed.
    data = files.read(tile.path, max_bytes)
    if data is None:
        raise _mismatch(files, tile.path, "must be there, as the checkpoint says")
    return data


def _mismatch(files: LogFiles, path: str, words: str) -> StoreCorruptError:
    return StoreCorruptError(
        words, error_id="log.tail", source=f"{files.root}/{path}", remedy=_REMEDY
    )
