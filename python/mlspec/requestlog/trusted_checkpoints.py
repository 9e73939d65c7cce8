"""Checkpoints by a trust file: whose they are, and by when an outsider had seen them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from mlspec.errors import LimitError, UntrustedError
from mlspec.requestlog.checkpoints import VerifiedCheckpoint, verify_checkpoint
from mlspec.requestlog.proven_time import ProvenTime
from mlspec.requestlog.timestamps import verify_token
from mlspec.requestlog.trusted_logs import log_key, require_counting, witness_keys
from mlspec.requestlog.witnesses import quorum_time
from mlspec.sealing.trust import aware

if TYPE_CHECKING:
    from mlspec.sealing import TrustedLog, TrustPolicy

MAX_TOKENS: Final = 16
"""The most tokens over one checkpoint: as many as a record's field for them holds."""


class TrustedCheckpoint(NamedTuple):
    """A checkpoint of a log that the trust file believes.

    Attributes:
        checkpoint: The verified checkpoint.
        time: By when it was there, as an outsider vouches. None: nothing shows it.
    """

    checkpoint: VerifiedCheckpoint
    time: ProvenTime | None


def verify_trusted(
    note: bytes,
    log: TrustedLog,
    trust: TrustPolicy,
    *,
    tokens: Sequence[bytes] = (),
    at: datetime | None = None,
    now: datetime | None = None,
) -> TrustedCheckpoint:
    """Verify a checkpoint of a log, and find by when it was there.

    The log's key must count at the time that outsiders prove; if they prove none, at `at`, a time
    that the user answers for; otherwise now.

    Raises what `verify_checkpoint` and `proven_time` raise, and UntrustedError "log.key_lapsed".
    """
    clock = datetime.now(UTC) if now is None else aware(now)
    stated = clock if at is None else aware(at)
    checkpoint = verify_checkpoint(note, log_key(log), witness_keys(trust, log))
    time = proven_time(checkpoint, tokens, trust, now=clock)
    require_counting(log, stated if time is None else time.time)
    return TrustedCheckpoint(checkpoint, time)


def proven_time(
    checkpoint: VerifiedCheckpoint,
    tokens: Sequence[bytes],
    trust: TrustPolicy,
    *,
    now: datetime | None = None,
) -> ProvenTime | None:
    """Return the earliest time by which an outsider had seen a checkpoint. None: none did.

    The witnesses are one such outsider, all together (`quorum_time`); each authority whose
    certificate the trust file names is one by itself. Tokens of other authorities are ignored, as
    signatures of unknown keys are. A token that is malformed, over other bytes, for another usage
    or forged is refused, whatever stands beside it: somebody put it there.

    Raises what `verify_token` raises, but for UntrustedError; LimitError for too many tokens.
    """
    if len(tokens) > MAX_TOKENS:
        raise LimitError(
            f"must be at most {MAX_TOKENS} (got {len(tokens)})",
            error_id="timestamp.count",
            path="tokens",
        )
    found = [quorum_time(checkpoint, trust, now=now)]
    roots = [root.der for root in trust.timestamp_roots]
    for token in tokens if roots else ():
        try:
            found.append(verify_token(token, checkpoint.note.text, roots, now=now))
        except UntrustedError:
            continue
    return min((each for each in found if each is not None), key=lambda it: it.time, default=None)
