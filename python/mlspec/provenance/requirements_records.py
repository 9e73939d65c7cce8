"""What is required of every record that a deployment stands on: a place in a log, and a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlspec.provenance.judging import Judge
from mlspec.requestlog.record_times import RecordTimes

if TYPE_CHECKING:
    from mlspec.provenance.findings import Finding
    from mlspec.provenance.links import Link
    from mlspec.provenance.rollout import RollOut
    from mlspec.requestlog.record_times import RecordPlace
    from mlspec.sealing import Requirement, TrustPolicy

_SHOWN: Final = 3


@dataclass(frozen=True)
class Asked:
    """What is asked of a deployment.

    Attributes:
        trust: The trust file.
        case: The deployment.
        requirement: What its namespace owes.
        by_namespace: What each namespace owes that it has records of.
    """

    trust: TrustPolicy
    case: RollOut
    requirement: Requirement
    by_namespace: dict[str, Requirement]

    @classmethod
    def of(cls, trust: TrustPolicy, case: RollOut) -> Asked:
        """Find what binds."""
        namespaces = {link.header.namespace_name for link in case.closure.links.values()}
        own = case.deployment.header.namespace_name
        owed = {name: trust.requirements(name) for name in {own, *namespaces}}
        return cls(trust, case, owed[own], owed)

    @property
    def names(self) -> set[str]:
        """What is asked, by the names of the checks."""
        asked = set(self.requirement.names)
        for name in ("timestamps", "witnesses", "record_log"):
            if self.links(name):
                asked.add(name)
        return asked

    @property
    def globs(self) -> tuple[str, ...]:
        """The globs of all requirements that bind, each once."""
        found = [glob for owed in self.by_namespace.values() for glob in owed.globs]
        return tuple(dict.fromkeys((*self.requirement.globs, *sorted(found))))

    def links(self, name: str) -> list[Link]:
        """Return the records that owe this: all, if the deployment's namespace asks for it."""
        everywhere = name in self.requirement.names
        return [
            link
            for digest in self.case.closure.order
            if (link := self.case.closure.links[digest])
            and (everywhere or name in self.by_namespace[link.header.namespace_name].names)
        ]

    def places(self, link: Link) -> tuple[RecordPlace, ...]:
        """Return where record logs have a record, if they may speak for its namespace."""
        times = self.case.times
        if not isinstance(times, RecordTimes):
            return ()
        return times.places(link.sha256, link.header.namespace_name)


def timestamps(asked: Asked) -> Iterator[Finding]:
    """Every record is covered by a time that an outsider vouches for."""
    yield every_record(
        asked,
        "timestamps",
        lambda link: any(place.time is not None for place in asked.places(link)),
        ("is under a checkpoint", "be under a checkpoint", "whose time an outsider vouches for"),
        "Have the record log's checkpoint cosigned or time-stamped, and show that.",
    )


def record_log(asked: Asked) -> Iterator[Finding]:
    """Every record stands in a record log that the trust file believes."""
    yield every_record(
        asked,
        "record_log",
        lambda link: bool(asked.places(link)),
        ("stands", "stand", "in a record log that the trust file believes about its namespace"),
        "Log the records, and show the proofs; or have the log added to the trust file.",
    )


def every_record(
    asked: Asked,
    name: str,
    holds: Callable[[Link], bool],
    words: tuple[str, str, str],
    remedy: str,
) -> Finding:
    """Make the finding that every record that owes something shows it, or which do not.

    `words` are the verb for one record, the verb for several, and the rest of the sentence.
    """
    does, do, rest = words
    judge, deployment = Judge(f"requirement.{name}"), asked.case.deployment
    links = asked.links(name)
    lacking = [link for link in links if not holds(link)]
    if not lacking:
        return judge.passed(deployment, f"each of {len(links)} records {does} {rest}")
    shown = ", ".join(f"{link.label} {link.hex[:12]}" for link in lacking[:_SHOWN])
    more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
    failing = f"{len(lacking)} of {len(links)} records do not ({shown}{more})"
    problem = f"every record must {do} {rest}: {failing}"
    return judge.failed(deployment, problem, f"requirement.{name}", remedy)
