"""An index in memory, for stores that are files to be read from the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlspec.errors import MLSpecError
from mlspec.sealing import Envelope, Sealed
from mlspec.store.facts import EVENT_STAGE, MANIFEST_STAGE, Facts, UnverifiedRecord, facts_of
from mlspec.store.history import ObjectHistory
from mlspec.store.rules import added_signatures

Load = Callable[[bytes], Sealed]


class MemoryIndex(ObjectHistory):
    """The rows of a store and what its rules look up, in the order of storing."""

    def __init__(self, load: Load) -> None:
        super().__init__()
        self._load = load
        self.rows: dict[bytes, UnverifiedRecord] = {}
        self._ids: set[str] = set()
        self._attempts: set[tuple[str, str, int]] = set()
        self._manifests: dict[str, bytes] = {}
        self._runs: dict[str, list[bytes]] = {}

    def take(self, sealed: Sealed, sequence: int) -> None:
        """Index a record that is in the store. One that cannot be read is left to verification."""
        try:
            record = sealed.peek()
            facts = facts_of(record.header)
            if facts.stage == EVENT_STAGE:
                self.add(record, facts, sequence, sealed.sha256)
        except MLSpecError:
            return
        self.take_facts(facts, sealed.sha256, sequence)

    def take_facts(self, facts: Facts, sha256: bytes, sequence: int) -> None:
        """Index a record by its facts."""
        parts = {name: getattr(facts, name) for name in Facts.__dataclass_fields__}
        self.rows[sha256] = UnverifiedRecord(**parts, sequence=sequence, sha256=sha256)
        self._ids.add(facts.record_id)
        self._runs.setdefault(facts.run_id, []).append(sha256)
        if facts.step_name is not None and facts.step_attempt is not None:
            self._attempts.add((facts.run_id, facts.step_name, facts.step_attempt))
        if facts.stage == MANIFEST_STAGE:
            self._manifests[facts.run_id] = sha256

    def id_taken(self, record_id: str) -> bool:
        """Tell whether a record has this id."""
        return record_id in self._ids

    def attempt_taken(self, run_id: str, step_name: str, attempt: int) -> bool:
        """Tell whether a record is of this attempt."""
        return (run_id, step_name, attempt) in self._attempts

    def next_attempt(self, run_id: str, step_name: str) -> int:
        """Return the number that the next attempt at a step of a run has, from 1."""
        taken = [a for run, step, a in self._attempts if (run, step) == (run_id, step_name)]
        return max(taken, default=0) + 1

    def manifest_of(self, run_id: str) -> Sealed | None:
        """Return the manifest that ended a run."""
        sha256 = self._manifests.get(run_id)
        return None if sha256 is None else self._load(sha256)

    def digests_of(self, run_id: str) -> list[bytes]:
        """Return the SHA-256 of every record of a run."""
        return list(self._runs.get(run_id, ()))

    def run_ids(self) -> Iterator[str]:
        """Yield the runs by their first record."""
        return iter(list(self._runs))


def merged(stored: Sealed, other: Sealed) -> Sealed:
    """Return `stored` with the signatures of `other` that it lacks. Raises LimitError."""
    added = tuple(added_signatures(stored, other))
    signatures = (*stored.signatures, *added)
    return Sealed(Envelope(stored.payload, stored.payload_type, signatures))
