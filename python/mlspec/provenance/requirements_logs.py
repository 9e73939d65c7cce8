"""What is required of a deployment's request logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mlspec import v1
from mlspec.provenance.judging import Judge
from mlspec.provenance.requirements_records import Asked, every_record
from mlspec.requestlog.witnesses import quorum_time

if TYPE_CHECKING:
    from mlspec.provenance.findings import Finding
    from mlspec.provenance.links import Link
    from mlspec.requestlog import VerifiedCheckpoint

_SECOND: Final = 10**9
_UNKNOWN: Final = "is not in it"


@dataclass(frozen=True, slots=True)
class SeenLog:
    """What somebody verified of a log that a deployment's requests are in.

    Attributes:
        checkpoint: The checkpoint that covers what is shown of it, verified.
        opened: The proven openings under which what is shown was written. Empty: none was shown.
    """

    checkpoint: VerifiedCheckpoint
    opened: tuple[v1.LogOpened, ...] = ()

    @property
    def origin(self) -> str:
        """Which log."""
        return self.checkpoint.checkpoint.origin


def request_log(asked: Asked) -> Iterator[Finding]:
    """The roll-out writes a request log that the trust file believes.

    It may name others besides: a worker's log counts if the believed one delegated to it, which
    is judged where a request in it is shown.
    """
    judge, case = Judge("requirement.request_log"), asked.case
    remedy = "Roll out with a request log whose key the trust file has for this namespace."
    why = {log.origin: _why(asked, log) for log in case.body.request_logs}
    unknown = [origin for origin, words in why.items() if words == _UNKNOWN]
    problems = [f"log {origin!r} {words}" for origin, words in why.items() if words]
    if len(unknown) == len(why) or len(problems) > len(unknown):
        words = f"must write a request log that the trust file believes: {_listed(problems)}"
        yield judge.failed(case.deployment, words, "requirement.request_log", remedy)
        return
    believed = ", ".join(origin for origin, words in why.items() if words is None)
    yield judge.passed(case.deployment, f"requests go into {believed}, which is believed")


def _why(asked: Asked, named: v1.RequestLogOrigin) -> str | None:
    """Say why the trust file does not believe a log that a deployment names. None: it does."""
    case = asked.case
    keys = [log for log in asked.trust.logs if log.origin == named.origin]
    found = [log for log in keys if log.keyid == named.keyid]
    if not found:
        return "has another key there" if keys else _UNKNOWN
    if found[0].kind != v1.LOG_KIND_REQUESTS:
        return "is of another kind there"
    if not found[0].covers(case.deployment.header.namespace_name):
        return "may not speak for this namespace"
    moment = case.times.time_of(case.deployment.sha256) or case.at or datetime.now(UTC)
    lapse = found[0].key.lapse(moment)
    return None if lapse is None else f"has a key there that {lapse}"


def witnesses(asked: Asked, seen: Sequence[SeenLog]) -> Iterator[Finding]:
    """Records and requests are under checkpoints that enough witnesses saw."""
    remedy = "Have the checkpoints cosigned by the witnesses that the trust file names."
    logged = [link for link in asked.links("witnesses") if asked.places(link)]
    problem = ""
    if "witnesses" in asked.requirement.names:
        unseen = [log.origin for log in seen if quorum_time(log.checkpoint, asked.trust) is None]
        problem = f"not those of {', '.join(unseen)}" if unseen else ""
        problem = problem or ("" if seen or logged else "none is shown at all")
    if problem:
        judge, words = Judge("requirement.witnesses"), "must show checkpoints that witnesses saw"
        deployment = asked.case.deployment
        yield judge.failed(deployment, f"{words}: {problem}", "requirement.witnesses", remedy)
        return
    yield every_record(
        asked,
        "witnesses",
        lambda link: link not in logged or _witnessed(asked, link),
        ("is not logged, or under a checkpoint", "be under a checkpoint", "that witnesses saw"),
        remedy,
    )


def _witnessed(asked: Asked, link: Link) -> bool:
    return any(
        quorum_time(place.checkpoint, asked.trust) is not None for place in asked.places(link)
    )


def log_retention(asked: Asked, statements: Sequence[Link]) -> Iterator[Finding]:
    """Whoever runs the request logs says that they are kept long enough."""
    judge, case = Judge("requirement.log_retention"), asked.case
    needed = asked.requirement.log_retention_ns or 0
    logging = [*case.closure.of_stage(v1.STAGE_LOGGING), *statements]
    own = case.deployment.header.namespace_name
    told: list[tuple[str, int]] = []
    for log in case.body.request_logs:
        said = [
            (each, each.record.logging.retention.leaf_retention_duration.ToNanoseconds())
            for each in logging
            if each.record.logging.origin == log.origin
            and each.record.logging.HasField("retention")
        ]
        told += [(log.origin, span) for _, span in said]
        # Of another namespace, it may be by somebody who has no say here: it promises nothing.
        if not any(each.header.namespace_name == own for each, _ in said):
            told.append((log.origin, _promised(asked)))
    short = [origin for origin, span in told if span < needed]
    if short or not told:
        shown = ", ".join(dict.fromkeys(short)) or "no log"
        words = f"must keep request logs for {_spelled(needed)} at least (not said of {shown})"
        remedy = "Seal a statement about the log (stage LOGGING), or objectives, that say so."
        yield judge.failed(case.deployment, words, "requirement.log_retention", remedy)
        return
    words = f"request logs are kept for {_spelled(min(span for _, span in told))}"
    yield judge.passed(case.deployment, words, logging)


def _promised(asked: Asked) -> int:
    """Return how long the objectives say that request logs are kept, in nanoseconds."""
    if asked.case.objectives is None:
        return -1
    rules = asked.case.objectives.record.objectives.retention_rules
    spans = [
        rule.keep_duration.ToNanoseconds()
        for rule in rules
        if rule.subject == v1.RETENTION_SUBJECT_REQUEST_LOG
    ]
    return min(spans, default=-1)


def max_loss_window(asked: Asked, seen: Sequence[SeenLog]) -> Iterator[Finding]:
    """A crash loses no more than is allowed: by the deployment's word, and by the log's own."""
    judge, case = Judge("requirement.max_loss_window"), asked.case
    allowed = asked.requirement.max_loss_window_ns or 0
    modes = [(log.origin, log.durability) for log in case.body.request_logs]
    modes += [(log.origin, each.durability) for log in seen for each in log.opened]
    problems = [f"{origin} {_lost(mode)}" for origin, mode in modes if not _within(mode, allowed)]
    problems += [f"{log.origin} does not show what opened it" for log in seen if not log.opened]
    if not seen:
        problems.append("no log is shown, and what opened it")
    if problems:
        limit = f"at most {_spelled(allowed)}" if allowed else "nothing"
        words = f"must lose {limit} in a crash: {_listed(problems)}"
        remedy = "Write the log in the mode that is required, and show the leaf that opened it."
        yield judge.failed(case.deployment, words, "requirement.max_loss_window", remedy)
        return
    words = f"requests of at most {_spelled(allowed)}" if allowed else "no request"
    yield judge.passed(case.deployment, f"a crash loses {words} that was acknowledged")


def _within(durability: v1.LogDurability, allowed: int) -> bool:
    mode = durability.WhichOneof("mode")
    if mode == "checkpointed":
        return True
    # A record of a newer version may lack the window, which is not the same as none.
    if mode != "buffered" or not durability.buffered.HasField("loss_window_duration"):
        return False
    window = durability.buffered.loss_window_duration.ToNanoseconds()
    return allowed > 0 and window <= allowed


def _lost(durability: v1.LogDurability) -> str:
    if not durability.buffered.HasField("loss_window_duration"):
        return "does not say what it may lose"
    window = durability.buffered.loss_window_duration.ToNanoseconds()
    return f"is buffered and may lose {_spelled(window)}"


def _listed(problems: Sequence[str]) -> str:
    return "; ".join(dict.fromkeys(problems)) or "none is named"


def _spelled(nanoseconds: int) -> str:
    seconds = nanoseconds / _SECOND
    days = seconds / 86_400
    return f"{days:g} days" if days >= 1 else f"{seconds:g} s"
