"""Links: what a record points at, as short byte keys that can be looked up.

A link is one byte that says how the record points and by which function the digest was made, then
the digest's raw value. A record's links, one after the other, are a column of its row; the same
keys, sorted, are the index for looking the other way.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlspec import v1


class LinkKind(IntEnum):
    """How a record points at something. The value is the high half of a link's first byte."""

    PARENT = 1
    INPUT = 2
    OUTPUT = 3


# The numbers of the fields of `mlspec.v1.Digest` are the low half of the first byte.
_LENGTHS: Final = {1: 32, 2: 64, 3: 32}
_FIELDS: Final = (("sha256", 1), ("sha512", 2), ("blake3", 3))
_SHA256: Final = 1


def link_of(kind: LinkKind, digest: v1.Digest) -> bytes:
    """Return the link to what `digest` names. Empty: it has no value of a known function."""
    for name, number in _FIELDS:
        value = getattr(digest, name)
        if len(value) == _LENGTHS[number]:
            return bytes((kind << 4 | number,)) + bytes(value)
    return b""


def parent_link(sha256: bytes) -> bytes:
    """Return the link of a child to the parent whose payload has this SHA-256."""
    return bytes((LinkKind.PARENT << 4 | _SHA256,)) + sha256


def links_of(header: v1.RecordHeader) -> bytes:
    """Return the links of a record, each once: parents, then inputs, then outputs, in order."""
    found: dict[bytes, None] = {}
    for parent in header.parents:
        found[link_of(LinkKind.PARENT, parent.digest)] = None
    for artifact in header.inputs:
        found[link_of(LinkKind.INPUT, artifact.digest)] = None
    for artifact in header.outputs:
        found[link_of(LinkKind.OUTPUT, artifact.digest)] = None
    return b"".join(found)


def split(links: bytes) -> Iterator[bytes]:
    """Yield the single links of a row's column. Stops where the bytes are no link."""
    offset = 0
    while offset < len(links):
        length = _LENGTHS.get(links[offset] & 15)
        if length is None:
            return
        yield links[offset : offset + 1 + length]
        offset += 1 + length


def parents(links: bytes) -> list[bytes]:
    """Return the SHA-256 of each parent's payload, in the order of the header."""
    mark = LinkKind.PARENT << 4 | _SHA256
    return [link[1:] for link in split(links) if link[0] == mark]
