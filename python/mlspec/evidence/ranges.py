"""Showing that nothing is left out between two proven leaves, given the leaves between them.

The hashes to the left of a leaf's way up are the roots of the full subtrees over all leaves before
it. So take them from the proof of the first leaf, add the leaves one by one, and what has grown
must be the hashes to the left of the last leaf's way. No further hash is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mlspec.errors import DecodeError, VerificationError
from mlspec.evidence.shown import Shown
from mlspec.requestlog import MAX_LEAF, CompactRange, leaf_hash

MAX_BETWEEN: Final = 65_536
"""The most leaves between two that a bundle shows."""

_LENGTH: Final = 2


def verify_between(first: Shown, last: Shown, between: Sequence[bytes]) -> None:
    """Check that `between` are all leaves of the log between two others, in their order.

    Raises:
        VerificationError: A leaf is missing, added, moved or another one.
        LimitError: One is longer than a leaf may be.
    """
    if first.size != last.size or last.index != first.index + 1 + len(between):
        raise _not_all()
    grown = CompactRange(first.index, _left_of(first))
    grown.append(first.leaf_hash)
    for leaf in between:
        grown.append(leaf_hash(leaf))
    if grown.hashes != _left_of(last):
        raise _not_all()


def pack_leaves(leaves: Sequence[bytes]) -> bytes:
    """Return leaves one after the other, each after its length, two bytes big-endian."""
    return b"".join(len(leaf).to_bytes(_LENGTH, "big") + leaf for leaf in leaves)


def unpack_leaves(data: bytes, count: int) -> list[bytes]:
    """Return the leaves that `pack_leaves` packed. Raises DecodeError unless they are `count`."""
    found: list[bytes] = []
    at = 0
    while at < len(data) and len(found) < min(count, MAX_BETWEEN):
        length = int.from_bytes(data[at : at + _LENGTH], "big")
        at += _LENGTH
        found.append(data[at : at + length])
        at += length
    if at != len(data) or len(found) != count:
        raise DecodeError(
            f"must be {count} leaves of at most {MAX_LEAF} bytes, each after its length",
            error_id="evidence.between",
            path="between.bin",
            remedy="Leaves are missing or were added: ask for the bundle anew.",
        )
    return found


def _left_of(shown: Shown) -> tuple[bytes, ...]:
    """Return the hashes to the left of a leaf's way up, largest subtree first."""
    index = shown.index
    inner = (index ^ (shown.size - 1)).bit_length()
    found = [
        value for level, value in enumerate(shown.hashes) if level >= inner or index >> level & 1
    ]
    return tuple(reversed(found))


def _not_all() -> VerificationError:
    return VerificationError(
        "must be all leaves between the deployment change and the request",
        error_id="evidence.between",
        path="between.bin",
        remedy="A leaf is missing, added or another one: ask for the bundle anew.",
    )
