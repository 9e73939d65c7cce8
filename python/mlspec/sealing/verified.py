"""Verified records: a type whose only maker is `unseal`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, Self, final

from mlspec import v1
from mlspec.errors import NotUnderstoodError
from mlspec.records import body_of, reference

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from mlspec.sealing.sealed import Sealed


@dataclass(frozen=True, slots=True)
class VerifiedSigner:
    """A trusted key whose signature fitted, and that counted at the time of judgement.

    Attributes:
        keyid: The key's id, as computed from the trust file's key; never what an envelope said.
        identity: Who holds it, as the trust file says.
    """

    keyid: str
    identity: str


@final
class VerifiedRecord:
    """A record that trusted keys vouch for. Only `unseal` makes one; nothing changes it.

    Whoever needs proof asks for this type. `record`, `header` and `body` are parsed anew from the
    verified bytes at each call, so that no caller can change what another one sees.

    Attributes:
        sealed: The envelope that was verified.
        stage: What the record is about, header and body agreeing.
        signers: Whose signatures fitted and counted, in the order of the envelope.
        roles: Names of the roles whose thresholds they meet for this stage and namespace.
        powers: What those roles may do besides (`v1.TrustPower`).
        doubts: Why this reader does not understand the record in full. Empty: it does.
        notes: Signatures that did not count, and why.
        judged_at: The time that keys were judged at.
        trust_version: The version of the trust file.
    """

    __slots__ = (
        "doubts",
        "judged_at",
        "notes",
        "powers",
        "roles",
        "sealed",
        "signers",
        "stage",
        "trust_version",
    )

    doubts: tuple[str, ...]
    judged_at: datetime
    notes: tuple[str, ...]
    powers: frozenset[int]
    roles: tuple[str, ...]
    sealed: Sealed
    signers: tuple[VerifiedSigner, ...]
    stage: v1.Stage.ValueType
    trust_version: int

    def __init__(self, *_args: Any, **_parts: Any) -> None:
        """Refuse: verification is the only way to a verified record."""
        raise TypeError("only mlspec.unseal makes a VerifiedRecord")

    @property
    def record(self) -> v1.Record:
        """The record: a new message at each call, of the bytes that were verified."""
        return v1.Record.FromString(self.sealed.payload)

    @property
    def header(self) -> v1.RecordHeader:
        """The header: a new message at each call."""
        return self.record.header

    @property
    def body(self) -> Message | None:
        """The body: a new message at each call. None: the record has none that is known here."""
        return body_of(self.record)

    @property
    def payload(self) -> bytes:
        """The bytes that were verified."""
        return self.sealed.payload

    @property
    def sha256(self) -> bytes:
        """The record's identity, 32 raw bytes."""
        return self.sealed.sha256

    @property
    def hex(self) -> str:
        """The identity as 64 lower-case hex characters."""
        return self.sealed.hex

    @property
    def digest(self) -> v1.Digest:
        """The identity as a message."""
        return self.sealed.digest

    @property
    def reference(self) -> v1.RecordReference:
        """What another record puts among its parents."""
        return reference(self.sha256, self.stage, self.sealed.payload_type)

    @property
    def fully_understood(self) -> bool:
        """Whether this reader knows all of it, and all its rules were applied."""
        return not self.doubts

    def require_understood(self) -> Self:
        """Return the record itself. Raises NotUnderstoodError if it is not fully understood."""
        if self.doubts:
            raise NotUnderstoodError(
                f"must be understood in full ({self.doubts[0]})",
                remedy="Install a newer version of MLSpec.",
            )
        return self

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a verified record cannot be changed ({name})")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("VerifiedRecord has no subclasses")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a VerifiedRecord cannot be copied or pickled: keep its envelope instead")

    def __repr__(self) -> str:
        names = ", ".join(signer.identity for signer in self.signers)
        return f"VerifiedRecord({self.hex[:16]}..., signed by {names})"


def _issue(**parts: Any) -> VerifiedRecord:
    """Make a verified record. For `verifiers` alone, as a test makes sure."""
    made = VerifiedRecord.__new__(VerifiedRecord)
    for name in VerifiedRecord.__slots__:
        object.__setattr__(made, name, parts.pop(name))
    return made
