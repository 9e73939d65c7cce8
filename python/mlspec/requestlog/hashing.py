"""The hashes of a log's tree (RFC 6962, section 2.1), and its bounds."""

from __future__ import annotations

import hashlib
from typing import Final

from mlspec.errors import DecodeError, LimitError, UsageError

HASH_SIZE: Final = 32
"""Bytes in each hash."""

MAX_SIZE: Final = 2**63 - 1
"""The most leaves that a tree can have: what a signed 64-bit number holds."""

MAX_LEAF: Final = 65_535
"""The longest leaf, in bytes: what the two bytes before an entry of a bundle can say."""

EMPTY_ROOT: Final = hashlib.sha256().digest()
"""The root of a tree without leaves."""

# Different first bytes, or the two children of a node could be shown as a leaf.
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf's bytes. Raises LimitError if it is longer than a leaf may be."""
    if len(leaf) > MAX_LEAF:
        raise LimitError(
            f"must be at most {MAX_LEAF} bytes (got {len(leaf)})",
            error_id="log.leaf.size",
            path="leaf",
            remedy="Put what is large into the side record, and its digest into the leaf.",
        )
    return hashlib.sha256(_LEAF + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node above two hashes."""
    return hashlib.sha256(_NODE + left + right).digest()


def require_hash(value: bytes, path: str) -> None:
    """Raise DecodeError unless `value` has the length of a hash."""
    if len(value) != HASH_SIZE:
        raise DecodeError(
            f"must be {HASH_SIZE} bytes (got {len(value)})", error_id="log.hash.size", path=path
        )


def require_size(size: int, path: str = "size") -> None:
    """Raise UsageError unless a tree can have `size` leaves."""
    if not 0 <= size <= MAX_SIZE:
        raise UsageError(f"must be 0 to {MAX_SIZE} (got {size})", error_id="log.size", path=path)
