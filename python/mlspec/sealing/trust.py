"""The trust file: whom a verifier believes, about what, and when.

It comes to the verifier out of band and is never read from what is being verified. Its form is
`v1.TrustPolicy` in ProtoJSON, so that every language reads it by the same rules; or those bytes in
an envelope that root keys signed (docs/spec/signing.md, "The two forms of a trust file").
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Self

from mlspec import v1
from mlspec.codec import Format, decode, encode
from mlspec.errors import MLSpecError, TrustFileError, UntrustedError, UsageError
from mlspec.files import StrPath, name_of, read_bytes
from mlspec.sealing.dsse import MAX_ENVELOPE
from mlspec.sealing.root_signatures import require_own_root, signed_form
from mlspec.sealing.trusted import (
    TrustedKey,
    TrustedRole,
    TrustedRoot,
    read_key,
    to_moment,
)
from mlspec.validation import validate


class TrustPolicy:
    """A trust file that was read and checked.

    Attributes:
        version: Which edition it is; each change counts it up.
        expire_time: From when on the file itself is refused.
        keys: The trusted keys by id.
        roles: The roles in the file's order.
        root: Who must sign a successor. None: nobody can, each version is handed over anew.
    """

    __slots__ = ("_message", "expire_time", "keys", "roles", "root", "version")

    def __init__(self, message: v1.TrustPolicy) -> None:
        """Check `message` and keep a copy. Raises TrustFileError."""
        try:
            validate(message)
        except MLSpecError as error:
            raise TrustFileError(
                str(error), error_id="trust.invalid", path=error.path, remedy=error.remedy
            ) from error
        self._message = v1.TrustPolicy()
        self._message.CopyFrom(message)
        self.version: Final = message.version
        self.expire_time: Final = to_moment(message.expire_time)
        keys = (read_key(key, f"keys[{index}]") for index, key in enumerate(message.keys))
        self.keys: Final[Mapping[str, TrustedKey]] = MappingProxyType({k.keyid: k for k in keys})
        self.roles: Final = tuple(
            self._role(role, f"roles[{index}]") for index, role in enumerate(message.roles)
        )
        self.root: Final = (
            TrustedRoot(frozenset(message.root.keyids), message.root.threshold)
            if message.HasField("root")
            else None
        )

    @classmethod
    def load(cls, path: StrPath) -> Self:
        """Read a trust file in either form. Raises UnreadableError and what `from_any` raises."""
        data = read_bytes(path, max_bytes=MAX_ENVELOPE)
        try:
            return cls.from_any(data)
        except MLSpecError as error:
            error.from_source(name_of(path))
            raise

    @classmethod
    def from_any(cls, data: bytes) -> Self:
        """Read the bytes of a trust file in either form.

        The signed form must be signed by its own root, which shows that it is whole; whom it
        comes from is known only by the way it was handed over, or by `accept_successor`.

        Raises TrustFileError, UntrustedError and TamperedError for the signatures, and what
        decoding raises.
        """
        envelope = signed_form(data)
        if envelope is None:
            return cls.from_json(data)
        policy = cls.from_json(envelope.payload)
        require_own_root(envelope, policy)
        return policy

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read a policy in JSON: the bare form. Raises TrustFileError and what decoding raises."""
        return cls(decode(v1.TrustPolicy, data, Format.JSON))

    def to_json(self) -> bytes:
        """Return the policy as a trust file in the bare form."""
        return encode(self._message, Format.JSON)

    @property
    def message(self) -> v1.TrustPolicy:
        """A copy of the policy as a message."""
        copy = v1.TrustPolicy()
        copy.CopyFrom(self._message)
        return copy

    def require_current(self, moment: datetime | None = None) -> None:
        """Raise UntrustedError if the file is past its date, at `moment` or now."""
        if (moment or datetime.now(UTC)) >= self.expire_time:
            raise UntrustedError(
                f"must not have expired (it did on {self.expire_time:%Y-%m-%d %H:%M:%SZ})",
                error_id="trust.expired",
                path="trust.expire_time",
                remedy="Get the current trust file from whoever gave you this one.",
            )

    def require_version(self, least: int) -> None:
        """Raise UntrustedError if the file is older than version `least`."""
        if self.version < least:
            raise UntrustedError(
                f"must be at least {least} (got {self.version})",
                error_id="trust.rolled_back",
                path="trust.version",
                remedy="Somebody shows you an old trust file: get the current one.",
            )

    def require_checkable(self) -> None:
        """Raise UntrustedError if the file asks for something that this version cannot check."""
        if self._message.requirements:
            raise UntrustedError(
                "must be empty: this version cannot check what a namespace owes yet, and what"
                " nobody checks must not look as if it held",
                error_id="trust.requirements_unchecked",
                path="trust.requirements",
                remedy="Verify with a version that checks requirements, or with a trust file"
                " that has none.",
            )

    def identities(self, keyids: Iterable[str]) -> set[str]:
        """Return who holds these keys, in one spelling each: what thresholds count."""
        names = (self.keys[keyid].identity for keyid in keyids)
        return {unicodedata.normalize("NFKC", name).casefold() for name in names}

    def _role(self, role: v1.TrustRole, path: str) -> TrustedRole:
        if len(self.identities(role.keyids)) < role.threshold:
            raise TrustFileError(
                f"must be reachable by distinct identities (got {role.threshold})",
                error_id="trust.threshold",
                path=f"{path}.threshold",
                remedy="Lower the threshold, or name keys of more people.",
            )
        return TrustedRole(
            name=role.name,
            keyids=frozenset(role.keyids),
            threshold=role.threshold,
            stages=frozenset(role.stages),
            namespace_globs=tuple(role.namespace_globs),
            powers=frozenset(role.powers),
        )


def aware(moment: datetime) -> datetime:
    """Return `moment` in UTC. Raises UsageError if it names no time zone."""
    if moment.tzinfo is None:
        raise UsageError(
            "must name its time zone",
            error_id="time.naive",
            remedy="Say datetime(..., tzinfo=UTC), or add Z to the text.",
        )
    return moment.astimezone(UTC)
