"""What a log has in memory and not yet on disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from mlspec import v1
from mlspec.codec.streams import frame
from mlspec.requestlog.disk.growth import Grown, Growth
from mlspec.requestlog.disk.leaves import LeafMaker
from mlspec.requestlog.tiles import WIDTH, Tile, bundles_between

# As `hashing.leaf_hash`, without its bound, which the maker of leaves has checked.
_LEAF: Final = b"\x00"


@dataclass(slots=True)
class Appended:
    """An entry that a writer has taken.

    Attributes:
        index: Its place in the log.
        leaf: The bytes of its leaf.
        leaf_hash: Their hash.
    """

    index: int
    leaf: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one commit writes.

    Attributes:
        old_size: The size of the tree at the last commit.
        grown: The tree, and its new tiles.
        bundles: The new entry bundles, each with its bytes.
        sides: The new side records, encoded and framed, by the number of their bundle.
    """

    old_size: int
    grown: Grown
    bundles: tuple[tuple[Tile, bytes], ...]
    sides: dict[int, bytes]


class Pending:
    """The entries since the last commit, and the last bundle's before them.

    Not for several threads at once.
    """

    def __init__(self, growth: Growth, tail: list[bytes], maker: LeafMaker) -> None:
        """Continue behind `tail`, the framed entries of the last, partial bundle."""
        self.growth = growth
        self.bytes = 0
        self.oldest = 0.0
        self._maker = maker
        self._frames = tail
        self._start = growth.size - len(tail)
        self._sides: list[tuple[int, bytes]] = []

    def add(
        self, event: bytes, side: v1.SideRecord | None = None, nonce: bytes | None = None
    ) -> Appended:
        """Take an encoded event. Raises LimitError if it makes too long a leaf."""
        index = self.growth.size
        leaf = self._maker.make(index, event, nonce)
        hashed = sha256(_LEAF + leaf).digest()
        if side is not None:
            self._add_side(side, index)
        if index == self.growth.committed:
            self.oldest = time.monotonic()
        self.growth.append(hashed)
        size = len(leaf)
        self._frames.append(size.to_bytes(2, "big") + leaf)
        self.bytes += size
        return Appended(index, leaf, hashed)

    def batch(self) -> Batch:
        """Return what is to be written."""
        growth = self.growth
        sides: dict[int, list[bytes]] = {}
        for index, framed in self._sides:
            sides.setdefault(index // WIDTH, []).append(framed)
        return Batch(
            growth.committed,
            growth.grown(),
            tuple(self._bundles()),
            {bundle: b"".join(framed) for bundle, framed in sides.items()},
        )

    def wrote_sides(self, size: int) -> None:
        """Forget the side records of the first `size` leaves: they are on disk."""
        self._sides = [(index, framed) for index, framed in self._sides if index >= size]

    def commit(self, size: int) -> None:
        """Forget what is on disk: the first `size` leaves, but for the last bundle's."""
        self.growth.commit(size)
        start = size // WIDTH * WIDTH
        del self._frames[: start - self._start]
        self._start = start
        waiting = self._frames[size - start :]
        self.bytes = sum(map(len, waiting)) + sum(len(framed) for _, framed in self._sides)
        self.oldest = time.monotonic()

    def _bundles(self) -> Iterator[tuple[Tile, bytes]]:
        for tile in bundles_between(self.growth.committed, self.growth.size):
            first = tile.index * WIDTH - self._start
            yield tile, b"".join(self._frames[first : first + tile.width])

    def _add_side(self, side: v1.SideRecord, index: int) -> None:
        side.origin, side.sequence_number = self._maker.origin, index
        framed = frame(side.SerializeToString())
        self._sides.append((index, framed))
        self.bytes += len(framed)
