"""DSSE envelopes (https://github.com/secure-systems-lab/dsse, protocol and envelope 1.0.2).

Pure: bytes in, bytes out; no keys and no trust. The JSON form is for files and exchange, the
protobuf form (`v1.Envelope`) for stores.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Self

from mlspec import v1
from mlspec.codec import Limits, decode, encode, parse_json
from mlspec.codec.base64_form import decode_base64, encode_base64
from mlspec.errors import DecodeError, LimitError
from mlspec.files import MAX_BYTES

MAX_PAYLOAD: Final = MAX_BYTES
MAX_TYPE: Final = 255
MAX_SIGNATURES: Final = 64
MAX_SIGNATURE: Final = 1024
MAX_KEYID: Final = 255

MAX_ENVELOPE: Final = 24 * 1024 * 1024
"""The longest envelope that is read, in bytes: base64 of the longest payload, and signatures."""

_LIMITS: Final = Limits(max_bytes=MAX_ENVELOPE)
_MEMBERS: Final = ("payload", "payloadType", "signatures", "sig", "keyid")
_FOLDED: Final = {member.lower(): member for member in _MEMBERS}


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed. Lengths count bytes (DSSE protocol, "PAE")."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope.

    Attributes:
        sig: The raw signature: for Ed25519 64 bytes, for ECDSA its DER form.
        keyid: A hint which key made it, and no more than that. Empty: none was given.
    """

    sig: bytes
    keyid: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Bytes, what they are, and signatures over both.

    Attributes:
        payload: The bytes as they were signed.
        payload_type: Their media type, compared byte by byte.
        signatures: At least one.
    """

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Parse the JSON form. Raises LimitError, DecodeError.

        Either base64 alphabet is taken, never a mixture; members that DSSE does not know are
        ignored, as it asks, unless they are another spelling of one that it knows.
        """
        document = _members(parse_json(data, limits=_LIMITS), "", ("payload", "payloadType"))
        entries = document.get("signatures")
        if not isinstance(entries, list):
            raise _bad("must be a list", "signatures")
        if len(entries) > MAX_SIGNATURES:
            raise _too_many(len(entries))
        return cls(
            payload=_bytes(document["payload"], "payload"),
            payload_type=document["payloadType"],
            signatures=tuple(_signature(entry, index) for index, entry in enumerate(entries)),
        )._checked()

    def to_json(self) -> bytes:
        """Return the JSON form, with standard base64."""
        entries = [
            {**({"keyid": each.keyid} if each.keyid else {}), "sig": encode_base64(each.sig)}
            for each in self.signatures
        ]
        document = {
            "payload": encode_base64(self.payload),
            "payloadType": self.payload_type,
            "signatures": entries,
        }
        return f"{json.dumps(document, ensure_ascii=False, indent=2)}\n".encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Parse the protobuf form. Raises LimitError, DecodeError, UnknownFieldsError."""
        message = decode(v1.Envelope, data, limits=_LIMITS)
        return cls(
            payload=message.payload,
            payload_type=message.payload_type,
            signatures=tuple(Signature(each.sig, each.keyid) for each in message.signatures),
        )._checked()

    def to_bytes(self) -> bytes:
        """Return the protobuf form."""
        message = v1.Envelope(payload=self.payload, payload_type=self.payload_type)
        for each in self.signatures:
            message.signatures.add(sig=each.sig, keyid=each.keyid or None)
        return encode(message)

    def _checked(self) -> Self:
        """Return the envelope if its parts keep their bounds."""
        _bound(len(self.payload), MAX_PAYLOAD, "bytes", "payload")
        _bound(len(self.payload_type), MAX_TYPE, "characters", "payload_type")
        if not self.signatures:
            raise _bad("must have at least one signature", "signatures", "envelope.unsigned")
        if len(self.signatures) > MAX_SIGNATURES:
            raise _too_many(len(self.signatures))
        for index, each in enumerate(self.signatures):
            _bound(len(each.sig), MAX_SIGNATURE, "bytes", f"signatures[{index}].sig")
            if each.keyid:
                _bound(len(each.keyid), MAX_KEYID, "characters", f"signatures[{index}].keyid")
        return self


def _signature(entry: Any, index: int) -> Signature:
    path = f"signatures[{index}]"
    members = _members(entry, path, ("sig",))
    keyid = members.get("keyid", "")
    if not isinstance(keyid, str):
        raise _bad("must be a string", f"{path}.keyid")
    return Signature(sig=_bytes(members["sig"], f"{path}.sig"), keyid=keyid)


def _members(value: Any, path: str, required: tuple[str, ...]) -> dict[str, Any]:
    """Return an object that has the required strings, and no member's name in other letters."""
    if not isinstance(value, dict):
        raise _bad("must be an object", path)
    for key in value:
        known = _FOLDED.get(key.replace("_", "").casefold(), key)
        if known != key:
            raise _bad(f"must be spelled {known!r} (got {key[:64]!r})", path, "json.twins")
    for name in required:
        if not isinstance(value.get(name), str):
            raise _bad("must be a string", f"{path}.{name}".lstrip("."))
    return value


def _bytes(text: str, path: str) -> bytes:
    try:
        return decode_base64(text, url_safe=True)
    except ValueError as error:
        raise _bad(str(error), path, "envelope.base64") from None


def _bound(size: int, most: int, unit: str, path: str) -> None:
    if size == 0:
        raise _bad("must not be empty", path)
    if size > most:
        raise LimitError(
            f"must be at most {most} {unit} (got {size})", error_id="limit.size", path=path
        )


def _too_many(count: int) -> LimitError:
    return LimitError(
        f"must be at most {MAX_SIGNATURES} (got {count})",
        error_id="limit.count",
        path="signatures",
    )


def _bad(words: str, path: str, error_id: str = "envelope.shape") -> DecodeError:
    return DecodeError(
        words,
        error_id=error_id,
        path=path,
        remedy="Check that the file is a DSSE envelope, and that it is complete.",
    )
