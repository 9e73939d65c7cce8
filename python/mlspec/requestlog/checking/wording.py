"""What a log came to, in lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlspec.requestlog.checking.joining import Joined
from mlspec.requestlog.checking.report import LogLine, Verdict
from mlspec.requestlog.checking.segment import Fault
from mlspec.requestlog.checkpoints import VerifiedCheckpoint

_ROOT_REMEDY: Final = "Entries or tiles were altered: the lines above name the first of them."


def report_lines(
    checkpoint: VerifiedCheckpoint, joined: Joined, root: bytes | None
) -> Iterator[LogLine]:
    """Yield what is to be said of checkpoint, tree and entries; faults stand first in each."""
    who = "".join(f", seen by {each.witness.name}" for each in checkpoint.cosignatures)
    yield _passed(
        "checkpoint",
        f"{checkpoint.checkpoint.origin} signed {_leaves(checkpoint.size)}, "
        f"root {checkpoint.root.hex()[:12]}{who}",
    )
    yield from _fault_lines(joined)
    yield _tree_line(checkpoint, joined, root)
    yield from _pruned_lines(checkpoint, joined)
    if not joined.faults.counts:
        yield from _content_lines(joined)


def _fault_lines(joined: Joined) -> Iterator[LogLine]:
    for name, kept in joined.faults.kept.items():
        for fault in kept:
            yield _failed(fault)
        more = joined.faults.counts[name] - len(kept)
        if more:
            yield LogLine(name, Verdict.FAIL, f"and {more} more like it")


def _tree_line(checkpoint: VerifiedCheckpoint, joined: Joined, root: bytes | None) -> LogLine:
    if root is None:
        words = "cannot be computed: neither entries nor hashes are there for all leaves"
        return LogLine("log.root", Verdict.FAIL, words, _ROOT_REMEDY)
    if root != checkpoint.root:
        words = f"must be the checkpoint's, {checkpoint.root.hex()} (got {root.hex()})"
        return LogLine("log.root", Verdict.FAIL, words, _ROOT_REMEDY)
    what = "hashes" if joined.counts["pruned"] else "entries"
    return _passed("log.root", f"{what} lead to the tiles, and tiles to the root")


def _pruned_lines(checkpoint: VerifiedCheckpoint, joined: Joined) -> Iterator[LogLine]:
    pruned = joined.counts["pruned"]
    if pruned and pruned == checkpoint.size:
        words = "must be there, at least the last ones (got hashes only)"
        remedy = "A log without entries shows nothing: ask its operator for them."
        yield LogLine("log.entries", Verdict.FAIL, words, remedy)
    elif pruned:
        yield LogLine(
            "log.pruned",
            Verdict.NOT_PROVEN,
            f"what the first {pruned} leaves say: only their hashes are left",
            "Proofs of single leaves, kept before they were pruned, still hold.",
        )


def _content_lines(joined: Joined) -> Iterator[LogLine]:
    counts = joined.counts
    kinds = ("inference", "feedback", "deployment_change", "dropped", "opened", "delegation")
    total = sum(counts[kind] for kind in (*kinds, "logged_record"))
    if total:
        yield _passed(
            "log.entries", f"{_leaves(total)} name the log and their place, without a gap"
        )
    yield from _doubt_lines(joined)
    if counts["inference"] and not counts["of_unknown_deployment"]:
        yield _passed(
            "log.deployment",
            f"{_requests(counts['inference'])}, each by a model of the last roll-out before it",
        )
    if joined.last_opening is not None:
        words = "; ".join(str(each) for each in sorted(joined.durabilities))
        yield _passed("log.opened", f"opened {_times(counts['opened'])}, {words}")
    if counts["sides"]:
        yield _passed("log.sides", f"{counts['sides']} side records are those of their leaves")
    if counts["dropped"]:
        words = f"{counts['dropped_entries']} entries were dropped, and counted as the log asks"
        yield _passed("log.dropped", words)


def _doubt_lines(joined: Joined) -> Iterator[LogLine]:
    counts = joined.counts
    if counts["not_understood"]:
        yield LogLine(
            "log.not_understood",
            Verdict.NOT_PROVEN,
            f"what {_leaves(counts['not_understood'])} of a newer version say in full",
            "Use a version of MLSpec that is as new as the log's writer.",
        )
    if counts["of_unknown_version"]:
        yield LogLine(
            "log.version",
            Verdict.NOT_PROVEN,
            f"the version of {_leaves(counts['of_unknown_version'])}: the opening was pruned",
        )
    if counts["of_unknown_deployment"]:
        yield LogLine(
            "log.deployment",
            Verdict.NOT_PROVEN,
            "which deployment answered the first requests: its change was pruned",
        )


def _failed(fault: Fault) -> LogLine:
    words = f"leaf {fault.leaf}: {fault.words}"
    return LogLine(fault.id, Verdict.FAIL, words, fault.remedy, fault.leaf)


def _passed(line_id: str, words: str) -> LogLine:
    return LogLine(line_id, Verdict.PASS, words)


def _leaves(count: int) -> str:
    return "1 leaf" if count == 1 else f"{count} leaves"


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
