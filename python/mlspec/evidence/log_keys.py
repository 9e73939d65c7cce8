"""Which key must have signed a log's checkpoint: the trust file says, never the bundle."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.errors import MLSpecError, TamperedError, UntrustedError, VerificationError
from mlspec.requestlog import Note
from mlspec.requestlog.trusted_checkpoints import TrustedCheckpoint, verify_trusted

if TYPE_CHECKING:
    from mlspec.evidence.bundle import Bundle
    from mlspec.sealing import TrustedLog, TrustPolicy


def believed(trust: TrustPolicy, origin: str, kind: v1.LogKind.ValueType) -> list[TrustedLog]:
    """Return the log under each key that the trust file gives it, perhaps none.

    Raises VerificationError if it believes the log about something else than `kind`.
    """
    found = [log for log in trust.logs if log.origin == origin]
    if any(log.kind != kind for log in found):
        raise VerificationError(
            f"must be a log of kind {v1.LogKind.Name(kind)}",
            error_id="log.kind",
            path="origin",
            remedy="The trust file believes this log about something else.",
        )
    return found


def signed_by(
    bundle: Bundle,
    note: bytes,
    logs: Sequence[TrustedLog],
    trust: TrustPolicy,
    at: datetime | None,
) -> tuple[TrustedLog, TrustedCheckpoint]:
    """Return under which of its keys a log signed a checkpoint, and the verified checkpoint.

    Raises what `verify_trusted` raises for the key that comes closest.
    """
    tokens = tokens_over(bundle, note)
    refusal: MLSpecError | None = None
    for log in logs:
        try:
            return log, verify_trusted(note, log, trust, tokens=tokens, at=at)
        except MLSpecError as error:
            # Of two refusals the one that says "tampered" tells more.
            if refusal is None or isinstance(error, TamperedError):
                refusal = error
    raise refusal or unknown_log("")


def tokens_over(bundle: Bundle, note: bytes) -> list[bytes]:
    """Return the time-stamp tokens that a bundle has for a checkpoint. Raises DecodeError."""
    digest = hashlib.sha256(Note.from_bytes(note).text).hexdigest()
    return [data for name, data in bundle.below("tokens", ".tsr") if name.startswith(digest)]


def unknown_log(origin: str) -> UntrustedError:
    """Make the error for a log that nobody who is trusted vouches for."""
    return UntrustedError(
        f"must be a log that the trust file believes, or that such a log delegated"
        f" (got {origin[:255]!r})",
        error_id="trust.unknown_log",
        path="origin",
        remedy="Have the log and its key added to the trust file, if you believe it.",
    )
