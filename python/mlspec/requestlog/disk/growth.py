"""A tree that grows, and the tiles that its growth makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from mlspec.requestlog.compact_range import CompactRange
from mlspec.requestlog.tiles import HEIGHT, WIDTH, Tile, tiles_between

_NODE: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class Grown:
    """What a tree was when it was looked at, and its new tiles.

    Attributes:
        size: How many leaves it had.
        root: Its root.
        tiles: The tiles since the last commit, each with its bytes.
    """

    size: int
    root: bytes
    tiles: tuple[tuple[Tile, bytes], ...]


class Growth:
    """The right edge of a tree: what appending, roots and new tiles need.

    As `CompactRange`, which keeps less. It holds the hashes of each level's last tile and of the
    tiles that are not committed yet.

    Attributes:
        size: How many leaves the tree has.
        committed: How many it had at the last commit.
    """

    __slots__ = ("_rows", "_stack", "_starts", "committed", "size")

    def __init__(self, size: int, stack: Sequence[bytes], rows: Sequence[Sequence[bytes]]) -> None:
        """Continue a tree of `size` leaves.

        Args:
            size: How many leaves it has.
            stack: The roots of its full subtrees, largest first, as of a `CompactRange`.
            rows: For each level of tiles, lowest first, the hashes of its last, partial tile.
        """
        self.size = self.committed = size
        self._stack = list(CompactRange(size, stack).hashes)
        self._rows = [list(row) for row in rows]
        self._starts = [_start(size, level) for level in range(len(rows))]

    def append(self, value: bytes) -> None:
        """Add a leaf by its hash, which must be one: this is called for every request."""
        stack, rows = self._stack, self._rows
        rows[0].append(value)
        below, level = self.size, 0
        while below & 1:
            value = sha256(_NODE + stack.pop() + value).digest()
            below >>= 1
            level += 1
            if not level % HEIGHT:
                rows[level // HEIGHT].append(value)
        stack.append(value)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        return CompactRange(self.size, self._stack).root()

    def grown(self) -> Grown:
        """Return what is new since the last commit."""
        return Grown(self.size, self.root(), tuple(self._tiles()))

    def commit(self, size: int) -> None:
        """Forget the full tiles of the first `size` leaves: they are on disk."""
        self.committed = size
        for level, row in enumerate(self._rows):
            start = _start(size, level)
            del row[: start - self._starts[level]]
            self._starts[level] = start

    def _tiles(self) -> Iterator[tuple[Tile, bytes]]:
        for tile in tiles_between(self.committed, self.size):
            first = tile.index * WIDTH - self._starts[tile.level]
            yield tile, b"".join(self._rows[tile.level][first : first + tile.width])


def _start(size: int, level: int) -> int:
    """Return the number of the first hash of a level's last, partial tile."""
    return (size >> HEIGHT * level) // WIDTH * WIDTH
