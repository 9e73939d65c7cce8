"""Verifying a log by a trust file: whose it is, who saw it, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from mlspec import v1
from mlspec.errors import UntrustedError
from mlspec.files import StrPath
from mlspec.requestlog.checking.report import LogLine, LogReport, Verdict
from mlspec.requestlog.checking.whole import Progress, verify_log
from mlspec.requestlog.checkpoints import Checkpoint, verify_checkpoint
from mlspec.requestlog.disk.files import LogFiles
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.disk.layout import TOKENS
from mlspec.requestlog.notes import Note
from mlspec.requestlog.proven_time import ProvenTime
from mlspec.requestlog.timestamp_requests import MAX_TOKEN
from mlspec.requestlog.trusted_checkpoints import MAX_TOKENS, proven_time
from mlspec.requestlog.trusted_logs import log_key, require_counting, witness_keys
from mlspec.sealing import TrustedLog, TrustPolicy
from mlspec.sealing.requirements import Requirement, merged
from mlspec.sealing.trusted import matches

_TIME: Final = "log.time"


def verify_trusted_log(
    folder: StrPath,
    trust: TrustPolicy,
    *,
    known: bytes | None = None,
    owner: LogReport | None = None,
    at: datetime | None = None,
    rules: bool = False,
    processes: int = 1,
    progress: Progress | None = None,
) -> LogReport:
    """Verify a log as `verify_log` does, with what a trust file says about it.

    The log is the one that its checkpoint names, if the trust file names it too; or a worker's
    log that `owner` delegated to. Its key must count at the time that outsiders prove, or else
    at `at`, or else now. Beyond the lines of `verify_log` there is one on that time, and a FAIL
    for whatever the trust file asks of the log's namespaces and the log lacks.

    Args:
        folder: The log's folder.
        trust: Whom to believe.
        known: The note of a checkpoint that was seen before.
        owner: The report on the log that delegated to this one.
        at: The time to judge the log's key at.
        rules: Apply all rules to every leaf.
        processes: How many processes check stretches of the log side by side.
        progress: Told how many leaves were checked, and of how many.

    Raises:
        UntrustedError: The trust file expired or names no such log; or what `verify_log` raises.
    """
    trust.require_current()
    note = LogFolder.open(folder).checkpoint()
    log = trusted_log(note, trust, owner)
    key, witnesses = log_key(log), witness_keys(trust, log)
    seen = verify_checkpoint(note, key, witnesses)
    time = proven_time(seen, _tokens(folder, seen.size), trust)
    require_counting(log, at or datetime.now(UTC) if time is None else time.time)
    report = verify_log(
        folder,
        key,
        note=note,
        witnesses=witnesses,
        known=None if known is None else verify_checkpoint(known, key, witnesses),
        kind=log.kind,
        delegated_by=owner,
        rules=rules,
        processes=processes,
        progress=progress,
    )
    asked = demands_on(log, trust)
    lines = (*report.lines, _time_line(time, asked), *_loss_lines(report, asked))
    return replace(report, lines=lines)


def trusted_log(note: bytes, trust: TrustPolicy, owner: LogReport | None = None) -> TrustedLog:
    """Return the log that a checkpoint names, as the trust file or the delegating log knows it.

    Raises UntrustedError if neither does, DecodeError.
    """
    claimed = Note.from_bytes(note)
    origin = Checkpoint.from_text(claimed.text).origin
    delegation = None if owner is None else owner.delegations.get(origin)
    found = [log for log in trust.logs if log.origin == origin]
    if found or delegation is None:
        ids = {signature.key_id for signature in claimed.signatures}
        # Which of several keys signed is only a hint here: the signature is verified next.
        signed = [log for log in found if log_key(log).key_id in ids]
        best = next(iter((*signed, *found)), None)
        return trust.log(origin, None if best is None else best.keyid)
    if delegation.keyid not in trust.keys:
        raise UntrustedError(
            f"must be known by the trust file (got {delegation.keyid[:16]}, the key that "
            f"{origin} was delegated with)",
            error_id="trust.unknown_log",
            path="keys",
            remedy="Have the worker's key added to the trust file.",
        )
    globs = _owner_globs(trust, owner)
    return TrustedLog(origin, trust.keys[delegation.keyid], v1.LOG_KIND_REQUESTS, globs)


def demands_on(log: TrustedLog, trust: TrustPolicy) -> Requirement:
    """Return what is asked of the namespaces that a log may speak for, all together.

    Two globs that may both fit some name count as one: too much is asked rather than too little.
    """
    fitting = [
        each
        for each in trust.message.requirements
        if any(_overlap(each.namespace_glob, glob) for glob in log.namespace_globs)
    ]
    for each in fitting:
        each.namespace_glob = "*"
    return merged(fitting, "")


def _tokens(folder: StrPath, size: int) -> list[bytes]:
    """Read the time-stamp tokens that stand beside a log, over its checkpoint of this size."""
    files, tokens = LogFiles(folder), list[bytes]()
    for name in files.names(TOKENS):
        if name.startswith(f"{size}-") and len(tokens) <= MAX_TOKENS:
            token = files.read(f"{TOKENS}/{name}", MAX_TOKEN)
            tokens += [] if token is None else [token]
    return tokens


def _owner_globs(trust: TrustPolicy, owner: LogReport | None) -> tuple[str, ...]:
    origin = "" if owner is None else owner.checkpoint.checkpoint.origin
    return tuple(glob for log in trust.logs if log.origin == origin for glob in log.namespace_globs)


def _overlap(first: str, second: str) -> bool:
    both = "*" in first and "*" in second
    return both or matches(first, second) or matches(second, first)


def _time_line(time: ProvenTime | None, asked: Requirement) -> LogLine:
    if time is not None:
        words = f"outsiders had seen it by {time.time:%Y-%m-%d %H:%M:%SZ}"
        return LogLine(_TIME, Verdict.PASS, words)
    if asked.witnesses or asked.timestamps:
        what = "its witnesses" if asked.witnesses else "an outsider"
        words = f"must be seen by {what}, as the trust file asks (too few were there)"
        return LogLine(_TIME, Verdict.FAIL, words, "Take a checkpoint that outsiders have seen.")
    return LogLine(
        _TIME,
        Verdict.NOT_PROVEN,
        "when this checkpoint was there: no outsider saw it",
        "Have checkpoints cosigned by witnesses, or time-stamped.",
    )


def _loss_lines(report: LogReport, asked: Requirement) -> Iterator[LogLine]:
    most = asked.max_loss_window_ns
    worst = max(report.durabilities, default=None)
    if most is None or worst is None or worst.loss_ns <= most:
        return
    yield LogLine(
        "log.loss_window",
        Verdict.FAIL,
        f"must lose {most / 1e9:g} s at most in a crash, as the trust file asks (it is {worst})",
        "Let the deployment log with a smaller window, or checkpointed.",
    )
