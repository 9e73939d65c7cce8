"""Signed notes (C2SP signed-note): a text, and signatures under it, read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from mlspec.codec.base64_form import decode_base64, encode_base64
from mlspec.errors import DecodeError, LimitError, TamperedError, UntrustedError, UsageError
from mlspec.requestlog.note_keys import KEY_ID_SIZE, NoteKey, is_name

MAX_NOTE: Final = 65_536
"""The longest note, in bytes: as much as a record's field for one holds."""

MAX_SIGNATURES: Final = 64
"""The most signatures of one note, those of unknown keys included."""

_DASH: Final = "\u2014 "
_CONTROL: Final = re.compile(rb"[\x00-\x09\x0b-\x1f]")
_REMEDY: Final = "Take the note as its log wrote it; no editor or mail may have touched it."


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, which claims a key and proves nothing yet.

    Attributes:
        name: The key's name.
        key_id: Four bytes that tell keys of one name apart. No digest to rely on.
        signature: What the key's kind of signature is made of.
    """

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures, not verified.

    Attributes:
        text: The signed bytes, with the final newline.
        signatures: At least one.
    """

    text: bytes
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a note. Raises LimitError, DecodeError."""
        if len(data) > MAX_NOTE:
            raise LimitError(
                f"must be at most {MAX_NOTE} bytes (got {len(data)})", error_id="note.size"
            )
        if _CONTROL.search(data):
            raise _malformed("must have no control character but the newline")
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _malformed("must be UTF-8") from error
        # The last empty line parts them: the text may have empty lines of its own.
        text, blank, lines = data.rpartition(b"\n\n")
        if not blank:
            raise _malformed("must have an empty line between text and signatures")
        if not lines.endswith(b"\n"):
            raise _malformed("must end with a signature line and its newline")
        return cls(text + b"\n", _signatures(lines.decode("utf-8")))

    def to_bytes(self) -> bytes:
        """Return the note as it is stored and sent. Raises DecodeError, LimitError."""
        lines = "".join(
            f"{_DASH}{each.name} {encode_base64(each.key_id + each.signature)}\n"
            for each in self.signatures
        )
        data = self.text + b"\n" + lines.encode("utf-8", "surrogatepass")
        if Note.from_bytes(data) != self:
            raise _malformed("must be a text that ends with a newline, and signatures")
        return data

    def with_signature(self, signature: NoteSignature) -> Note:
        """Return the note with one more signature, last."""
        return Note(self.text, (*self.signatures, signature))

    def verify(self, keys: Iterable[NoteKey]) -> tuple[tuple[NoteKey, NoteSignature], ...]:
        """Return the signatures of these keys, each with its key; there is at least one.

        Signatures of other keys are ignored, as the standard asks. One that claims a given key and
        does not fit condemns the note, whoever else signed it.

        Raises:
            TamperedError: A signature claims one of the keys and does not fit.
            UntrustedError: None of the keys signed.
            UsageError: Two of the keys cannot be told apart.
        """
        known = _known(keys)
        found = []
        for position, signature in enumerate(self.signatures):
            key = known.get((signature.name, signature.key_id))
            if key is None:
                continue
            if not key.fits(signature.signature, self.text):
                raise TamperedError(
                    f"must be a signature over the note's text by {key.name}",
                    error_id="note.signature",
                    path=f"signatures[{position}]",
                    remedy="The note was altered, or somebody poses as the key's holder.",
                )
            found.append((key, signature))
        if not found:
            raise UntrustedError(
                "must be signed by a key that is trusted for it",
                error_id="note.untrusted",
                path="signatures",
                remedy="Check that the key is the log's; get it from its operator, not from here.",
            )
        return tuple(found)


def _known(keys: Iterable[NoteKey]) -> dict[tuple[str, bytes], NoteKey]:
    known: dict[tuple[str, bytes], NoteKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key).public.keyid != key.public.keyid:
            raise UsageError(
                f"must be keys that can be told apart (two are {key.name} and {key.key_id.hex()})",
                error_id="note.keys",
            )
    return known


def _signatures(lines: str) -> tuple[NoteSignature, ...]:
    # Not splitlines: it would also part at characters that are no newline here.
    parts = lines.split("\n")[:-1]
    if len(parts) > MAX_SIGNATURES:
        raise LimitError(
            f"must be at most {MAX_SIGNATURES} (got {len(parts)})",
            error_id="note.signatures",
            path="signatures",
        )
    return tuple(_signature(line, f"signatures[{at}]") for at, line in enumerate(parts))


def _signature(line: str, path: str) -> NoteSignature:
    name, blank, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not blank or not is_name(name):
        raise _malformed("must be an em dash, a key's name and a signature, one blank apart", path)
    try:
        data = decode_base64(encoded)
    except ValueError as error:
        raise _malformed(str(error), path) from error
    if len(data) <= KEY_ID_SIZE:
        raise _malformed("must have a signature after the four bytes of the key's id", path)
    return NoteSignature(name, data[:KEY_ID_SIZE], data[KEY_ID_SIZE:])


def _malformed(words: str, path: str = "") -> DecodeError:
    return DecodeError(words, error_id="note.syntax", path=path, remedy=_REMEDY)
