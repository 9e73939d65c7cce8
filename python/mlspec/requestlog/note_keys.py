"""The keys that sign notes: logs' (Ed25519) and witnesses' (timestamped cosignatures)."""

from __future__ import annotations

import base64
import hashlib
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Self

from mlspec.codec.base64_form import decode_base64, encode_base64
from mlspec.errors import DecodeError, KeyFileError, UsageError
from mlspec.requestlog.hashing import MAX_SIZE
from mlspec.sealing import PublicKey

KEY_ID_SIZE: Final = 4
MAX_NAME: Final = 255
"""The longest name of a key, and so the longest origin, in bytes."""

_RAW_SIZE: Final = 32
_SIGNATURE_SIZE: Final = 64
_TIME: Final = struct.Struct(">Q")
# A DER SubjectPublicKeyInfo of Ed25519 (RFC 8410) is this, then the 32 bytes of the key.
_DER_START: Final = bytes.fromhex("302a300506032b6570032100")


class NoteKeyKind(IntEnum):
    """The kinds of signature, by the byte that the standard gives them."""

    LOG = 0x01
    WITNESS = 0x04


@dataclass(frozen=True, eq=False)
class NoteKey:
    """A named Ed25519 key for one kind of signature.

    Attributes:
        name: Of a log's key: the log's origin. Of a witness's: the witness.
        kind: What the key signs. One key of two kinds is two keys, with two ids.
        public: The key itself. Its `keyid` is the name that trust files and records use.
        key_id: Four bytes that signature lines name the key by.
    """

    name: str
    kind: NoteKeyKind
    public: PublicKey
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        """Check the name and the key. Raises UsageError, KeyFileError."""
        if not is_name(self.name) or len(self.name.encode("utf-8")) > MAX_NAME:
            raise UsageError(
                f"must be 1 to {MAX_NAME} bytes without blanks, control characters and plus signs",
                error_id="note.key.name",
                path="name",
            )
        if self.public.algorithm != "ed25519":
            raise KeyFileError(
                f"must be Ed25519 (got {self.public.algorithm})",
                error_id="note.key.algorithm",
                remedy="Give logs and witnesses Ed25519 keys: notes know no other here.",
            )
        hashed = self.name.encode("utf-8") + b"\n" + bytes([self.kind]) + self.raw
        object.__setattr__(self, "key_id", hashlib.sha256(hashed).digest()[:KEY_ID_SIZE])

    def __eq__(self, other: object) -> bool:
        """The whole key decides, never its four bytes: those can be forged."""
        return isinstance(other, NoteKey) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, NoteKeyKind, str]:
        return (self.name, self.kind, self.public.keyid)

    @property
    def raw(self) -> bytes:
        """The key's 32 bytes (RFC 8032)."""
        return self.public.to_der()[len(_DER_START) :]

    def fits(self, signature: bytes, text: bytes) -> bool:
        """Tell whether this key made `signature` over a note's `text`."""
        if self.kind is NoteKeyKind.LOG:
            return self.public.fits(signature, text)
        if len(signature) != _TIME.size + _SIGNATURE_SIZE:
            return False
        time = cosigned_at(signature)
        return time <= MAX_SIZE and self.public.fits(
            signature[_TIME.size :], cosigned_message(text, time)
        )

    def to_vkey(self) -> str:
        """Return the key as the one line that tools for notes read."""
        encoded = encode_base64(bytes([self.kind]) + self.raw)
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def from_vkey(cls, line: str) -> Self:
        """Read the line that `to_vkey` gives. Raises DecodeError."""
        parts = line.split("+", 2)
        try:
            name, key_id, encoded = parts
            data = decode_base64(encoded)
            kind = NoteKeyKind(data[0])
            made = cls(name, kind, public_key(data[1:]))
        except (ValueError, IndexError, UsageError, KeyFileError) as error:
            raise _malformed() from error
        if made.key_id.hex() != key_id:
            raise _malformed()
        return made


def public_key(raw: bytes) -> PublicKey:
    """Return the Ed25519 key of 32 bytes. Raises KeyFileError."""
    if len(raw) != _RAW_SIZE:
        raise KeyFileError(
            f"must be {_RAW_SIZE} bytes (got {len(raw)})", error_id="note.key.size", path="key"
        )
    body = base64.b64encode(_DER_START + raw)
    return PublicKey.from_pem(
        b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n"
    )


def is_name(name: str) -> bool:
    """Tell whether `name` can name a key in a signature line."""
    return (
        bool(name)
        and "+" not in name
        and not any(letter.isspace() or letter < " " for letter in name)
        and not any("\ud800" <= letter <= "\udfff" for letter in name)
    )


def cosigned_message(text: bytes, time: int) -> bytes:
    """Return what a witness signs: the note's text after the time, in seconds since 1970."""
    return b"cosignature/v1\ntime %d\n" % time + text


def cosigned_at(signature: bytes) -> int:
    """Return the time that a cosignature of the right length carries."""
    time: int = _TIME.unpack_from(signature)[0]
    return time


def timestamped(time: int, signature: bytes) -> bytes:
    """Return a cosignature: the time, then what was signed with it."""
    return _TIME.pack(time) + signature


def _malformed() -> DecodeError:
    return DecodeError(
        "must be name+id+key, an Ed25519 key of a log or a witness, the id that of name and key",
        error_id="note.vkey",
        remedy="Get the verifier key from the log's operator, whole and on one line.",
    )
