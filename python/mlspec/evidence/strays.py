"""Files that belong to nothing else in the bundle: nobody would look at what they say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlspec.errors import VerificationError
from mlspec.evidence.layout import DELEGATION_LEAF, DELEGATION_PROOF
from mlspec.evidence.report import Link

if TYPE_CHECKING:
    from mlspec.evidence.bundle import Bundle


def strays(bundle: Bundle, *, delegated: bool) -> Iterator[Link]:
    """Yield a FAIL for each file under a legal name that nothing in the bundle leads to.

    `delegated` tells whether the log speaks by a delegation. If it does not, nobody verified one.
    """
    names = sorted(bundle.files)
    records = {name[8:72] for name in names if name.startswith("records/")}
    proven = {name[11:75] for name in names if _is_record_proof(name)}
    for name in names:
        if name.startswith("record-log/") and not name.endswith(".txt"):
            digest = name[11:75]
            if digest not in records or digest not in proven:
                yield _stray(name, "a record of the bundle, and a proof")
        elif name.startswith("tokens/") and name[7:71] not in _texts(bundle):
            yield _stray(name, "a checkpoint of the bundle")
        elif name in (DELEGATION_LEAF, DELEGATION_PROOF) and not delegated:
            yield _stray(name, "a log that the trust file does not believe by itself")


def _is_record_proof(name: str) -> bool:
    return name.startswith("record-log/") and name.endswith(".tlog")


def _texts(bundle: Bundle) -> set[str]:
    """Return the digests of the texts of all checkpoints, as tokens are named by them."""
    found = set()
    for name, data in bundle.files.items():
        if name.endswith(".tlog"):
            text = data.partition(b"\n\n")[2].rpartition(b"\n\n")[0]
            found.add(hashlib.sha256(text + b"\n").hexdigest())
    return found


def _stray(name: str, owner: str) -> Link:
    error = VerificationError(
        f"must belong to {owner}",
        error_id="evidence.stray_file",
        path=name,
        remedy="Somebody added it, or took away what it belongs to: ask for the bundle anew.",
    )
    return Link.failed("bundle.stray", error)
