"""Logs that were opened for another one: a log that nobody delegated is no evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from mlspec.requestlog.checking.report import LogLine, LogReport, Verdict
from mlspec.requestlog.checking.segment import Delegation, Opening
from mlspec.requestlog.note_keys import NoteKey

_ID: Final = "log.delegation"
_REMEDY: Final = "A log that nobody delegated is no evidence: ask the deployment's operator."


def compare_delegation(
    log_key: NoteKey, opening: Opening | None, owner: LogReport | None
) -> Iterator[LogLine]:
    """Say whether the log that this one was opened for names it back (step 7).

    Args:
        log_key: This log's key.
        opening: Its first leaf. None: it is not there, or opens nothing.
        owner: The report on the deployment's own log. None: it was not verified.
    """
    named = "" if opening is None else opening.delegating_origin
    if owner is None:
        if named:
            words = f"that {named}, which it names, delegated to it"
            remedy = "Verify that log first (--deployment-log): it names those that may log for it."
            yield LogLine(_ID, Verdict.NOT_PROVEN, words, remedy)
        return
    origin = owner.checkpoint.checkpoint.origin
    wrong = _wrong(log_key, opening, origin, owner.delegations.get(log_key.name))
    if wrong:
        yield LogLine(_ID, Verdict.FAIL, wrong, _REMEDY)
    elif owner.exit_code:
        words = f"that {origin} delegated to it: that log does not hold"
        yield LogLine(_ID, Verdict.FAIL, words, "See what is wrong with it.")
    else:
        yield LogLine(_ID, Verdict.PASS, f"{origin} delegated to it, and it names {origin} back")


def _wrong(
    log_key: NoteKey, opening: Opening | None, origin: str, delegation: Delegation | None
) -> str:
    """Say what does not fit. Empty: all does."""
    if opening is None or opening.delegating_origin != origin:
        got = "nobody" if opening is None or not opening.delegating_origin else "another"
        return f"opened.delegating_origin: must be {origin} in the first leaf (got {got})"
    if delegation is None:
        return f"must be named by a delegation in {origin} (got none of {log_key.name})"
    if delegation.keyid != log_key.public.keyid:
        return f"must be signed by the key of its delegation, {delegation.keyid[:12]}"
    if opening.time < delegation.start:
        return f"must not be opened before {_moment(delegation.start)}, when it was delegated"
    if delegation.end is not None and opening.time >= delegation.end:
        return f"must not be opened at {_moment(delegation.end)} or later, when it ended"
    return ""


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%SZ}"
