"""A tree whose hashes are in tiles, wherever those are kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from mlspec.errors import UsageError
from mlspec.requestlog.compact_range import root_of
from mlspec.requestlog.hashing import require_size
from mlspec.requestlog.tiles import HEIGHT, WIDTH, Tile, tile_hashes

_KEPT: Final = 64


class TileTree:
    """The hashes of a tree of one size, for roots and proofs.

    Tiles are taken as they come: what is made of them is proven by the checkpoint's root only.

    Attributes:
        size: How many leaves the tree has.
    """

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        """Take a tree's size, and what gives a tile's bytes. Raises UsageError."""
        require_size(size)
        self.size = size
        self._read = lru_cache(maxsize=_KEPT)(lambda tile: tile_hashes(tile, read(tile)))

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
        first = index << height
        number, start = divmod(first, WIDTH)
        taken = (self.size >> HEIGHT * row) - number * WIDTH
        hashes = self._read(Tile(row, number, min(WIDTH, taken)))
        return root_of(hashes[start : start + (1 << height)])
