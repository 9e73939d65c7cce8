"""The keys of a trust file, as notes know them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mlspec.errors import MLSpecError, TrustFileError, UntrustedError
from mlspec.requestlog.note_keys import NoteKey, NoteKeyKind

if TYPE_CHECKING:
    from mlspec.sealing import TrustedKey, TrustedLog, TrustPolicy


def log_key(log: TrustedLog) -> NoteKey:
    """Return the key of a log. Whether it counts is another question: `require_counting`.

    Raises TrustFileError if no note can be signed under this origin.
    """
    return _note_key(log.origin, NoteKeyKind.LOG, log.key)


def witness_keys(trust: TrustPolicy, log: TrustedLog | None = None) -> tuple[NoteKey, ...]:
    """Return the keys of the witnesses. A witness's name in notes is its key's identity.

    Whoever holds a key of `log` is no outsider for it, and is left out.

    Raises TrustFileError if no note can be signed under a witness's identity.
    """
    if trust.witnesses is None:
        return ()
    keys = trust.witnesses.keys if log is None else trust.outsiders(log.origin, log.keyid)
    return tuple(_note_key(key.identity, NoteKeyKind.WITNESS, key) for key in keys)


def require_counting(log: TrustedLog, moment: datetime) -> None:
    """Raise UntrustedError if the key of a log does not count at `moment`."""
    why = log.key.lapse(moment)
    if why is not None:
        raise UntrustedError(
            f"must be signed with a key that counts (the key of {log.origin} {why})",
            error_id="log.key_lapsed",
            path="checkpoint",
            remedy="If a time is proven at which the key counted, name it (--at).",
        )


def _note_key(name: str, kind: NoteKeyKind, key: TrustedKey) -> NoteKey:
    try:
        return NoteKey(name, kind, key.public)
    except MLSpecError as error:
        raise TrustFileError(
            f"must be a name that notes can be signed under (got {name[:80]!r}: {error.message})",
            error_id="trust.note_key.name",
            path="logs" if kind is NoteKeyKind.LOG else "witnesses",
            remedy="Give logs an origin, and witnesses an identity, such as"
            " witness.example/w1: without blanks and plus signs.",
        ) from error
