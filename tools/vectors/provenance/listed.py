"""A vector as a verifier reads it: what is held, and what the log shows."""

from collections.abc import Sequence
from datetime import datetime

from mlspec.provenance import HeldRecords
from mlspec.sealing import Sealed
from mlspec.store import UnverifiedRecord


class HeldUnder:
    """Records, some of them under digests that are not theirs."""

    def __init__(self, sealed: Sequence[Sealed], under: dict[bytes, Sealed]) -> None:
        self._held, self._under = HeldRecords(sealed), under

    def get(self, sha256: bytes) -> Sealed | None:
        """Return what is held under this digest."""
        return self._under.get(sha256) or self._held.get(sha256)

    def of_run(self, run_id: str) -> Sequence[UnverifiedRecord]:
        """Return the records that say they are of this run."""
        return self._held.of_run(run_id)

    def of_stage(self, stage: int) -> Sequence[UnverifiedRecord]:
        """Return the records that say they are of this stage."""
        return self._held.of_stage(stage)


class ListedTimes:
    """A log as a list, and the sizes at which an outsider saw it."""

    def __init__(self, log: Sequence[bytes], seen: Sequence[tuple[int, datetime]]) -> None:
        self._places = {digest: place for place, digest in enumerate(log)}
        self._seen = seen

    def before(self, first: bytes, second: bytes, *_namespaces: str) -> bool | None:
        """Tell whether the first stands before the second. None: one is not in the log."""
        one, other = self._places.get(first), self._places.get(second)
        return None if one is None or other is None else one < other

    def seen_before(self, first: bytes, second: bytes, *_namespaces: str) -> bool:
        """Tell whether an outsider saw a checkpoint that has the first and not the second."""
        one, other = self._places.get(first), self._places.get(second)
        return (
            one is not None
            and other is not None
            and any(one < size <= other for size, _ in self._seen)
        )

    def time_of(self, sha256: bytes, _namespace: str | None = None) -> datetime | None:
        """Return the earliest time at which an outsider saw it."""
        place = self._places.get(sha256)
        times = [time for size, time in self._seen if place is not None and place < size]
        return min(times, default=None)
