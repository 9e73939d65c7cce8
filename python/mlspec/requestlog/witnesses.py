"""What cosignatures prove about time, when some witnesses may lie."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlspec.requestlog.proven_time import ProvenTime, TimeMeans, issue_time
from mlspec.sealing.trust import aware

if TYPE_CHECKING:
    from mlspec.requestlog.checkpoints import VerifiedCheckpoint
    from mlspec.sealing import TrustedKey, TrustPolicy


def quorum_time(
    checkpoint: VerifiedCheckpoint, trust: TrustPolicy, *, now: datetime | None = None
) -> ProvenTime | None:
    """Return by when as many witnesses as the trust file asks had seen the checkpoint.

    That is the latest of the earliest `threshold` times. The threshold says how many it takes to
    be believed, so fewer than that may lie: among so many, one at least is honest, and it saw the
    checkpoint no later than that. A single early time would let one witness date it back.

    A cosignature counts if its key is one of the trust file's witnesses; is held by somebody else
    than the log's keys; is not revoked by now, since a cosignature dates itself, and whoever has
    the key can write any date; was valid at the time that it names; and names no time ahead, and
    not 0.

    Args:
        checkpoint: The checkpoint, with the cosignatures that fitted.
        trust: Whom to believe.
        now: This machine's clock, if it shall not be asked.

    Returns:
        The time, or None if there are too few.
    """
    if trust.witnesses is None:
        return None
    clock = datetime.now(UTC) if now is None else aware(now)
    log = checkpoint.checkpoint.origin, checkpoint.log_key.public.keyid
    known = {key.keyid: key for key in trust.outsiders(*log)}
    seen: dict[str, tuple[datetime, str]] = {}
    for cosignature in checkpoint.cosignatures:
        key = known.get(cosignature.witness.public.keyid)
        time = _moment(cosignature.time)
        if key is not None and time is not None and _counts(key, time, clock):
            seen[key.keyid] = (time, key.identity)
    earliest = sorted(seen.values())[: trust.witnesses.threshold]
    if len(earliest) < trust.witnesses.threshold:
        return None
    return issue_time(
        earliest[-1][0], TimeMeans.WITNESSES, tuple(identity for _, identity in earliest)
    )


def _counts(key: TrustedKey, time: datetime, now: datetime) -> bool:
    revoked = key.revoked is not None and now >= key.revoked
    return not revoked and time <= now and key.lapse(time) is None


def _moment(seconds: int) -> datetime | None:
    # A clock that nobody has set says 1970. It would date everything back.
    if seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
