"""A tree that only grows, kept as the few hashes that growing needs."""

from __future__ import annotations

from collections.abc import Iterable

from mlspec.errors import DecodeError
from mlspec.requestlog.hashing import EMPTY_ROOT, MAX_SIZE, node_hash, require_hash, require_size


class CompactRange:
    """The roots of the full subtrees that make up a tree: one for each bit set in its size.

    Whoever keeps these (at most 63 hashes) can append leaves and tell the root at each size,
    without any earlier leaf.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Continue at `size` from the subtrees' roots, largest first.

        Raises UsageError for an impossible size, DecodeError for hashes that do not fit it.
        """
        require_size(size)
        self._size = size
        self._hashes = list(hashes)
        if len(self._hashes) != size.bit_count():
            raise DecodeError(
                f"must be {size.bit_count()} for {size} leaves (got {len(self._hashes)})",
                error_id="log.range",
                path="hashes",
            )
        for position, value in enumerate(self._hashes):
            require_hash(value, f"hashes[{position}]")

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The roots of the full subtrees, largest first."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash. Raises DecodeError, and UsageError if the tree is full."""
        require_hash(leaf, "leaf")
        require_size(self._size + 1)
        value = leaf
        level = self._size
        while level & 1:
            value = node_hash(self._hashes.pop(), value)
            level >>= 1
        self._hashes.append(value)
        self._size += 1

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        if not self._hashes:
            return EMPTY_ROOT
        value = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            value = node_hash(left, value)
        return value

    def __repr__(self) -> str:
        return f"CompactRange({self._size} of at most {MAX_SIZE} leaves)"


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of the tree with these leaf hashes. Raises DecodeError."""
    tree = CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()
