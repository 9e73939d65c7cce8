"""The parts of a trust file as they are used: keys, roles and the root, read and checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mlspec import v1
from mlspec.errors import MLSpecError, TrustFileError
from mlspec.sealing.keys import PublicKey

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


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """Who must sign the successor of a policy: so many identities, with these keys."""

    keyids: frozenset[str]
    threshold: int


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


def read_key(key: v1.TrustedKey, path: str) -> TrustedKey:
    """Check one key of a policy, which stands at `path`. Raises TrustFileError."""
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
    return to_moment(getattr(key, field)) if key.HasField(field) else None  # type: ignore[arg-type]


def to_moment(stamp: Timestamp) -> datetime:
    """Return the stamp as a time in UTC. Raises TrustFileError for a message that is none."""
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise TrustFileError(
            f"must be a point in time (got {stamp.seconds} s, {stamp.nanos} ns)",
            error_id="trust.time",
        ) from error
