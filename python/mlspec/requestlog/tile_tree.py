"""A tree whose hashes are in tiles, wherever those are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from mlspec.errors import UsageError
from mlspec.requestlog.hashing import node_hash, require_size
from mlspec.requestlog.tiles import HEIGHT, WIDTH, Tile, tile_hashes

_KEPT: Final = 64


class TileTree:
    """The hashes of a tree of one size, for roots and proofs.

    Tiles are taken as they come: what is made of them is proven by the checkpoint's root only. Of
    the last few, the hashes between their own and the tile above are kept as well.

    Attributes:
        size: How many leaves the tree has.
    """

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        """Take a tree's size, and what gives a tile's bytes. Raises UsageError."""
        require_size(size)
        self.size = size
        self._read = read
        self._levels = lru_cache(maxsize=_KEPT)(self._read_levels)

    def node(self, level: int, index: int) -> bytes:
        """Return the root of a full subtree.

        Raises UsageError if the tree has no such one, DecodeError for a tile of wrong length, and
        whatever reading a tile raises.
        """
        if not 0 <= level < 64 or not 0 <= index < self.size >> level:
            raise UsageError(
                f"must be a full subtree of {self.size} leaves (got level {level}, index {index})",
                error_id="log.node",
            )
        row, height = divmod(level, HEIGHT)
        number, start = divmod(index << height, WIDTH)
        return self._levels(row, number)[height][start >> height]

    def _read_levels(self, row: int, number: int) -> list[Sequence[bytes]]:
        """Return a tile's hashes, and above them those of the full subtrees that it makes up."""
        taken = (self.size >> HEIGHT * row) - number * WIDTH
        tile = Tile(row, number, min(WIDTH, taken))
        levels: list[Sequence[bytes]] = [tile_hashes(tile, self._read(tile))]
        while len(levels[-1]) > 1:
            pairs = iter(levels[-1])
            # An odd one at the end is no full subtree with anything yet.
            found = zip(pairs, pairs, strict=False)
            levels.append([node_hash(left, right) for left, right in found])
        return levels
