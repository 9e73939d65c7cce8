"""Digests and abbreviations as callers may give them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlspec.errors import StoreNotFoundError, UsageError

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.store.protocol import DigestLike

_SHA256_SIZE: Final = 32
_HEX: Final = re.compile(r"[0-9a-f]{4,64}\Z")


def sha256_of(digest: DigestLike) -> bytes:
    """Return the 32 bytes that a record is stored under. Raises UsageError, InputError."""
    value = digest if isinstance(digest, bytes) else as_digest(digest).sha256
    if len(value) != _SHA256_SIZE:
        raise UsageError(
            "must be a SHA-256 digest: records have no other",
            error_id="store.digest",
            remedy="Give 64 hex characters, 32 bytes or a v1.Digest.",
        )
    return bytes(value)


def as_digest(digest: DigestLike) -> v1.Digest:
    """Return a digest as a message; plain bytes are taken as SHA-256. Raises InputError."""
    from mlspec import digests

    if isinstance(digest, bytes):
        return digests.make(digest)
    return digests.from_hex(digest) if isinstance(digest, str) else digest


def prefix_range(prefix: str) -> tuple[bytes, bytes]:
    """Return the least and greatest digest that start with these hex characters.

    Raises UsageError on fewer than 4 characters, or other characters than lower-case hex.
    """
    plain = prefix.removeprefix("sha256:")
    if _HEX.match(plain) is None:
        raise UsageError(
            f"must be 4 to 64 hex characters in lower case (got {prefix[:80]!r})",
            error_id="store.prefix",
        )
    return bytes.fromhex(plain.ljust(64, "0")), bytes.fromhex(plain.ljust(64, "f"))


def not_found(sha256: bytes, place: str) -> StoreNotFoundError:
    """Make the error for a record that is not there."""
    return StoreNotFoundError(
        f"must hold record {sha256.hex()} (it does not)",
        source=place,
        remedy="Check the digest; `mlspec records` lists what is there.",
    )
