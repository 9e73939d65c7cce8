"""Stretches of a log put together: what one of them left open, the ones before it settle."""

from __future__ import annotations

from collections import Counter

from mlspec import v1
from mlspec.requestlog.checking.leaves import misfit, newer
from mlspec.requestlog.checking.segment import (
    MAX_USES,
    Delegation,
    Durability,
    Fault,
    Faults,
    Opening,
    Segment,
    Standing,
)


class Joined:
    """What a log comes to so far.

    Attributes:
        faults: What must not be so.
        counts: Leaves by kind, and what else is counted.
        opening: The first leaf, if it opened the log and is there.
        last_opening: The last leaf that opened it.
        durabilities: All that openings say about durability.
        delegations: Who else may log, as last said.
        broken: Neither entries nor hashes are there for some leaf.
    """

    def __init__(self, faults: Faults) -> None:
        """Take where to keep what is wrong."""
        self._standing = Standing()
        self.faults = faults
        self.counts: Counter[str] = Counter()
        self.opening: Opening | None = None
        self.last_opening: Opening | None = None
        self.durabilities: set[Durability] = set()
        self.delegations: dict[str, Delegation] = {}
        self.broken = False

    def add(self, segment: Segment) -> None:
        """Add the stretch that follows."""
        self._settle_versions(segment)
        self._settle_uses(segment)
        self.faults.join(segment.faults)
        self.counts.update(segment.counts)
        self.broken = self.broken or segment.broken
        if segment.openings:
            first = segment.openings[0]
            self.opening = first if first.leaf == 0 else self.opening
            self.last_opening = segment.openings[-1]
        self.durabilities |= segment.durabilities
        for origin, delegation in segment.delegations.items():
            if origin in self.delegations or len(self.delegations) < MAX_USES:
                self.delegations[origin] = delegation
        if segment.start == 0 and not self._gone() and self.opening is None:
            words = "must be one that opens the log"
            self.faults.add(Fault("log.first_leaf", 0, words, "The log was not begun by a writer."))
        self._standing = Standing(
            segment.standing.spec_version or self._standing.spec_version,
            segment.standing.deployment or self._standing.deployment,
        )

    def entry_counts(self) -> v1.LogEntryCounts:
        """Return how many leaves of each kind there are."""
        return v1.LogEntryCounts(
            inference_count=self.counts["inference"],
            failed_inference_count=self.counts["failed"],
            feedback_count=self.counts["feedback"],
            deployment_change_count=self.counts["deployment_change"],
            drop_leaf_count=self.counts["dropped"],
            dropped_count=self.counts["dropped_entries"],
            opened_count=self.counts["opened"],
            delegation_count=self.counts["delegation"],
            logged_record_count=self.counts["logged_record"],
        )

    def _gone(self, segment: Segment | None = None) -> int:
        """Return how many leaves, so far, only hashes are left of: they may have settled it."""
        counted = (self.counts,) if segment is None else (self.counts, segment.counts)
        return sum(counts["pruned"] + counts["lost"] for counts in counted)

    def _settle_versions(self, segment: Segment) -> None:
        version = self._standing.spec_version
        count = segment.early.counts.total()
        if not count:
            return
        if version is None and self._gone(segment):
            # The opening that says it is gone.
            self.counts["of_unknown_version"] += count
        elif version is not None and newer(version):
            self.counts["not_understood"] += count
        else:
            self.faults.join(segment.early)

    def _settle_uses(self, segment: Segment) -> None:
        standing = self._standing.deployment
        for use, index in segment.early_uses.items():
            if standing is not None:
                if use not in standing.uses:
                    self.faults.add(misfit(use, index, standing.sha256))
            elif self._gone(segment):
                self.counts["of_unknown_deployment"] += 1
            else:
                words = "must come after the change of deployment that it names"
                remedy = "A request before any roll-out: the log does not say what answered it."
                self.faults.add(Fault("log.deployment", index, words, remedy))
