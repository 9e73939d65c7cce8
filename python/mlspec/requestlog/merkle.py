"""Inclusion and consistency, verified (RFC 9162, sections 2.1.3 and 2.1.4).

How many hashes a proof has follows from index and sizes alone, so it is settled before any hash is
computed. A proof with one hash more, fewer or of another length is refused whatever it leads to.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from mlspec.errors import DecodeError, VerificationError
from mlspec.requestlog.hashing import (
    EMPTY_ROOT,
    MAX_SIZE,
    node_hash,
    require_hash,
)


def inclusion_length(index: int, size: int) -> int:
    """Return how many hashes lead from a leaf to the root. Raises VerificationError."""
    _require_index(index, size)
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def verify_inclusion(
    leaf: bytes, index: int, size: int, root: bytes, hashes: Sequence[bytes]
) -> None:
    """Check that the leaf with this hash is the tree's, at this index.

    Args:
        leaf: The leaf's hash, computed by the caller from the leaf's bytes.
        index: Which leaf, 0 for the first.
        size: The tree's size, from a verified checkpoint; never from the proof.
        root: The tree's root, from the same checkpoint.
        hashes: The proof: siblings, from the leaf's to the one below the root.

    Raises:
        VerificationError: The index is not below the size, or the hashes lead elsewhere.
        DecodeError: A hash has another length, or there are too few or too many of them.
    """
    _require_hashes(hashes, inclusion_length(index, size))
    require_hash(leaf, "leaf")
    require_hash(root, "root")
    inner = (index ^ (size - 1)).bit_length()
    if not hmac.compare_digest(_climb(leaf, index, hashes, inner), root):
        raise VerificationError(
            "must lead from the leaf to the checkpoint's root",
            error_id="log.inclusion",
            path="hashes",
            remedy="The leaf is not this log's at this index, or leaf or proof was altered.",
        )


def consistency_length(old_size: int, size: int) -> int:
    """Return how many hashes show that one tree extends another. Raises VerificationError."""
    _require_growth(old_size, size)
    if old_size in (0, size):
        return 0
    inner = ((old_size - 1) ^ (size - 1)).bit_length()
    border = ((old_size - 1) >> inner).bit_count()
    return int(not _is_full(old_size)) + inner - _trailing(old_size) + border


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, hashes: Sequence[bytes]
) -> None:
    """Check that the tree of `size` begins with exactly the leaves of the tree of `old_size`.

    Sizes and roots come from verified checkpoints; `hashes` is the proof.

    Raises:
        VerificationError: The tree shrank (`log.rollback`), or is another one (`log.fork`).
        DecodeError: A hash has another length, or there are too few or too many of them.
    """
    _require_hashes(hashes, consistency_length(old_size, size))
    require_hash(old_root, "old_root")
    require_hash(root, "root")
    if old_size == 0:
        _same(EMPTY_ROOT, old_root, "old_root")
        if size == 0:
            _same(EMPTY_ROOT, root, "root")
        return
    if old_size == size:
        _same(old_root, root, "root")
        return
    seed, path = (old_root, hashes) if _is_full(old_size) else (hashes[0], hashes[1:])
    # Both trees share the subtree that ends where the old one does; its place is one node.
    place = (old_size - 1) >> _trailing(old_size)
    inner = (place ^ ((size - 1) >> _trailing(old_size))).bit_length()
    before = seed
    for level, sibling in enumerate(path):
        if level >= inner or place >> level & 1:
            before = node_hash(sibling, before)
    _same(before, old_root, "old_root")
    _same(_climb(seed, place, path, inner), root, "root")


def _climb(value: bytes, place: int, hashes: Sequence[bytes], inner: int) -> bytes:
    """Go up to the root: below `inner` the place says the side, above it all is to the left."""
    for level, sibling in enumerate(hashes):
        if level >= inner or place >> level & 1:
            value = node_hash(sibling, value)
        else:
            value = node_hash(value, sibling)
    return value


def _require_index(index: int, size: int) -> None:
    if not 0 <= index < size <= MAX_SIZE:
        raise VerificationError(
            f"must be 0 or more and below the tree's size, {size} (got {index})",
            error_id="log.index",
            path="index",
            remedy="Take a checkpoint that covers the leaf, and the size from nowhere else.",
        )


def _require_growth(old_size: int, size: int) -> None:
    if not 0 <= old_size <= size <= MAX_SIZE:
        raise VerificationError(
            f"must not be below the size that was seen before, {old_size} (got {size})",
            error_id="log.rollback",
            path="size",
            remedy="The log was rolled back, or an old checkpoint is shown: ask its operator.",
        )


def _require_hashes(hashes: Sequence[bytes], count: int) -> None:
    if len(hashes) != count:
        raise DecodeError(
            f"must be exactly {count} (got {len(hashes)})",
            error_id="log.proof.length",
            path="hashes",
            remedy="The proof is for another index or another tree size, or was altered.",
        )
    for position, value in enumerate(hashes):
        require_hash(value, f"hashes[{position}]")


def _same(computed: bytes, root: bytes, path: str) -> None:
    if not hmac.compare_digest(computed, root):
        raise VerificationError(
            "must be the root that the proof leads to",
            error_id="log.fork",
            path=path,
            remedy="The log shows two histories, or the proof was altered: keep both checkpoints.",
        )


def _is_full(size: int) -> bool:
    return size & (size - 1) == 0


def _trailing(size: int) -> int:
    """Return how many times two divides `size`."""
    return (size & -size).bit_length() - 1
