"""Where records come from: a store, or whatever somebody holds in its hands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from mlspec.errors import LimitError, MLSpecError, StoreNotFoundError
from mlspec.store.facts import UnverifiedRecord, facts_of

if TYPE_CHECKING:
    from mlspec.sealing import Sealed
    from mlspec.store.protocol import Store

MAX_RECORDS: Final = 100_000
"""The most records that one examination looks at."""


class Records(Protocol):
    """Sealed records that can be found. Nothing about them is believed."""

    def get(self, sha256: bytes) -> Sealed | None:
        """Return what is held under this digest, whether or not it has it. None: nothing is.

        Raises StoreCorruptError if what is there is known to be something else.
        """

    def of_run(self, run_id: str) -> Sequence[UnverifiedRecord]:
        """Return the records that say they are of this run."""

    def of_stage(self, stage: int) -> Sequence[UnverifiedRecord]:
        """Return the records that say they are of this stage."""


class StoreRecords:
    """The records of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, sha256: bytes) -> Sealed | None:
        """Return what is stored under this digest."""
        try:
            return self._store.get(sha256)
        except StoreNotFoundError:
            return None

    def of_run(self, run_id: str) -> Sequence[UnverifiedRecord]:
        """Return the records of this run, as the index has them. Raises LimitError."""
        return self._within(run=run_id)

    def of_stage(self, stage: int) -> Sequence[UnverifiedRecord]:
        """Return the records of this stage, as the index has them. Raises LimitError."""
        return self._within(stage=stage)

    def _within(
        self, *, run: str | None = None, stage: int | None = None
    ) -> Sequence[UnverifiedRecord]:
        rows = list(self._store.records(run=run, stage=stage, limit=MAX_RECORDS + 1))
        if len(rows) > MAX_RECORDS:
            raise too_many()
        return rows


class HeldRecords:
    """Records that are held outside any store, for example those of a bundle."""

    def __init__(self, sealed: Iterable[Sealed]) -> None:
        """Take in the records, each under its own digest. Raises LimitError."""
        self._sealed: dict[bytes, Sealed] = {}
        self._by_run: defaultdict[str, list[UnverifiedRecord]] = defaultdict(list)
        self._by_stage: defaultdict[int, list[UnverifiedRecord]] = defaultdict(list)
        for each in sealed:
            if each.sha256 in self._sealed:
                continue
            if len(self._sealed) >= MAX_RECORDS:
                raise too_many()
            self._sealed[each.sha256] = each
            self._index(each)

    def get(self, sha256: bytes) -> Sealed | None:
        """Return the record of this digest."""
        return self._sealed.get(sha256)

    def of_run(self, run_id: str) -> Sequence[UnverifiedRecord]:
        """Return the records whose header says this run."""
        return tuple(self._by_run.get(run_id, ()))

    def of_stage(self, stage: int) -> Sequence[UnverifiedRecord]:
        """Return the records whose header says this stage."""
        return tuple(self._by_stage.get(stage, ()))

    def _index(self, sealed: Sealed) -> None:
        """Note where the header says that it belongs. What cannot be read is found by digest."""
        try:
            facts = facts_of(sealed.peek().header)
        except MLSpecError:
            return
        row = UnverifiedRecord(
            **{name: getattr(facts, name) for name in facts.__slots__},
            sequence=len(self._sealed),
            sha256=sealed.sha256,
        )
        self._by_run[row.run_id].append(row)
        self._by_stage[row.stage].append(row)


def too_many() -> LimitError:
    """Make the error for more records than an examination looks at."""
    return LimitError(
        f"must be at most {MAX_RECORDS} records",
        error_id="limit.count",
        path="records",
        remedy="Examine the deployments of a smaller store, or of one bundle.",
    )
