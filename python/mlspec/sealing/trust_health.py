"""What in a trust file can no longer be met, although the file itself may be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from mlspec.sealing.trust import TrustPolicy


def shortfalls(policy: TrustPolicy, moment: datetime | None = None) -> tuple[str, ...]:
    """Say for which roles, root and witnesses too few keys count, at `moment` or now.

    A person should know this before it hurts: such a role vouches for nothing, and under such a
    root there will be no successor.
    """
    return tuple(_shortfalls(policy, moment or datetime.now(UTC)))


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
