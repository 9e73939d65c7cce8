"""The part of a request that names a person: bound to its leaf by a keyed hash, and erasable."""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Final

from mlspec import v1
from mlspec.codec import decode
from mlspec.codec.formats import Limits
from mlspec.errors import LimitError, UsageError, VerificationError
from mlspec.validation import validate

SALT_SIZE: Final = 32
"""Bytes of a side record's salt."""

MAX_CONTENT: Final = 1024 * 1024
"""The longest content of a side record, in bytes."""

SIDE_LIMITS: Final = Limits(max_bytes=MAX_CONTENT + 1024)
"""What is read as one side record: the longest content, and what stands around it."""


def make_side(
    entry: v1.LogEntry, detail: v1.RequestDetail, *, salt: bytes | None = None
) -> v1.SideRecord:
    """Return the side record of an entry, and bind the entry to it.

    Args:
        entry: A request or feedback, with the origin and sequence number that it will have.
        detail: What describes the person.
        salt: The 32 random bytes that the arguments of tools are bound under. None: new ones.

    Raises:
        UsageError: The entry is of another kind, or has no origin yet.
        ValidationError: The detail breaks a rule.
        LimitError: It is over 1 MiB.
    """
    event = bound_event(entry)
    if event is None or not entry.origin:
        raise UsageError(
            "must be a request or feedback, with its origin", error_id="log.side.entry"
        )
    validate(detail)
    side = v1.SideRecord(
        origin=entry.origin,
        sequence_number=entry.sequence_number,
        salt=os.urandom(SALT_SIZE) if salt is None else salt,
        content=checked_content(detail.SerializeToString()),
    )
    validate(side)
    event.side_hmac_sha256 = binding(side.salt, side.content)
    return side


def open_detail(entry: v1.LogEntry, side: v1.SideRecord) -> v1.RequestDetail:
    """Verify a side record against its leaf's entry, and only then parse what it holds.

    Raises:
        VerificationError: The entry binds no side record (`log.side.unbound`), the side record is
            another entry's (`log.side.place`), or not the one that was bound (`log.side.hmac`).
        DecodeError, LimitError, UnknownFieldsError, ValidationError: What was bound is no
            `RequestDetail` that is known here.
    """
    event = bound_event(entry)
    if event is None or not event.HasField("side_hmac_sha256"):
        raise _unfit("must belong to an entry that binds one", "log.side.unbound")
    if (side.origin, side.sequence_number) != (entry.origin, entry.sequence_number):
        raise _unfit(
            f"must be that of entry {entry.sequence_number} of {entry.origin} "
            f"(got {side.sequence_number} of {side.origin[:64]!r})",
            "log.side.place",
        )
    # HMAC fills short keys up with zeros: two salts of different length could be one key.
    if len(side.salt) != SALT_SIZE or not hmac.compare_digest(
        binding(side.salt, side.content), event.side_hmac_sha256
    ):
        raise _unfit("must be the one that the leaf binds", "log.side.hmac")
    detail = decode(v1.RequestDetail, side.content, limits=SIDE_LIMITS)
    validate(detail)
    return detail


def bound_event(entry: v1.LogEntry) -> v1.InferenceRecord | v1.InferenceFeedback | None:
    """Return the part of an entry that can bind a side record. None: it is of another kind."""
    kind = entry.WhichOneof("event")
    if kind == "inference":
        return entry.inference
    return entry.feedback if kind == "feedback" else None


def binding(salt: bytes, content: bytes) -> bytes:
    """Return what stands in the leaf: HMAC-SHA256 under the salt."""
    return hmac.digest(salt, content, hashlib.sha256)


def checked_content(content: bytes) -> bytes:
    """Return the content, if a side record can hold it. Raises LimitError, UsageError."""
    if len(content) > MAX_CONTENT:
        raise LimitError(
            f"must be at most {MAX_CONTENT} bytes (got {len(content)})",
            error_id="log.side.size",
            path="content",
            remedy="Keep what is large elsewhere, and name it by its digest.",
        )
    if not content:
        raise UsageError("must say something about the request", error_id="log.side.empty")
    return content


def _unfit(words: str, error_id: str) -> VerificationError:
    return VerificationError(
        words,
        error_id=error_id,
        path="side",
        remedy="It was altered or moved: restore it from a copy, or count it as erased.",
    )
