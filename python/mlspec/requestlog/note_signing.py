"""Making signatures for notes, with any signer: a key file's, a KMS's, an HSM's."""

from __future__ import annotations

from mlspec.errors import MLSpecError, SigningError, UsageError
from mlspec.requestlog.hashing import MAX_SIZE
from mlspec.requestlog.note_keys import NoteKey, NoteKeyKind, cosigned_message, timestamped
from mlspec.requestlog.notes import NoteSignature
from mlspec.sealing import Signer


def sign_text(text: bytes, key: NoteKey, signer: Signer) -> NoteSignature:
    """Return a log's signature over a note's text.

    Raises UsageError if `key` is no log's, SigningError whatever the signer raised or got wrong.
    """
    _require_kind(key, NoteKeyKind.LOG)
    return _checked(text, key, _sign(signer, text))


def cosign_text(text: bytes, key: NoteKey, signer: Signer, time: int) -> NoteSignature:
    """Return a witness's signature over a note's text at `time`, in seconds since 1970.

    Raises UsageError if `key` is no witness's or there is no such time, SigningError.
    """
    _require_kind(key, NoteKeyKind.WITNESS)
    if not 0 <= time <= MAX_SIZE:
        raise UsageError(
            f"must be 0 to {MAX_SIZE} seconds since 1970 (got {time})",
            error_id="note.time",
            path="time",
        )
    return _checked(text, key, timestamped(time, _sign(signer, cosigned_message(text, time))))


def _require_kind(key: NoteKey, kind: NoteKeyKind) -> None:
    if key.kind is not kind:
        raise UsageError(
            f"must be a key of kind {kind.name} (got {key.kind.name})",
            error_id="note.key.kind",
            path="key",
        )


def _sign(signer: Signer, message: bytes) -> bytes:
    try:
        signature = signer.sign(message)
    except MLSpecError:
        raise
    except Exception as error:  # signers are plugged in: theirs can be any
        raise SigningError(
            f"the signer must sign ({type(error).__name__}: {error})", error_id="signing.failed"
        ) from error
    if not isinstance(signature, bytes):
        raise SigningError("the signer must return bytes", error_id="signing.failed")
    return signature


def _checked(text: bytes, key: NoteKey, signature: bytes) -> NoteSignature:
    # A signature that nobody can verify must not reach a log: what follows would be built on it.
    if not key.fits(signature, text):
        raise SigningError(
            f"must sign with the key that {key.name} is known by",
            error_id="signing.note",
            remedy="Give the signer of that key.",
        )
    return NoteSignature(key.name, key.key_id, signature)
