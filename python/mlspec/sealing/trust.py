"""The trust file: whom a verifier believes, about what, and when.

It comes to the verifier out of band and is never read from what is being verified. Its form is
`v1.TrustPolicy` in ProtoJSON, so that every language reads it by the same rules; or those bytes in
an envelope that root keys signed (docs/spec/signing.md, "The two forms of a trust file").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Self

from mlspec import v1
from mlspec.codec import Format, decode, encode
from mlspec.errors import MLSpecError, TrustFileError, UntrustedError, UsageError
from mlspec.files import StrPath, name_of, read_bytes
from mlspec.sealing.certificates import TrustedCertificate, read_certificate
from mlspec.sealing.dsse import MAX_ENVELOPE
from mlspec.sealing.requirements import Requirement, merged
from mlspec.sealing.root_signatures import require_own_root, signed_form
from mlspec.sealing.trusted import (
    TrustedKey,
    TrustedRole,
    TrustedRoot,
    read_key,
    to_moment,
)
from mlspec.sealing.trusted_logs import (
    TrustedLog,
    TrustedWitnesses,
    one_spelling,
    read_logs,
    read_witnesses,
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
        logs: Whose checkpoints are believed, a key each. Empty: no log is believed.
        witnesses: Who must have seen a checkpoint. None: no witness is known.
        timestamp_roots: Certificates of the authorities whose time-stamps are believed.
    """

    __slots__ = (
        "_message",
        "expire_time",
        "keys",
        "logs",
        "roles",
        "root",
        "timestamp_roots",
        "version",
        "witnesses",
    )

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
        self.logs: Final[tuple[TrustedLog, ...]] = read_logs(message, self.keys)
        self.witnesses: Final[TrustedWitnesses | None] = read_witnesses(message, self.keys)
        self.timestamp_roots: Final[tuple[TrustedCertificate, ...]] = tuple(
            read_certificate(der, f"timestamp_roots[{index}]")
            for index, der in enumerate(message.timestamp_roots)
        )
        for name in ("root", "witnesses"):
            if message.HasField(name):
                group = getattr(message, name)
                self._require_reachable(group.keyids, group.threshold, name)

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
        if (datetime.now(UTC) if moment is None else aware(moment)) >= self.expire_time:
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

    def identities(self, keyids: Iterable[str]) -> set[str]:
        """Return who holds these keys, in one spelling each: what thresholds count."""
        return {one_spelling(self.keys[keyid].identity) for keyid in keyids}

    def log(self, origin: str, keyid: str | None = None) -> TrustedLog:
        """Return the log of this origin; `keyid` says which of its keys, if it has several.

        Raises:
            UntrustedError: No such log, or none with this key, is believed.
            UsageError: It has several keys, and none is named.
        """
        found = [log for log in self.logs if log.origin == origin and keyid in (None, log.keyid)]
        if not found:
            under = "" if keyid is None else f" with key {keyid[:16]}"
            raise UntrustedError(
                f"must be a log that the trust file names (got {origin[:255]!r}{under})",
                error_id="trust.unknown_log",
                path="logs",
                remedy="Have the log and its key added to the trust file (`mlspec trust add"
                " --log`), or take the log that it names.",
            )
        if len(found) > 1:
            raise UsageError(
                f"must name one of the {len(found)} keys that {origin[:255]!r} has",
                error_id="trust.log_key",
                path="logs",
            )
        return found[0]

    def outsiders(self, origin: str, keyid: str) -> tuple[TrustedKey, ...]:
        """Return the witnesses who hold no key of this log, nor the one that signed for it."""
        if self.witnesses is None:
            return ()
        own = {log.keyid for log in self.logs if log.origin == origin}
        insiders = self.identities({keyid, *own} & self.keys.keys())
        return tuple(
            key for key in self.witnesses.keys if one_spelling(key.identity) not in insiders
        )

    @property
    def asks(self) -> bool:
        """Whether any namespace owes more than valid signatures."""
        return bool(self._message.requirements)

    def requirements(self, namespace: str) -> Requirement:
        """Return what this namespace owes: of all requirements that fit, the strictest."""
        return merged(self._message.requirements, namespace)

    def _role(self, role: v1.TrustRole, path: str) -> TrustedRole:
        self._require_reachable(role.keyids, role.threshold, path)
        return TrustedRole(
            name=role.name,
            keyids=frozenset(role.keyids),
            threshold=role.threshold,
            stages=frozenset(role.stages),
            namespace_globs=tuple(role.namespace_globs),
            powers=frozenset(role.powers),
        )

    def _require_reachable(self, keyids: Iterable[str], threshold: int, path: str) -> None:
        if len(self.identities(keyids)) < threshold:
            raise TrustFileError(
                f"must be reachable by distinct identities (got {threshold})",
                error_id="trust.threshold",
                path=f"{path}.threshold",
                remedy="Lower the threshold, or name keys of more people.",
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
