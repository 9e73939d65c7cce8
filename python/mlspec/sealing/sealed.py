"""Sealed records: bytes that are signed, and from then on never encoded again."""

from __future__ import annotations

import hashlib
from typing import Any, NoReturn, Self

from mlspec import v1
from mlspec.codec import decode, encode, refuse_unknown_fields
from mlspec.errors import DecodeError, InputError, LimitError, NotUnderstoodError
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.records import SPEC_VERSION, is_newer, reference
from mlspec.sealing.acceptance import judge
from mlspec.sealing.dsse import MAX_PAYLOAD, MAX_SIGNATURES, Envelope, Signature
from mlspec.sealing.signers import Signer, sign_envelope


class Sealed:
    """A sealed record, not verified: what it says is its author's claim, if anybody's.

    Immutable; two are equal if payload, type and signatures are.

    Attributes:
        envelope: The DSSE envelope.
        sha256: The record's identity: SHA-256 of the payload, 32 raw bytes.
    """

    __slots__ = ("envelope", "sha256")

    envelope: Envelope
    sha256: bytes

    def __init__(self, envelope: Envelope) -> None:
        object.__setattr__(self, "envelope", envelope)
        object.__setattr__(self, "sha256", hashlib.sha256(envelope.payload).digest())

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read the JSON form of an envelope. Raises LimitError, DecodeError."""
        return cls(Envelope.from_json(data))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the protobuf form of an envelope. Raises LimitError, DecodeError."""
        return cls(Envelope.from_bytes(data))

    @classmethod
    def from_any(cls, data: bytes) -> Self:
        """Read either form. Raises LimitError, DecodeError."""
        if not data.lstrip(b" \t\r\n").startswith(b"{"):
            return cls.from_bytes(data)
        if not data.startswith(b"\n"):
            return cls.from_json(data)
        # A newline is also the tag of the protobuf form's first field, and "{" a length after it.
        try:
            return cls.from_bytes(data)
        except InputError:
            return cls.from_json(data)

    def to_json(self) -> bytes:
        """Return the JSON form, for files and exchange."""
        return self.envelope.to_json()

    def to_bytes(self) -> bytes:
        """Return the protobuf form, for stores."""
        return self.envelope.to_bytes()

    @property
    def payload(self) -> bytes:
        """The exact bytes of the record."""
        return self.envelope.payload

    @property
    def payload_type(self) -> str:
        """The media type that the bytes were sealed under."""
        return self.envelope.payload_type

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """The signatures; the first is the author's, the others countersign."""
        return self.envelope.signatures

    @property
    def hex(self) -> str:
        """The identity as 64 lower-case hex characters."""
        return self.sha256.hex()

    @property
    def digest(self) -> v1.Digest:
        """The identity as a message."""
        return v1.Digest(sha256=self.sha256)

    @property
    def reference(self) -> v1.RecordReference:
        """What another record puts among its parents. Raises what `peek` raises."""
        return reference(self.sha256, self.peek().header.stage, self.payload_type)

    def peek(self) -> v1.Record:
        """Return what the record claims, UNVERIFIED: a new message at each call.

        Keeps unknown fields and applies no rule. Raises DecodeError, also if the payload is said
        to be something else than a record.
        """
        if self.payload_type != RECORD_PAYLOAD_TYPE:
            raise wrong_type(self.payload_type)
        return decode(v1.Record, self.payload, unknown="keep")

    def countersign(self, signer: Signer) -> Self:
        """Return the same record with one more signature. Raises SigningError, LimitError."""
        if len(self.signatures) >= MAX_SIGNATURES:
            raise LimitError(
                f"must have at most {MAX_SIGNATURES} signatures", error_id="limit.count"
            )
        added = sign_envelope(signer, self.payload_type, self.payload)
        return type(self)(Envelope(self.payload, self.payload_type, (*self.signatures, added)))

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a sealed record cannot be changed ({name})")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.envelope == other.envelope

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"Sealed({self.hex[:16]}..., {len(self.signatures)} signatures, unverified)"


def seal(record: v1.Record, signer: Signer) -> Sealed:
    """Validate, encode once and sign. From here on the bytes are the record.

    Raises ValidationError, UnknownFieldsError (at any depth), NotUnderstoodError for a record of
    a newer version, DecodeError if header and body are of two stages, LimitError, SigningError.
    """
    payload = encode(record)
    if len(payload) > MAX_PAYLOAD:
        raise LimitError(
            f"must be at most {MAX_PAYLOAD} bytes (got {len(payload)})",
            error_id="limit.size",
            remedy="Put bulk into an artifact, and its digest into the record.",
        )
    _check_sealable(record, payload)
    signature = sign_envelope(signer, RECORD_PAYLOAD_TYPE, payload)
    return Sealed(Envelope(payload, RECORD_PAYLOAD_TYPE, (signature,)))


def _check_sealable(record: v1.Record, payload: bytes) -> None:
    refuse_unknown_fields(v1.Record, payload)
    own = [annotation.name for annotation in record.header.annotations]
    judge(record, None, understands=own)
    version = record.header.spec_version
    if is_newer(version):
        raise NotUnderstoodError(
            f"must not be newer than this package, {SPEC_VERSION} (got {version})",
            path="header.spec_version",
            remedy="Seal it with the version of MLSpec that made it.",
        )


def wrong_type(payload_type: str) -> DecodeError:
    """Make the error for an envelope of something else than a record."""
    return DecodeError(
        f"must be {RECORD_PAYLOAD_TYPE} (got {payload_type[:100]!r})",
        error_id="envelope.payload_type",
        path="payload_type",
        remedy="The envelope holds something else than a record of MLSpec.",
    )
