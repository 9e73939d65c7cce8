"""Many hashes at once: what `hashing` and `CompactRange` do leaf by leaf, a tile at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from mlspec.requestlog.compact_range import CompactRange
from mlspec.requestlog.hashing import EMPTY_ROOT, node_hash


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """Return the hash of each leaf; none is longer than a bundle lets it be."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + leaf).digest() for leaf in leaves]


def full_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over hashes whose number is a power of two."""
    sha256, level = hashlib.sha256, hashes
    while len(level) > 1:
        pairs = iter(level)
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=True)
        ]
    return level[0]


def stacked_root(rows: Sequence[Sequence[bytes]]) -> bytes:
    """Return the root of a tree from what is left over on each level of tiles, lowest first."""
    value = None
    for row in rows:
        subtrees = CompactRange()
        for each in row:
            subtrees.append(each)
        for left in reversed(subtrees.hashes):
            value = left if value is None else node_hash(left, value)
    return EMPTY_ROOT if value is None else value
