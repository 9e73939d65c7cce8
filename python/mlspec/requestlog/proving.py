"""Roots and proofs, made from whatever holds a tree's hashes."""

from __future__ import annotations

from typing import Protocol

from mlspec.errors import UsageError
from mlspec.requestlog.hashing import EMPTY_ROOT, node_hash, require_hash, require_size


class Nodes(Protocol):
    """Something that holds the hashes of a tree's full subtrees."""

    def node(self, level: int, index: int) -> bytes:
        """Return the root of the subtree over leaves index * 2**level up to (index + 1) * 2**level.

        Raises an error of MLSpec's if it does not hold it.
        """


class MemoryTree:
    """A whole tree in memory: two hashes for each leaf."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash. Raises DecodeError."""
        require_hash(leaf, "leaf")
        value, level = leaf, 0
        while True:
            if level == len(self._levels):
                self._levels.append([])
            row = self._levels[level]
            row.append(value)
            if len(row) % 2:
                return
            value = node_hash(row[-2], row[-1])
            level += 1

    def node(self, level: int, index: int) -> bytes:
        """Return the root of a full subtree. Raises UsageError if the tree has no such one."""
        if 0 <= level < len(self._levels) and 0 <= index < len(self._levels[level]):
            return self._levels[level][index]
        raise UsageError(
            f"must be a full subtree of {self.size} leaves (got level {level}, index {index})",
            error_id="log.node",
        )


def tree_root(nodes: Nodes, size: int) -> bytes:
    """Return the root of the tree's first `size` leaves. Raises UsageError."""
    require_size(size)
    return _range_root(nodes, 0, size) if size else EMPTY_ROOT


def prove_inclusion(nodes: Nodes, index: int, size: int) -> tuple[bytes, ...]:
    """Return the hashes that lead from leaf `index` to the root at `size`. Raises UsageError."""
    require_size(size)
    if not 0 <= index < size:
        raise UsageError(
            f"must be 0 or more and below {size} (got {index})", error_id="log.index", path="index"
        )
    # Level by level, as RFC 9162 (section 2.1.3.2) verifies it; only the last sibling of a level
    # can be a subtree that is not full.
    hashes = []
    at, last, level = index, size - 1, 0
    while last:
        if at & 1:
            hashes.append(nodes.node(level, at - 1))
        elif at < last:
            full = (at + 2) << level <= size
            sibling = nodes.node(level, at + 1) if full else _range_root(nodes, last << level, size)
            hashes.append(sibling)
        at, last, level = at >> 1, last >> 1, level + 1
    return tuple(hashes)


def prove_consistency(nodes: Nodes, old_size: int, size: int) -> tuple[bytes, ...]:
    """Return the hashes that show the tree of `size` to extend that of `old_size`.

    Raises UsageError.
    """
    require_size(size)
    if not 0 <= old_size <= size:
        raise UsageError(
            f"must be 0 to {size} (got {old_size})", error_id="log.size", path="old_size"
        )
    if old_size in (0, size):
        return ()
    # The last full subtree of the old tree is where both trees are the same for the last time.
    start = old_size & (old_size - 1)
    pieces = _siblings(start, old_size, size)
    if start:
        pieces.insert(0, (start, old_size))
    return tuple(_range_root(nodes, *piece) for piece in pieces)


def _siblings(start: int, end: int, size: int) -> list[tuple[int, int]]:
    """Return the ranges beside the way up from the subtree over [start, end), lowest first."""
    pieces = []
    low, high = 0, size
    while (low, high) != (start, end):
        middle = low + _half(high - low)
        if start < middle:
            pieces.append((middle, high))
            high = middle
        else:
            pieces.append((low, middle))
            low = middle
    pieces.reverse()
    return pieces


def _range_root(nodes: Nodes, start: int, end: int) -> bytes:
    """Return the root over leaves [start, end), a subtree of a tree that may end at `end`."""
    parts = []
    while start < end:
        width = end - start
        level = width.bit_length() - 1
        parts.append(nodes.node(level, start >> level))
        start += 1 << level
    value = parts.pop()
    while parts:
        value = node_hash(parts.pop(), value)
    return value


def _half(width: int) -> int:
    """Return the largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)
