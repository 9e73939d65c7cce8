"""The trust file: whom a verifier believes, about what, and when.

It comes to the verifier out of band and is never read from what is being verified. Its form is
`v1.TrustPolicy` in ProtoJSON, so that every language reads it by the same rules.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self

from mlspec import v1
from mlspec.codec import Format, decode, encode
from mlspec.errors import MLSpecError, TrustFileError, UntrustedError, UsageError
from mlspec.files import StrPath, name_of, read_bytes
from mlspec.sealing.keys import PublicKey
from mlspec.validation import validate

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

ALGORITHM_NAMES: Final = {
    v1.KEY_ALGORITHM_ED25519: "ed25519",
    v1.KEY_ALGORITHM_ECDSA_P256: "ecdsa-p256",
}


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key, whose it is, and when it counts.

    Attributes:
        public: The key.
        identity: Who holds it.
        valid_from: From when it counts, inclusive. None: from ever.
        valid_until: Until when it counts, exclusive. None: no end.
        revoked: From when on nothing of it counts. None: not revoked.
    """

    public: PublicKey
    identity: str
    valid_from: datetime | None
    valid_until: datetime | None
    revoked: datetime | None

    @property
    def keyid(self) -> str:
        """The key's id."""
        return self.public.keyid

    def lapse(self, moment: datetime) -> str | None:
        """Say why the key does not count at `moment`. None: it does."""
        if self.revoked is not None and moment >= self.revoked:
            return f"was revoked on {self.revoked:%Y-%m-%d %H:%M:%SZ}"
        if self.valid_from is not None and moment < self.valid_from:
            return f"counts only from {self.valid_from:%Y-%m-%d %H:%M:%SZ} on"
        if self.valid_until is not None and moment >= self.valid_until:
            return f"expired on {self.valid_until:%Y-%m-%d %H:%M:%SZ}"
        return None


@dataclass(frozen=True, slots=True)
class TrustedRole:
    """What a group of keys may vouch for, and how many of them it takes."""

    name: str
    keyids: frozenset[str]
    threshold: int
    stages: frozenset[int]
    namespace_globs: tuple[str, ...]
    powers: frozenset[int]

    def covers(self, namespace: str) -> bool:
        """Tell whether the role may vouch for this namespace."""
        return any(matches(glob, namespace) for glob in self.namespace_globs)


class TrustPolicy:
    """A trust file that was read and checked.

    Attributes:
        version: Which edition it is; each change counts it up.
        expire_time: From when on the file itself is refused.
        keys: The trusted keys by id.
        roles: The roles in the file's order.
    """

    __slots__ = ("_message", "expire_time", "keys", "roles", "version")

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
        self.expire_time: Final = _moment(message.expire_time)
        keys = (_key(key, f"keys[{index}]") for index, key in enumerate(message.keys))
        self.keys: Final[Mapping[str, TrustedKey]] = MappingProxyType({k.keyid: k for k in keys})
        self.roles: Final = tuple(
            self._role(role, f"roles[{index}]") for index, role in enumerate(message.roles)
        )

    @classmethod
    def load(cls, path: StrPath) -> Self:
        """Read a trust file. Raises TrustFileError, UnreadableError and what decoding raises."""
        data = read_bytes(path)
        try:
            return cls.from_json(data)
        except MLSpecError as error:
            error.from_source(name_of(path))
            raise

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read a trust file's bytes. Raises TrustFileError and what decoding raises."""
        return cls(decode(v1.TrustPolicy, data, Format.JSON))

    def to_json(self) -> bytes:
        """Return the policy as a trust file."""
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


def matches(glob: str, name: str) -> bool:
    """Tell whether `name` is as `glob` says, in which `*` stands for any characters.

    Runs in time proportional to the two lengths, whatever stars a file holds.
    """
    first, *rest = glob.split("*")
    if not rest:
        return name == glob
    *middle, last = rest
    if not name.startswith(first) or not name.endswith(last):
        return False
    start, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, start, end) if start <= end else -1
        if found < 0:
            return False
        start = found + len(part)
    return start <= end


def aware(moment: datetime) -> datetime:
    """Return `moment` in UTC. Raises UsageError if it names no time zone."""
    if moment.tzinfo is None:
        raise UsageError(
            "must name its time zone",
            error_id="time.naive",
            remedy="Say datetime(..., tzinfo=UTC), or add Z to the text.",
        )
    return moment.astimezone(UTC)


def _key(key: v1.TrustedKey, path: str) -> TrustedKey:
    try:
        public = PublicKey.from_pem(key.public_key.encode("utf-8"))
    except MLSpecError as error:
        raise TrustFileError(
            error.message, error_id=error.id, path=f"{path}.public_key", remedy=error.remedy
        ) from error
    if ALGORITHM_NAMES[key.algorithm] != public.algorithm:
        raise TrustFileError(
            f"must be that of the key, {public.algorithm}",
            error_id="trust.algorithm",
            path=f"{path}.algorithm",
        )
    if key.keyid != public.keyid:
        raise TrustFileError(
            f"must be {public.keyid}, as the key says (got {key.keyid})",
            error_id="trust.keyid",
            path=f"{path}.keyid",
            remedy="The file was edited by hand or tampered with: get it anew.",
        )
    return TrustedKey(
        public=public,
        identity=key.identity,
        valid_from=_optional(key, "valid_from_time"),
        valid_until=_optional(key, "valid_until_time"),
        revoked=_optional(key, "revoke_time"),
    )


def _optional(key: v1.TrustedKey, field: str) -> datetime | None:
    return _moment(getattr(key, field)) if key.HasField(field) else None  # type: ignore[arg-type]


def _moment(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)
