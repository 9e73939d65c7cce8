"""All that a deployment stands on: walked from record to record, each verified before it is read.

The walk keeps a list of what is to be looked at instead of calling itself, visits each digest
once, and stops at `MAX_RECORDS`: whatever is handed in, it ends.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final, NamedTuple

from mlspec.errors import (
    InputError,
    MLSpecError,
    StoreCorruptError,
    ValidationError,
    VerificationError,
)
from mlspec.provenance.links import Link, Named, references
from mlspec.provenance.sources import MAX_RECORDS, Records, too_many
from mlspec.store.facts import MANIFEST_STAGE, UnverifiedRecord

if TYPE_CHECKING:
    from mlspec.sealing import Sealed


Verify = Callable[["Sealed"], Link]

_ABOVE_KEPT: Final = 256


class Missing(NamedTuple):
    """A reference that leads to no record."""

    child: Link
    named: Named


class Closure:
    """The records that a deployment stands on, and those of their runs.

    Attributes:
        start: The digest of the deployment.
        links: The verified records by digest.
        refused: The records that did not verify, by the digest that they were asked for, and why.
        missing: The references that lead nowhere.
        runs: The rows of each run that has a verified record, as they were found.
        order: The digests of the verified records, each after those that it rests on.
        cycle: Digests that lead back to themselves. Empty: there are none.
    """

    def __init__(self, records: Records, verify: Verify, start: bytes) -> None:
        """Walk. Raises LimitError, and StoreError if records cannot be read.

        Args:
            records: Where records are found.
            verify: Verifies one of them. Raises MLSpecError.
            start: Where to begin.
        """
        self.start = start
        self.links: dict[bytes, Link] = {}
        self.refused: dict[bytes, MLSpecError] = {}
        self.missing: list[Missing] = []
        self.runs: dict[str, tuple[UnverifiedRecord, ...]] = {}
        self._edges: dict[bytes, tuple[bytes, ...]] = {}
        self._records, self._verify = records, verify
        self._named: defaultdict[bytes, list[Missing]] = defaultdict(list)
        self._walk([start])
        self._above = lru_cache(maxsize=_ABOVE_KEPT)(self._find_above)
        self.order, self.cycle = self._sorted()

    def include(self, digests: Iterable[bytes]) -> None:
        """Walk from further records, but not to the rest of their runs. Raises LimitError."""
        self._walk(digests, with_runs=False)
        self._above.cache_clear()
        self.order, self.cycle = self._sorted()

    def get(self, sha256: bytes) -> Link | None:
        """Return a verified record."""
        return self.links.get(sha256)

    def of_stage(self, stage: int) -> list[Link]:
        """Return the verified records of a stage, in order."""
        found = (self.links[digest] for digest in self.order)
        return [link for link in found if link.stage == stage]

    def above(self, sha256: bytes) -> frozenset[bytes]:
        """Return the digests of all that a record rests on, without itself."""
        return self._above(sha256)

    def _find_above(self, sha256: bytes) -> frozenset[bytes]:
        seen: set[bytes] = set()
        ahead = [sha256]
        while ahead:
            for parent in self._edges.get(ahead.pop(), ()):
                if parent not in seen:
                    seen.add(parent)
                    ahead.append(parent)
        seen.discard(sha256)
        return frozenset(seen)

    def manifests(self, run_id: str) -> list[UnverifiedRecord]:
        """Return the rows of a run that say they are its manifest."""
        return [row for row in self.runs.get(run_id, ()) if row.stage == MANIFEST_STAGE]

    def _walk(self, digests: Iterable[bytes], *, with_runs: bool = True) -> None:
        ahead = deque(digests)
        while ahead:
            sha256 = ahead.popleft()
            if sha256 in self.links or sha256 in self.refused:
                continue
            if len(self.links) + len(self.refused) >= MAX_RECORDS:
                raise too_many()
            ahead += self._visit(sha256, with_runs=with_runs)
        self.missing += [
            each
            for digest, named in self._named.items()
            if digest not in self.links and digest not in self.refused
            for each in named
        ]
        self._named.clear()

    def _visit(self, sha256: bytes, *, with_runs: bool) -> Iterator[bytes]:
        """Verify one record and yield what it leads to. Of one that is not verified: nothing."""
        sealed = None
        try:
            sealed = self._records.get(sha256)
            if sealed is None:
                return
            _require_own_digest(sealed, sha256)
            link = self._verify(sealed)
        except (InputError, StoreCorruptError, ValidationError, VerificationError) as error:
            self.refused[sha256] = error
            self._edges[sha256] = _claimed(sealed)
            return
        self.links[sha256] = link
        self._edges[sha256] = tuple(dict.fromkeys(named.sha256 for named in link.rests_on))
        for named in link.rests_on:
            self._named[named.sha256].append(Missing(link, named))
            yield named.sha256
        if with_runs:
            yield from self._of_run(link.header.run_id)

    def _of_run(self, run_id: str) -> Iterator[bytes]:
        if run_id in self.runs:
            return
        rows = tuple(self._records.of_run(run_id))
        self.runs[run_id] = rows
        for row in rows:
            yield row.sha256

    def _sorted(self) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        try:
            sorted_all = tuple(TopologicalSorter(self._edges).static_order())
        except CycleError as error:
            return tuple(self.links), tuple(dict.fromkeys(error.args[1]))
        return tuple(digest for digest in sorted_all if digest in self.links), ()


def _require_own_digest(sealed: Sealed, sha256: bytes) -> None:
    if sealed.sha256 != sha256:
        raise VerificationError(
            f"must have the digest that it is held under (got {sealed.hex})",
            error_id="record.digest",
            remedy="It was put in the place of another one: get the original.",
        )


def _claimed(sealed: Sealed | None) -> tuple[bytes, ...]:
    """Return what a record that did not verify says that it rests on: only to find cycles."""
    if sealed is None:
        return ()
    try:
        parents, named = references(sealed.peek())
    except MLSpecError:
        return ()
    return tuple(dict.fromkeys(each.sha256 for each in (*parents, *named)))
