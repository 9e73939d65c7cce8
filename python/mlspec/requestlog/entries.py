"""What a proven leaf says: one log entry, of the log and the place where it stands."""

from __future__ import annotations

from mlspec import v1
from mlspec.codec import decode
from mlspec.errors import VerificationError
from mlspec.requestlog.proofs import ProvenLeaf
from mlspec.validation import validate


def read_entry(leaf: bytes, origin: str, index: int) -> v1.LogEntry:
    """Parse a leaf's bytes as the entry that the log of `origin` has at `index`.

    Raises:
        DecodeError, LimitError, UnknownFieldsError: It is no `LogEntry` that is known here.
        ValidationError: It breaks rules of the specification.
        VerificationError: It names another log (`log.entry.origin`), or another place
            (`log.entry.sequence`).
    """
    entry = decode(v1.LogEntry, leaf)
    validate(entry)
    if entry.origin != origin:
        raise VerificationError(
            f"must be the log's, {origin} (got {entry.origin!r})",
            error_id="log.entry.origin",
            path="origin",
            remedy="The entry was written for another log: it proves nothing about this one.",
        )
    if entry.sequence_number != index:
        raise VerificationError(
            f"must be the leaf's index, {index} (got {entry.sequence_number})",
            error_id="log.entry.sequence",
            path="sequence_number",
            remedy="Entries are missing, double or moved: the log was not written by its writer.",
        )
    return entry


def proven_entry(proven: ProvenLeaf) -> v1.LogEntry:
    """Return the entry of a proven leaf. Raises what `read_entry` raises."""
    return read_entry(proven.leaf, proven.checkpoint.checkpoint.origin, proven.index)
