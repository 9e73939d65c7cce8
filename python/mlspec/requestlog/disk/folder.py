"""Reading a log's folder: every byte of it is a claim until a checkpoint's root proves it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, Self

from mlspec.errors import StoreNotFoundError, UsageError
from mlspec.files import StrPath
from mlspec.requestlog.checkpoints import Checkpoint
from mlspec.requestlog.disk.layout import CHECKPOINT, KEPT, PRUNED, kept_path, partials_path
from mlspec.requestlog.disk.reading import LogReading
from mlspec.requestlog.hashing import HASH_SIZE
from mlspec.requestlog.notes import MAX_NOTE, Note
from mlspec.requestlog.numbers import parse_decimal
from mlspec.requestlog.proofs import LogProof
from mlspec.requestlog.proving import prove_consistency, prove_inclusion
from mlspec.requestlog.tile_tree import TileTree
from mlspec.requestlog.tiles import ENTRIES, MAX_BUNDLE, WIDTH, Tile, bundle_entries

_BUNDLES_KEPT: Final = 2
_MAX_NUMBER: Final = 32
_TRIES: Final = 5
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class LogFolder:
    """A log as it stands in its folder. Reads, never writes, and trusts nothing that it reads.

    It may be read while its writer goes on.
    """

    def __init__(self, files: LogReading) -> None:
        self._files = files
        self._bundle = lru_cache(maxsize=_BUNDLES_KEPT)(self._read_bundle)

    @classmethod
    def open(cls, folder: StrPath) -> Self:
        """Open a folder. Raises StoreNotFoundError if there is no log, UnreadableError."""
        made = cls(LogReading(folder))
        made.checkpoint()
        return made

    @property
    def root(self) -> str:
        """The folder."""
        return self._files.root

    def checkpoint(self, size: int | None = None) -> bytes:
        """Return the newest signed note, or the kept one of `size`.

        Raises StoreNotFoundError, UnreadableError, LimitError.
        """
        path = CHECKPOINT if size is None else kept_path(size)
        note = self._files.read(path, MAX_NOTE)
        if note is None:
            raise self._missing("checkpoint" if size is None else f"checkpoint of size {size}")
        return note

    def kept_sizes(self) -> tuple[int, ...]:
        """Return the sizes of the kept checkpoints, lowest first. Raises UnreadableError."""
        return tuple(sorted(_numbers(self._files.names(KEPT))))

    def size(self) -> int:
        """Return how many leaves the newest checkpoint claims. Raises what reading it raises."""
        return self._claimed(self.checkpoint()).size

    def leaf(self, index: int) -> bytes:
        """Return the bytes of a leaf.

        Raises UsageError if the log has no such leaf, StoreNotFoundError if it was pruned or lost,
        DecodeError for a torn bundle, UnreadableError.
        """
        size = self.size()
        if not 0 <= index < size:
            raise UsageError(
                f"must be 0 or more and below {size} (got {index})",
                error_id="log.index",
                path="index",
            )
        return self._bundle(_tile(ENTRIES, index // WIDTH, size))[index % WIDTH]

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield leaves, each with its index, in order. Raises what `leaf` raises."""
        end = self.size() if stop is None else stop
        while start < end:
            for entry in self._bundle(_tile(ENTRIES, start // WIDTH, end))[start % WIDTH :]:
                yield start, entry
                start += 1

    def tree(self, size: int | None = None) -> TileTree:
        """Return the tree of the first `size` leaves; default: of the newest checkpoint."""
        return TileTree(self.size() if size is None else size, self.read_tile)

    def prove(self, index: int, size: int | None = None) -> LogProof:
        """Return the proof of a leaf, under the newest checkpoint or the kept one of `size`.

        Raises UsageError, StoreNotFoundError, DecodeError, UnreadableError.
        """
        note = self.checkpoint(size)
        size = self._claimed(note).size
        return LogProof(index, prove_inclusion(self.tree(size), index, size), note)

    def consistency(self, old_size: int, size: int | None = None) -> tuple[bytes, ...]:
        """Return the hashes that show the tree of `size` to extend that of `old_size`.

        Raises UsageError, StoreNotFoundError, DecodeError, UnreadableError.
        """
        tree = self.tree(size)
        return prove_consistency(tree, old_size, tree.size)

    def pruned_before(self) -> int:
        """Return the leaf before which entries may be gone. Raises DecodeError, UnreadableError."""
        return read_pruned(self._files)

    def read_tile(self, tile: Tile) -> bytes:
        """Return the bytes of a tile of hashes, taken from a wider one where that has replaced it.

        Raises StoreNotFoundError, LimitError, UnreadableError.
        """
        most = WIDTH * HASH_SIZE
        for each in self._wider(tile):
            data = self._files.read(each.path, most)
            if data is not None:
                whole = len(data) == each.width * HASH_SIZE
                return data[: tile.width * HASH_SIZE] if whole else data
        raise self._missing(tile.path)

    def read_bundle(self, tile: Tile) -> tuple[bytes, ...]:
        """Return the entries of a bundle, taken from a wider one where that has replaced it.

        Raises StoreNotFoundError, DecodeError, LimitError, UnreadableError.
        """
        return self._bundle(tile)

    def _read_bundle(self, tile: Tile) -> tuple[bytes, ...]:
        for each in self._wider(tile):
            data = self._files.read(each.path, MAX_BUNDLE)
            if data is not None:
                return bundle_entries(each, data)[: tile.width]
        if (tile.index + 1) * WIDTH <= self.pruned_before():
            raise StoreNotFoundError(
                f"must have been kept (entries before {self.pruned_before()} were pruned)",
                error_id="log.pruned",
                source=self._files.root,
                path=tile.path,
                remedy="It expired; its hash stays, and later entries keep their proofs.",
            )
        raise self._missing(tile.path)

    def _wider(self, tile: Tile) -> Iterator[Tile]:
        """Yield where a tile's content may be: a writer removes partial ones that it outgrew."""
        yield tile
        if tile.width == WIDTH:
            return
        # A busy writer may remove what was listed before it is read.
        for _ in range(_TRIES):
            names = self._files.names(partials_path(tile.level, tile.index))
            yield from (
                Tile(tile.level, tile.index, width)
                for width in sorted(_numbers(names))
                if tile.width < width < WIDTH
            )
            yield Tile(tile.level, tile.index)

    def _claimed(self, note: bytes) -> Checkpoint:
        return Checkpoint.from_text(Note.from_bytes(note).text)

    def _missing(self, what: str) -> StoreNotFoundError:
        return StoreNotFoundError(
            f"must hold {what} (it does not)",
            error_id="log.missing",
            source=self._files.root,
            remedy="Check that it is a log's folder; if so, it was pruned, or restore a copy.",
        )


def read_pruned(files: LogReading) -> int:
    """Return the leaf before which entries may be gone. Raises DecodeError, UnreadableError."""
    data = files.read(PRUNED, _MAX_NUMBER)
    if data is None:
        return 0
    return parse_decimal(data.decode("ascii", "replace").removesuffix("\n"), PRUNED)


def _numbers(names: Iterable[str]) -> Iterator[int]:
    """Yield the numbers that are names, each in its one spelling."""
    return (int(name) for name in names if _NUMBER.fullmatch(name))


def _tile(level: int, index: int, size: int) -> Tile:
    return Tile(level, index, min(WIDTH, size - index * WIDTH))
