"""Which files a bundle has, what they are called, and how large they may be.

Names are a closed list: what is not on it has no business in a bundle, and nobody reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mlspec.errors import InputError, LimitError, VerificationError
from mlspec.requestlog import MAX_LEAF
from mlspec.sealing import MAX_ENVELOPE

MANIFEST: Final = "MANIFEST"
README: Final = "README.md"
CLAIM: Final = "claim.json"
LEAF: Final = "leaf.bin"
PROOF: Final = "proof.tlog"
BETWEEN: Final = "between.bin"
SIDE: Final = "side.bin"
SCHEMA: Final = "schema/mlspec.binpb"
DELEGATION_LEAF: Final = "delegation/leaf.bin"
DELEGATION_PROOF: Final = "delegation/proof.tlog"

MAX_FILES: Final = 20_000
"""The most files of a bundle."""

MAX_TOTAL: Final = 256 * 1024 * 1024
"""The most bytes of all files together."""

MAX_NAME: Final = 255
_MIB: Final = 1024 * 1024
_INDEX: Final = r"(?:0|[1-9][0-9]{0,18})"
_HEX: Final = r"[0-9a-f]{64}"

# A pattern for each kind of file, and the most bytes that one of it has.
_KINDS: Final = tuple(
    (re.compile(pattern), size)
    for pattern, size in (
        (r"MANIFEST", 4 * _MIB),
        (r"README\.md", _MIB),
        (r"claim\.json", 65_536),
        (r"(?:delegation/)?leaf\.bin", MAX_LEAF),
        (r"(?:delegation/)?proof\.tlog", 262_144),
        (r"between\.bin", 64 * _MIB),
        (r"side\.bin", 2 * _MIB),
        (r"schema/mlspec\.binpb", 8 * _MIB),
        (rf"(?:deployment-changes|opened)/{_INDEX}\.bin", MAX_LEAF),
        (rf"(?:deployment-changes|opened)/{_INDEX}\.tlog", 262_144),
        (rf"consistency/{_INDEX}\.txt", 8_192),
        (rf"records/{_HEX}\.dsse\.json", MAX_ENVELOPE),
        (rf"record-log/{_HEX}\.bin", MAX_LEAF),
        (rf"record-log/{_INDEX}-{_INDEX}\.txt", 8_192),
        (rf"record-log/{_HEX}\.{_INDEX}\.tlog", 262_144),
        (rf"record-log/{_INDEX}-{_INDEX}\.txt", 8_192),
        (rf"tokens/{_HEX}\.[0-9]{{1,4}}\.tsr", 65_536),
        (r"packages/[A-Za-z0-9][A-Za-z0-9._-]{0,99}/SHA256SUMS", 64 * _MIB),
    )
)
_LIKE_TRUST: Final = re.compile(r"(?:^|/)[^/]*trust[^/]*$", re.IGNORECASE)


def limit_of(name: str) -> int:
    """Return how many bytes the file of this name may have.

    Raises VerificationError for a name that no file of a bundle has.
    """
    for pattern, size in _KINDS:
        if pattern.fullmatch(name):
            return size
    raise _unknown(name)


def require_bounds(files: Iterable[tuple[str, int]]) -> None:
    """Check names, sizes and how many there are. Raises VerificationError, LimitError."""
    total = 0
    for count, (name, size) in enumerate(files, 1):
        total += size
        most = limit_of(name)
        if size > most:
            raise LimitError(
                f"must be at most {most} bytes (got {size})", error_id="bundle.size", path=name
            )
        require_room(count, total)


def require_room(count: int, total: int) -> None:
    """Raise LimitError for more files or bytes than a bundle may have."""
    if count > MAX_FILES or total > MAX_TOTAL:
        raise LimitError(
            f"must have at most {MAX_FILES} files and {MAX_TOTAL} bytes",
            error_id="bundle.size",
            remedy="No bundle is so large: it is damaged, or made to exhaust its reader.",
        )


def shown(name: str) -> str:
    """Return a name as an error shows it: it comes from a stranger."""
    return ascii(name[:MAX_NAME])


def _unknown(name: str) -> VerificationError:
    if _LIKE_TRUST.search(name):
        return VerificationError(
            "must hold no trust file: whom to believe is never read from what is verified",
            error_id="bundle.trust_inside",
            path=shown(name),
            remedy="Take the trust file from somebody you believe, and this one out of the bundle.",
        )
    return VerificationError(
        "must hold only the files of a bundle",
        error_id="bundle.unknown_file",
        path=shown(name),
        remedy="docs/spec/evidence.md lists them. Somebody added it: ask for the bundle anew.",
    )


def not_a_file(name: str, what: str) -> InputError:
    """Make the error for something in a bundle that is no plain file of its own."""
    return InputError(
        f"must hold only plain files and folders (got a {what})",
        error_id="bundle.not_a_file",
        path=shown(name),
        remedy="It may lead out of the bundle. Ask for the bundle anew.",
    )
