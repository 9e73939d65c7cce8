"""Which records belong to a bundle: exactly those that examining the deployment looks at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.errors import MLSpecError
from mlspec.provenance import StoreRecords, examine
from mlspec.sealing import unseal
from mlspec.store.facts import EVENT_STAGE

if TYPE_CHECKING:
    from mlspec.provenance import Examination, Records
    from mlspec.sealing import Sealed, TrustPolicy
    from mlspec.store import Store
    from mlspec.store.facts import UnverifiedRecord


class Noted:
    """Records that remembers what it was asked for."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.given: dict[bytes, Sealed] = {}

    def get(self, sha256: bytes) -> Sealed | None:
        """Return what is held under this digest."""
        found = self._records.get(sha256)
        if found is not None:
            self.given[sha256] = found
        return found

    def of_run(self, run_id: str) -> Sequence[UnverifiedRecord]:
        """Return the records of a run."""
        return self._records.of_run(run_id)

    def of_stage(self, stage: int) -> Sequence[UnverifiedRecord]:
        """Return the records of a stage."""
        return self._records.of_stage(stage)


def collect(store: Store, deployment_sha256: bytes, trust: TrustPolicy) -> list[Sealed]:
    """Return the records that a verifier will look at.

    Raises what `examine` raises.
    """
    noted = Noted(StoreRecords(store))
    found = examine(noted, trust, deployment_sha256)
    kept = [
        sealed
        for sha256, sealed in noted.given.items()
        if sha256 in found.verified or not _is_event(sealed)
    ]
    kept += _statements(store, found, trust)
    return list({sealed.sha256: sealed for sealed in kept}.values())


def _statements(store: Store, found: Examination, trust: TrustPolicy) -> Iterator[Sealed]:
    """Yield the last statement about each log of the deployment: how long it is kept, and so on."""
    if found.roll_out is None:
        return
    origins = {log.origin for log in found.roll_out.body.request_logs}
    last: dict[str, Sealed] = {}
    for row in store.records(stage=v1.STAGE_LOGGING) if origins else ():
        sealed = store.get(row.sha256)
        try:
            origin = unseal(sealed, trust).record.logging.origin
        except MLSpecError:
            continue
        last[origin] = sealed
    yield from (sealed for origin, sealed in last.items() if origin in origins)


def _is_event(sealed: Sealed) -> bool:
    """Tell whether it is an event: those of objects that nothing here uses were only glanced at."""
    try:
        return sealed.peek().header.stage == EVENT_STAGE
    except MLSpecError:
        return False
