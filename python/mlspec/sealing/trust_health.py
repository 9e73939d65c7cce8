"""What in a trust file can no longer be met, although the file itself may be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from mlspec import v1
from mlspec.sealing.trust import TrustPolicy

_SOON: Final = timedelta(days=90)


def shortfalls(policy: TrustPolicy, moment: datetime | None = None) -> tuple[str, ...]:
    """Say what holds no more or soon will not, at `moment` or now; and what never can.

    A person should know this before it hurts: a role, root or witnesses without enough keys that
    count, authorities whose certificates run out, and requirements that nothing in the file meets.
    """
    now = moment or datetime.now(UTC)
    return (*_shortfalls(policy, now), *_certificates(policy, now), *_unmet(policy, now))


def _shortfalls(policy: TrustPolicy, moment: datetime) -> Iterator[str]:
    groups: list[tuple[str, Iterable[str], int]] = [
        (f"role {role.name}", role.keyids, role.threshold) for role in policy.roles
    ]
    message = policy.message
    for name in ("root", "witnesses"):
        if message.HasField(name):
            group = getattr(message, name)
            groups.append((name, group.keyids, group.threshold))
    for name, keyids, threshold in groups:
        counting = [each for each in keyids if policy.keys[each].lapse(moment) is None]
        reach = len(policy.identities(counting))
        if reach < threshold:
            yield f"{name} asks for {threshold} identities, and keys of {reach} count"


def _certificates(policy: TrustPolicy, moment: datetime) -> Iterator[str]:
    for root in policy.timestamp_roots:
        who = f"the authority {root.subject}"
        if not root.is_root:
            yield f"{who} is no root: it has another issuer, and no token leads to it"
        elif root.valid_until <= moment:
            yield f"{who} expired on {root.valid_until:%Y-%m-%d}: later tokens prove nothing"
        elif root.valid_until - moment < _SOON:
            yield f"{who} expires on {root.valid_until:%Y-%m-%d}"


def _unmet(policy: TrustPolicy, moment: datetime) -> Iterator[str]:
    kinds = {log.kind for log in policy.logs if log.key.lapse(moment) is None}
    outsiders = policy.witnesses is not None or bool(policy.timestamp_roots)
    for asked in policy.message.requirements:
        needs = {
            "outside times": asked.timestamp_required and not outsiders,
            "witnesses": asked.witnesses_required and policy.witnesses is None,
            "request logs": asked.request_log_required and v1.LOG_KIND_REQUESTS not in kinds,
            "record logs": (asked.record_log_required or asked.timestamp_required)
            and v1.LOG_KIND_RECORDS not in kinds,
        }
        for what, lacks in needs.items():
            if lacks:
                yield f"{asked.namespace_glob} must show {what}, and the file believes none"
