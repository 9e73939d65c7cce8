"""Drafts of trust files: every step returns a new message, one version higher.

A draft is only checked as a whole, by `TrustPolicy`: a file needs a key and a role at least.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mlspec import v1
from mlspec.errors import UsageError
from mlspec.files import StrPath, write_bytes
from mlspec.sealing.trust import TrustPolicy, aware
from mlspec.sealing.trusted import ALGORITHM_NAMES

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from mlspec.sealing.keys import PublicKey

_LAST_VERSION: Final = 2**63 - 1


def new_policy(expire_time: datetime) -> v1.TrustPolicy:
    """Start a draft, version 0, which the first change makes 1. Raises UsageError without zone."""
    policy = v1.TrustPolicy()
    policy.expire_time.FromDatetime(aware(expire_time))
    return policy


def add_key(
    policy: v1.TrustPolicy,
    public: PublicKey,
    identity: str,
    *,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> v1.TrustPolicy:
    """Add a key. Raises UsageError if it is there already."""
    if any(key.keyid == public.keyid for key in policy.keys):
        raise UsageError(f"must not know the key yet (got {public.keyid})", error_id="trust.twice")
    draft = next_draft(policy)
    key = draft.keys.add(keyid=public.keyid, public_key=public.to_pem(), identity=identity)
    key.algorithm = next(k for k, name in ALGORITHM_NAMES.items() if name == public.algorithm)
    _set(key.valid_from_time, valid_from)
    _set(key.valid_until_time, valid_until)
    return draft


def revoke_key(policy: v1.TrustPolicy, keyid: str, moment: datetime) -> v1.TrustPolicy:
    """Mark a key as revoked from `moment` on; it may be made earlier, but never later.

    Raises UsageError if the key is not known, or is revoked from as early already.
    """
    draft = next_draft(policy)
    for key in draft.keys:
        if key.keyid != keyid:
            continue
        if key.HasField("revoke_time") and key.revoke_time.ToDatetime(UTC) <= aware(moment):
            raise UsageError(
                f"must be earlier than {key.revoke_time.ToJsonString()}, when the key is revoked"
                f" already (got {aware(moment):%Y-%m-%d %H:%M:%SZ})",
                error_id="trust.revoked",
                remedy="A revocation cannot be taken back: add another key instead.",
            )
        _set(key.revoke_time, moment)
        return draft
    raise _unknown(keyid)


def add_role(
    policy: v1.TrustPolicy,
    name: str,
    keyids: Iterable[str],
    *,
    stages: Iterable[v1.Stage.ValueType],
    namespace_globs: Iterable[str] = ("*",),
    threshold: int = 1,
    powers: Iterable[v1.TrustPower.ValueType] = (),
) -> v1.TrustPolicy:
    """Add a role. Raises UsageError if its name is taken."""
    if any(role.name == name for role in policy.roles):
        raise UsageError(f"must not have the role yet (got {name!r})", error_id="trust.twice")
    draft = next_draft(policy)
    draft.roles.add(
        name=name,
        keyids=keyids,
        threshold=threshold,
        stages=stages,
        namespace_globs=namespace_globs,
        powers=powers,
    )
    return draft


def grant(
    policy: v1.TrustPolicy, role_name: str, keyid: str, *, threshold: int | None = None
) -> v1.TrustPolicy:
    """Let one more key play a role; None keeps its threshold. Raises UsageError without role."""
    draft = next_draft(policy)
    for role in draft.roles:
        if role.name == role_name:
            _join(role, keyid, threshold)
            return draft
    raise UsageError(f"must have the role (got {role_name!r})", error_id="trust.unknown_role")


def add_root_key(
    policy: v1.TrustPolicy, keyid: str, *, threshold: int | None = None
) -> v1.TrustPolicy:
    """Let one more key sign successors; None keeps the root's threshold, which starts at 1."""
    draft = next_draft(policy)
    _join(draft.root, keyid, threshold)
    return draft


def drop_root_key(policy: v1.TrustPolicy, keyid: str) -> v1.TrustPolicy:
    """Let a key sign successors no more. Raises UsageError if it does not."""
    draft = next_draft(policy)
    if keyid not in draft.root.keyids:
        raise _unknown(keyid, "root")
    draft.root.keyids.remove(keyid)
    return draft


def set_root_threshold(policy: v1.TrustPolicy, threshold: int) -> v1.TrustPolicy:
    """Say how many identities must sign a successor."""
    draft = next_draft(policy)
    draft.root.threshold = threshold
    return draft


def add_witness(
    policy: v1.TrustPolicy, keyid: str, *, threshold: int | None = None
) -> v1.TrustPolicy:
    """Let one more key witness checkpoints; None keeps the threshold, which starts at 1."""
    draft = next_draft(policy)
    _join(draft.witnesses, keyid, threshold)
    return draft


def add_log(
    policy: v1.TrustPolicy,
    origin: str,
    keyid: str,
    *,
    kind: v1.LogKind.ValueType,
    namespace_globs: Iterable[str] = ("*",),
) -> v1.TrustPolicy:
    """Believe the checkpoints of a log by this key. Raises UsageError if that is known already."""
    if any((log.origin, log.keyid) == (origin, keyid) for log in policy.logs):
        raise UsageError(
            f"must not know this log and key yet (got {origin!r})", error_id="trust.twice"
        )
    draft = next_draft(policy)
    draft.logs.add(origin=origin, keyid=keyid, kind=kind, namespace_globs=namespace_globs)
    return draft


def set_expiry(policy: v1.TrustPolicy, expire_time: datetime) -> v1.TrustPolicy:
    """Say when the file lapses. Raises UsageError without zone."""
    draft = next_draft(policy)
    draft.expire_time.FromDatetime(aware(expire_time))
    return draft


def save(policy: v1.TrustPolicy, path: StrPath, *, overwrite: bool = False) -> TrustPolicy:
    """Check a draft and write it, whole or not at all.

    Raises TrustFileError, InputError if the file exists and may not be overwritten,
    UnreadableError.
    """
    checked = TrustPolicy(policy)
    write_bytes(checked.to_json(), path, overwrite=overwrite)
    return checked


def next_version(version: int) -> int:
    """Return the version after this one. Raises UsageError if there is none."""
    if version >= _LAST_VERSION:
        raise UsageError(
            f"must be below {_LAST_VERSION}, the last that there can be",
            error_id="trust.version",
            path="version",
            remedy="Start a new trust file, and hand it over out of band.",
        )
    return version + 1


def next_draft(policy: v1.TrustPolicy) -> v1.TrustPolicy:
    """Return a copy of a draft, one version higher: what every change starts from.

    Raises UsageError if there is no higher one.
    """
    draft = v1.TrustPolicy()
    draft.CopyFrom(policy)
    draft.version = next_version(policy.version)
    return draft


def _join(group: v1.TrustRole | v1.KeyThreshold, keyid: str, threshold: int | None) -> None:
    if keyid not in group.keyids:
        group.keyids.append(keyid)
    group.threshold = threshold or group.threshold or 1


def _unknown(keyid: str, path: str = "keys") -> UsageError:
    return UsageError(
        f"must know the key (got {keyid[:64]!r})",
        error_id="trust.unknown_key",
        path=path,
        remedy="`mlspec trust show` lists the keys that are there.",
    )


def _set(stamp: Timestamp, moment: datetime | None) -> None:
    if moment is not None:
        stamp.FromDatetime(aware(moment))
