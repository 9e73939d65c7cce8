"""What somebody else than the log's holder knows of the log: witnesses, times, a memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlspec.codec.base64_form import decode_base64, encode_base64
from mlspec.errors import DecodeError, MLSpecError
from mlspec.evidence.log_half import LogHalf
from mlspec.evidence.log_keys import unknown_log
from mlspec.evidence.report import Link
from mlspec.requestlog import VerifiedCheckpoint, verify_checkpoint
from mlspec.requestlog.trusted_logs import log_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlspec.evidence.bundle import Bundle

_MOST_HASHES = 64


def witnessed(half: LogHalf) -> Link:
    """Return whether an outsider saw the log as it is shown."""
    link_id, seen = "log.witnessed", half.checkpoint.time
    if seen is not None:
        return Link.passed(link_id, f"an outsider saw the log as it is shown: {seen}")
    return Link.unproven(
        link_id,
        "that nobody rewrote the log before it was shown: no outsider saw this checkpoint",
        "Whoever holds the log's key can. Have checkpoints cosigned or time-stamped.",
    )


def remembered(bundle: Bundle, half: LogHalf, known: bytes | None) -> Link:
    """Return whether the log is the one that the verifier remembers, grown."""
    link_id = "log.known"
    if known is None:
        return Link.unproven(
            link_id,
            "that the log was not rolled back, and that others are shown the same one",
            "Name a checkpoint that you remember (--known-checkpoint).",
        )
    now = half.checkpoint.checkpoint
    try:
        older = _memory(known, half)
        name = f"consistency/{older.size}.txt"
        hashes: Sequence[bytes] = ()
        if 0 < older.size < now.size:
            if name not in bundle.files:
                return Link.unproven(
                    link_id,
                    f"that the log at {now.size} leaves extends the one remembered at {older.size}",
                    "The bundle has no proof from there. Ask for one that was built with this"
                    " checkpoint among those that the log keeps.",
                    required=True,
                )
            hashes = read_hashes(bundle.files[name], name)
        now.require_extends(older, hashes)
    except MLSpecError as error:
        return Link.failed(link_id, error)
    return Link.passed(link_id, f"the log extends the one remembered at {older.size} leaves")


def _memory(known: bytes, half: LogHalf) -> VerifiedCheckpoint:
    """Return what the verifier remembers. The log may have signed it with an earlier key."""
    refusal: MLSpecError | None = None
    for log in half.logs:
        try:
            return verify_checkpoint(known, log_key(log))
        except MLSpecError as error:
            refusal = refusal or error
    raise refusal or unknown_log(half.claim.origin)


def write_hashes(hashes: Sequence[bytes]) -> bytes:
    """Return hashes as text: base64, a line each."""
    return "".join(f"{encode_base64(value)}\n" for value in hashes).encode("ascii")


def read_hashes(data: bytes, path: str) -> tuple[bytes, ...]:
    """Return the hashes of a text. Raises DecodeError."""
    try:
        lines = data.decode("ascii").split("\n")
        if lines.pop() or len(lines) > _MOST_HASHES:
            raise ValueError("must be lines, each with its newline")
        return tuple(decode_base64(line) for line in lines)
    except ValueError as error:
        raise DecodeError(
            f"must be hashes in base64, a line each ({error})",
            error_id="evidence.consistency",
            path=path,
            remedy="Ask for the bundle anew.",
        ) from error
