"""Checkpoints (C2SP tlog-checkpoint): what a log's key says about size and root of its tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self, final

from mlspec.codec.base64_form import decode_base64, encode_base64
from mlspec.errors import DecodeError, UntrustedError, UsageError, VerificationError
from mlspec.requestlog.hashing import EMPTY_ROOT, require_hash
from mlspec.requestlog.merkle import verify_consistency
from mlspec.requestlog.note_keys import NoteKey, NoteKeyKind, cosigned_at
from mlspec.requestlog.note_signing import sign_text
from mlspec.requestlog.notes import Note, NoteSignature
from mlspec.requestlog.numbers import parse_decimal
from mlspec.requestlog.proven import Proven, issue
from mlspec.sealing import Signer

_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The text of a checkpoint: a claim, until its note is verified.

    Attributes:
        origin: Which log.
        size: How many leaves its tree has.
        root: The tree's root, 32 bytes.
        extensions: Further lines. Signed with the rest, and of no meaning here.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def from_text(cls, text: bytes) -> Self:
        """Read the text of a note. Raises DecodeError."""
        try:
            lines = text.decode("utf-8").split("\n")
        except UnicodeDecodeError as error:
            raise _malformed("must be UTF-8") from error
        if lines.pop() or len(lines) < _LINES or not all(lines):
            raise _malformed("must be three lines or more, each with its newline, none empty")
        try:
            root = decode_base64(lines[2])
        except ValueError as error:
            raise _malformed(str(error), "root") from error
        made = cls(lines[0], parse_decimal(lines[1], "size"), root, tuple(lines[_LINES:]))
        require_hash(root, "root")
        if made.size == 0 and root != EMPTY_ROOT:
            raise _malformed("must be the root of no leaves, as the size says", "root")
        return made

    def to_text(self) -> bytes:
        """Return the text that is signed. Raises DecodeError for parts that no reader takes."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        text = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
        if Checkpoint.from_text(text) != self:
            raise _malformed("must have an origin and extensions of one line each")
        return text

    def sign(self, key: NoteKey, signer: Signer) -> bytes:
        """Return the signed note. Whoever signs makes sure first that it extends the last one.

        Raises DecodeError, UsageError if the key is not the origin's, SigningError.
        """
        if key.name != self.origin:
            raise UsageError(
                f"must be the key of origin {self.origin} (got {key.name})",
                error_id="checkpoint.key",
                path="key",
            )
        text = self.to_text()
        return Note(text, (sign_text(text, key, signer),)).to_bytes()


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness that saw the checkpoint, as part of a log that had only grown.

    Attributes:
        witness: The witness's key.
        time: When, by the witness's clock, in seconds since 1970.
    """

    witness: NoteKey
    time: int


@final
class VerifiedCheckpoint(Proven):
    """A checkpoint that the log's key signed. Only `verify_checkpoint` makes one.

    Attributes:
        checkpoint: Origin, size and root.
        note: The note that was verified.
        log_key: The key whose signature fitted.
        cosignatures: One for each witness that signed: of several, the earliest.
    """

    __slots__ = ("checkpoint", "cosignatures", "log_key", "note")

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]
    log_key: NoteKey
    note: Note

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self.checkpoint.size

    @property
    def root(self) -> bytes:
        """The tree's root."""
        return self.checkpoint.root

    def require_extends(self, older: VerifiedCheckpoint, hashes: Sequence[bytes]) -> None:
        """Check that this tree is the older one with leaves added.

        Raises:
            VerificationError: Another log's, `log.rollback`, or `log.fork`.
            DecodeError: The proof has hashes of a wrong number or length.
        """
        if older.checkpoint.origin != self.checkpoint.origin:
            raise _other_origin(older.checkpoint.origin, self.checkpoint.origin)
        verify_consistency(older.size, older.root, self.size, self.root, hashes)


def verify_checkpoint(
    data: bytes, log_key: NoteKey, witnesses: Iterable[NoteKey] = (), *, needed: int = 0
) -> VerifiedCheckpoint:
    """Verify a signed note as a checkpoint of the log whose key this is.

    Args:
        data: The note.
        log_key: The log's key; its name is the expected origin.
        witnesses: Keys of witnesses whose cosignatures count. They differ in name and key.
        needed: How many distinct witnesses must have signed.

    Raises:
        LimitError, DecodeError: It is no well-formed note, or its text no checkpoint.
        TamperedError: A signature claims one of the keys and does not fit.
        UntrustedError: The log's key did not sign, or too few witnesses did.
        VerificationError: The key signed, but for another origin.
        UsageError: The keys given are not a log's and distinct witnesses'.
    """
    trusted = _require_keys(log_key, witnesses, needed)
    note = Note.from_bytes(data)
    found = note.verify([log_key, *trusted])
    if all(key != log_key for key, _ in found):
        raise UntrustedError(
            f"must be signed by the log's key (only {found[0][0].name} cosigned)",
            error_id="note.untrusted",
            path="signatures",
            remedy="A cosignature says who saw a checkpoint, not whose it is.",
        )
    checkpoint = Checkpoint.from_text(note.text)
    if checkpoint.origin != log_key.name:
        raise _other_origin(log_key.name, checkpoint.origin)
    cosignatures = _cosignatures(found)
    if len(cosignatures) < needed:
        raise UntrustedError(
            f"must be cosigned by {needed} of the witnesses (got {len(cosignatures)})",
            error_id="checkpoint.witnesses",
            path="signatures",
            remedy="Ask for a checkpoint that its witnesses have seen.",
        )
    return issue(
        VerifiedCheckpoint,
        checkpoint=checkpoint,
        note=note,
        log_key=log_key,
        cosignatures=cosignatures,
    )


def _require_keys(log_key: NoteKey, witnesses: Iterable[NoteKey], needed: int) -> list[NoteKey]:
    trusted = list(witnesses)
    keys = {key.public.keyid for key in (log_key, *trusted)}
    names = {key.name for key in trusted}
    kinds = all(key.kind is NoteKeyKind.WITNESS for key in trusted)
    if log_key.kind is not NoteKeyKind.LOG or not kinds:
        raise UsageError("must be one log's key and witnesses' keys", error_id="note.key.kind")
    # One holder under two names, or the log as its own witness, would count twice.
    if len(keys) != len(trusted) + 1 or len(names) != len(trusted):
        raise UsageError("must be distinct keys of distinct witnesses", error_id="note.keys")
    if not 0 <= needed <= len(trusted):
        raise UsageError(
            f"must be 0 to {len(trusted)}, the number of witnesses (got {needed})",
            error_id="checkpoint.witnesses",
            path="needed",
        )
    return trusted


def _cosignatures(found: Iterable[tuple[NoteKey, NoteSignature]]) -> tuple[Cosignature, ...]:
    earliest: dict[NoteKey, int] = {}
    for key, signature in found:
        if key.kind is NoteKeyKind.WITNESS:
            time = cosigned_at(signature.signature)
            earliest[key] = min(time, earliest.get(key, time))
    return tuple(Cosignature(key, time) for key, time in earliest.items())


def _other_origin(expected: str, got: str) -> VerificationError:
    return VerificationError(
        f"must be {expected} (got {got[:64]!r})",
        error_id="checkpoint.origin",
        path="origin",
        remedy="It is another log's checkpoint: take the one of this log.",
    )


def _malformed(words: str, path: str = "") -> DecodeError:
    return DecodeError(
        words,
        error_id="checkpoint.syntax",
        path=path,
        remedy="Take the checkpoint as its log wrote it.",
    )
