"""What `mlspec log verify` and `mlspec log export` do and print: work on a whole log."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from mlspec.cli.loading import read_checkpoint
from mlspec.cli.printing import may_draw, one_line, say, say_json

if TYPE_CHECKING:
    from mlspec.requestlog.checking import LogReport
    from mlspec.sealing import TrustPolicy

_LONG_WORK: Final = 50_000
_WORTH_PROCESSES: Final = 200_000
_WORDS: Final = {0: "HOLDS", 1: "DOES NOT HOLD"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say.

    Attributes:
        trust: The trust file.
        min_trust_version: The oldest that will do.
        known: A file with a checkpoint that was seen before.
        owner: The log that delegated to this one.
        at: The time to judge keys at. None: now.
        rules: Whether all rules are applied to every leaf.
        processes: How many work on it. None: one a processor, if it is worth it.
        as_json: Whether JSON is printed.
    """

    trust: str
    min_trust_version: int | None
    known: str | None
    owner: str | None
    at: datetime | None
    rules: bool
    processes: int | None
    as_json: bool


def verify_folder(log: str, asked: Asked) -> int:
    """Verify a log, and the one that delegated to it; print what came of it."""
    from mlspec.sealing import TrustPolicy

    trust = TrustPolicy.load(asked.trust)
    if asked.min_trust_version is not None:
        trust.require_version(asked.min_trust_version)
    owner = None if asked.owner is None else _verify(asked.owner, trust, asked, None)
    report = _verify(log, trust, asked, owner)
    if asked.as_json:
        say_json(as_data(report))
    else:
        say_report(report)
    return report.exit_code


def export_folder(
    log: str, output: str, processes: int | None, *, entries: bool, as_json: bool
) -> None:
    """Write a log as Parquet, and say how many rows it has."""
    from mlspec.requestlog.checking import export_log
    from mlspec.requestlog.disk import LogFolder

    size = LogFolder.open(log).size()
    with bar(size, "exporting") as advance:
        rows = export_log(
            log,
            output,
            entries=entries,
            processes=processes or _processes(size),
            progress=advance,
        )
    if as_json:
        say_json({"path": output, "rowCount": rows})
    else:
        say(f"{output}: {rows} rows")


def as_data(report: LogReport) -> dict[str, Any]:
    """Return a report as JSON-like data."""
    from mlspec.codec import to_dict
    from mlspec.requestlog.checking import UNPROVEN

    checkpoint = report.checkpoint.checkpoint
    return {
        "exitCode": report.exit_code,
        "origin": checkpoint.origin,
        "treeSize": checkpoint.size,
        "rootSha256": checkpoint.root.hex(),
        "entryCounts": to_dict(report.counts),
        "prunedCount": report.pruned,
        "lines": [line.to_dict() for line in report.lines],
        "notProven": list(UNPROVEN),
    }


def say_report(report: LogReport) -> None:
    """Print a report for people."""
    from mlspec.requestlog.checking import UNPROVEN

    for line in report.lines:
        say(f"{line.verdict.value:<10}  {line.id:<18}  {one_line(line.words)}")
        if line.remedy:
            say(f"{'':<10}  {'':<18}  {one_line(line.remedy)}")
    say(f"Not proven by any log: {'; '.join(UNPROVEN)}.")
    failed = len(report.problems)
    counts = report.counts
    found = (
        f"{report.checkpoint.size} leaves, {counts.inference_count} requests, "
        f"{counts.failed_inference_count} of them failed, {counts.dropped_count} dropped"
    )
    wrong = f", {failed} lines FAIL" if failed else ""
    say(f"{_WORDS[report.exit_code]}: {found}{wrong}")


def _verify(log: str, trust: TrustPolicy, asked: Asked, owner: LogReport | None) -> LogReport:
    from mlspec.requestlog.checking import verify_trusted_log
    from mlspec.requestlog.disk import LogFolder

    size = LogFolder.open(log).size()
    is_owner = asked.owner == log and owner is None
    known = None if is_owner else read_checkpoint(asked.known)
    with bar(size, "verifying") as advance:
        return verify_trusted_log(
            log,
            trust,
            known=known,
            owner=owner,
            at=asked.at,
            rules=asked.rules,
            processes=asked.processes or _processes(size),
            progress=advance,
        )


def bar(size: int, label: str) -> AbstractContextManager[Callable[[int, int], None] | None]:
    """Return what shows progress while the block runs; None if nobody watches, or it is short."""
    if size < _LONG_WORK or not may_draw():
        return nullcontext()
    return _Bar(size, label)


class _Bar(AbstractContextManager["Callable[[int, int], None] | None"]):
    """A bar of `click`'s, moved to where the work has come."""

    def __init__(self, size: int, label: str) -> None:
        self._bar = click.progressbar(length=size, label=label, file=sys.stderr)
        self._done = 0

    def __enter__(self) -> Callable[[int, int], None]:
        self._bar.__enter__()
        return self._move

    def __exit__(self, *parts: Any) -> None:
        self._bar.__exit__(*parts)

    def _move(self, done: int, _of: int) -> None:
        self._bar.update(done - self._done)
        self._done = done


def _processes(size: int) -> int:
    """Return how many processes are worth their start."""
    if size < _WORTH_PROCESSES:
        return 1
    try:
        return min(len(os.sched_getaffinity(0)), 64)
    except AttributeError:  # not on every system
        return min(os.cpu_count() or 1, 64)
