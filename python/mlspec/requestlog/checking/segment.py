"""What checking a stretch of a log comes to: small, whatever its length."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mlspec.errors import MLSpecError
from mlspec.requestlog.tiles import Tile

MAX_KEPT: Final = 16
"""How many faults of one kind are kept by name; the rest are counted."""

MAX_USES: Final = 1_024
"""How many models, deployments and delegations of one log are told apart."""


class Use(NamedTuple):
    """What a request says answered it.

    Attributes:
        deployment: SHA-256 of the deployment record.
        model: The model's name.
        version: Its version's label.
        sha256: SHA-256 of its file or folder. Empty: a hosted model.
    """

    deployment: bytes
    model: str
    version: str
    sha256: bytes


class Deployment(NamedTuple):
    """What the last change of deployment says.

    Attributes:
        sha256: The deployment record.
        uses: What requests may say from there on.
    """

    sha256: bytes
    uses: frozenset[Use]


class Delegation(NamedTuple):
    """Another origin that may log for this one.

    Attributes:
        keyid: The key of that log.
        start: From when, in seconds since 1970.
        end: Until when, exclusive. None: it still may.
    """

    keyid: str
    start: int
    end: int | None


class Durability(NamedTuple):
    """When an entry counts as written, as an opening declares it.

    Attributes:
        loss_ns: The time whose entries a crash may lose, in nanoseconds. 0: checkpointed.
        loss_count: And the entries.
    """

    loss_ns: int
    loss_count: int

    def __str__(self) -> str:
        """In words."""
        if not self.loss_count:
            return "checkpointed: no acknowledged entry is missing"
        seconds = self.loss_ns / 1e9
        return f"buffered: a crash can lose {self.loss_count} entries of {seconds:g} s at most"


class Opening(NamedTuple):
    """What is kept of a leaf that opened the log.

    Attributes:
        leaf: Where it is.
        time: When, in seconds since 1970, by the writer's clock.
        delegating_origin: Whose worker this log is. Empty: nobody's.
    """

    leaf: int
    time: int
    delegating_origin: str


class Fault(NamedTuple):
    """Something that must not be so.

    Attributes:
        id: A stable name.
        leaf: Which one.
        words: What must hold, and what came instead.
        remedy: What to do.
    """

    id: str
    leaf: int
    words: str
    remedy: str


@dataclass(slots=True)
class Standing:
    """What earlier leaves settle for later ones. None: no leaf seen so far did.

    Attributes:
        spec_version: The version that the writer knows.
        deployment: What answers.
    """

    spec_version: str | None = None
    deployment: Deployment | None = None


@dataclass(slots=True)
class Faults:
    """The faults of each kind: the first ones, and how many."""

    kept: dict[str, list[Fault]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, fault: Fault) -> None:
        """Keep one more, by name or by number."""
        self.counts[fault.id] += 1
        kept = self.kept.setdefault(fault.id, [])
        if len(kept) < MAX_KEPT:
            kept.append(fault)

    def join(self, later: Faults) -> None:
        """Take over those of later leaves."""
        self.counts.update(later.counts)
        for name, faults in later.kept.items():
            kept = self.kept.setdefault(name, [])
            kept += faults[: MAX_KEPT - len(kept)]


@dataclass(slots=True)
class Segment:
    """What came of some leaves that follow one another.

    Attributes:
        origin: The log that they should be of.
        start: The first leaf.
        roots: The roots of its full tiles, as its entries hash to.
        tail: The leaf hashes of a tile that is not full, at the log's end.
        broken: Neither entries nor hashes are there for some leaf: no root can be computed.
        counts: Leaves by kind, and what else is counted.
        faults: What must not be so.
        standing: What the leaves settle for later ones.
        early_uses: What requests before any change of deployment say, each with its first leaf.
        early: What must not be so in leaves before any opening, unless their writer knows a newer
            version than this reader.
        openings: The first and the last.
        durabilities: All that openings say about durability.
        delegations: Who else may log, as last said.
    """

    origin: str
    start: int
    roots: list[bytes] = field(default_factory=list)
    tail: list[bytes] = field(default_factory=list)
    broken: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    faults: Faults = field(default_factory=Faults)
    standing: Standing = field(default_factory=Standing)
    early_uses: dict[Use, int] = field(default_factory=dict)
    early: Faults = field(default_factory=Faults)
    openings: list[Opening] = field(default_factory=list)
    durabilities: set[Durability] = field(default_factory=set)
    delegations: dict[str, Delegation] = field(default_factory=dict)

    def fault(self, fault_id: str, index: int, words: str, remedy: str) -> None:
        """Keep a fault."""
        self.faults.add(Fault(fault_id, index, words, remedy))


def unusable(error: MLSpecError, tile: Tile, leaf: int) -> Fault:
    """Return the fault of a file that cannot be read, or is not what it must be."""
    remedy = "The log's files were altered or lost: restore them from a copy."
    return Fault(error.id, leaf, f"{tile.path}: {error.message}", error.remedy or remedy)
