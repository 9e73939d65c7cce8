"""Leaves that settle something for the leaves after them: openings, changes, delegations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mlspec import v1
from mlspec.requestlog.checking.segment import (
    MAX_USES,
    Delegation,
    Deployment,
    Durability,
    Opening,
    Segment,
    Use,
)

_LONGEST: Final = 255


@dataclass(frozen=True, slots=True)
class Expected:
    """What a log must be, as the verifier knows it from elsewhere.

    Attributes:
        origin: The log's name.
        keyid: The key that signs its checkpoints.
        kind: What it holds, a `v1.LogKind`. None: whatever it says.
        rules: Whether all rules of the specification are applied to every leaf.
    """

    origin: str
    keyid: str
    kind: int | None
    rules: bool


def read_opened(segment: Segment, expected: Expected, opened: v1.LogOpened, index: int) -> None:
    """Judge an opening, and keep what it says."""
    if opened.keyid != expected.keyid:
        segment.fault(
            "log.opened.keyid",
            index,
            f"opened.keyid: must be the log's key, {expected.keyid[:12]} (got {opened.keyid[:12]})",
            "The log was opened under another key than the one that signs it: ask its operator.",
        )
    if expected.kind is not None and opened.kind != expected.kind:
        segment.fault(
            "log.opened.kind",
            index,
            f"opened.kind: must be {_kind(expected.kind)}, what the key is trusted for "
            f"(got {_kind(opened.kind)})",
            "The key is trusted for another kind of log: this one counts for nothing.",
        )
    found = Opening(index, opened.open_time.seconds, opened.delegating_origin[:_LONGEST])
    # The first and the last: a log that is opened a million times does not fill the memory.
    segment.openings[1:] = [found]
    if len(segment.durabilities) < MAX_USES:
        window = opened.durability.buffered  # empty if it is checkpointed
        loss_ns = window.loss_window_duration.ToNanoseconds()
        segment.durabilities.add(Durability(loss_ns, window.loss_window_entry_count))
    segment.standing.spec_version = opened.spec_version
    for delegation in opened.delegations:
        read_delegation(segment, delegation)


def read_change(segment: Segment, change: v1.DeploymentChange) -> frozenset[Use]:
    """Return what requests may name from here on."""
    deployment = change.deployment.digest.sha256
    uses = frozenset(
        Use(
            deployment,
            served.model.model_name,
            served.model.version,
            served.model.digest.sha256,
        )
        for served in change.models
        # A digest of another function can be neither equal nor absent in a request.
        if not served.model.HasField("digest") or served.model.digest.HasField("sha256")
    )
    segment.standing.deployment = Deployment(deployment, uses)
    return uses


def read_delegation(segment: Segment, said: v1.LogDelegation) -> None:
    """Keep who else may log, and since or until when."""
    if said.origin in segment.delegations or len(segment.delegations) < MAX_USES:
        end = said.end_time.seconds if said.HasField("end_time") else None
        segment.delegations[said.origin] = Delegation(said.keyid, said.start_time.seconds, end)


def _kind(number: int) -> str:
    known = v1.LogKind.DESCRIPTOR.values_by_number
    return str(known[number].name) if number in known else str(number)
