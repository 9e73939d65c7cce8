"""The message `v1.Digest`, its bytes and its text."""

from __future__ import annotations

import re
from typing import Final, Literal

from mlspec import v1
from mlspec.errors import InputError

Algorithm = Literal["sha256", "sha512", "blake3"]

SIZES: Final[dict[Algorithm, int]] = {"sha256": 32, "sha512": 64, "blake3": 32}
_HEX: Final = re.compile(r"(?:(sha256|sha512|blake3):)?([0-9a-f]+)\Z")


def make(value: bytes, algorithm: Algorithm = "sha256") -> v1.Digest:
    """Return a digest of the raw output of a hash function. Raises InputError on a wrong length."""
    size = SIZES[algorithm]
    if len(value) != size:
        raise InputError(
            f"must be {size} bytes for {algorithm} (got {len(value)})", error_id="digest.length"
        )
    if algorithm == "sha256":
        return v1.Digest(sha256=value)
    return v1.Digest(sha512=value) if algorithm == "sha512" else v1.Digest(blake3=value)


def algorithm(digest: v1.Digest) -> Algorithm:
    """Return which function made `digest`. Raises InputError if none is said."""
    name = digest.WhichOneof("value")
    if name is None:
        raise InputError(
            "must say which function made it",
            error_id="digest.unknown",
            remedy="An empty digest, or one of a newer function, cannot be compared.",
        )
    return name


def value(digest: v1.Digest) -> bytes:
    """Return the raw bytes of `digest`. Raises InputError if it has none."""
    return bytes(getattr(digest, algorithm(digest)))


def to_hex(digest: v1.Digest) -> str:
    """Return `digest` as text: "sha256:" and lower-case hex. Raises InputError if it is empty."""
    return f"{algorithm(digest)}:{value(digest).hex()}"


def from_hex(text: str) -> v1.Digest:
    """Parse what `to_hex` writes; without a name before the colon the function is SHA-256.

    Raises InputError on anything else: another length, upper case, blanks.
    """
    match = _HEX.match(text)
    if match is None or len(match[2]) % 2:
        raise InputError(
            f"must be a digest such as sha256:9f86d0... in lower-case hex (got {text[:80]!r})",
            error_id="digest.syntax",
        )
    name: Algorithm = match[1] or "sha256"  # type: ignore[assignment]
    return make(bytes.fromhex(match[2]), name)


def same(first: v1.Digest, second: v1.Digest) -> bool:
    """Tell whether two digests are equal: same function, same bytes, and not empty."""
    which = first.WhichOneof("value")
    return which is not None and which == second.WhichOneof("value") and first == second
