"""Ending a run: the manifest that makes a deleted record missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlspec import v1
from mlspec.errors import LimitError, StoreConflictError
from mlspec.records import new_record
from mlspec.sealing import Sealed

if TYPE_CHECKING:
    from mlspec.emitting.run import Run
    from mlspec.store import UnverifiedRecord

_MAX_ENTRIES: Final = 4096
_TRIES: Final = 16


def seal_manifest(run: Run, *, failed: bool) -> Sealed | None:
    """Seal and store the manifest of all that the store holds of `run`. None: it holds nothing.

    Another process may store a record of the run meanwhile: then it is made anew. Raises what
    storing raises, LimitError for a run of more records than a manifest can name.
    """
    for left in reversed(range(_TRIES)):
        rows = list(run.store.records(run=run.id))
        if not rows:
            return None
        if len(rows) > _MAX_ENTRIES:
            raise LimitError(
                f"a run must have at most {_MAX_ENTRIES} records (got {len(rows)})",
                error_id="limit.run",
                remedy="Split the work into several runs, each started by one above them.",
            )
        try:
            return run.seal(_manifest(run, rows, failed=failed), run.signer)
        except StoreConflictError as conflict:
            if conflict.id != "store.manifest_incomplete" or not left:
                raise
    return None


def _manifest(run: Run, rows: list[UnverifiedRecord], *, failed: bool) -> v1.Record:
    header = run.new_header(v1.STAGE_RUN_MANIFEST)
    state = v1.RUN_STATE_FAILED if failed or _has_failed(rows) else v1.RUN_STATE_SUCCEEDED
    manifest = v1.RunManifest(state=state, record_count=len(rows), log_position=run.log_position())
    for row in rows:
        manifest.entries.add(
            record=row.reference,
            record_id=row.record_id,
            state=v1.RecordState.ValueType(row.state),
            step_name=row.step_name,
            step_attempt=row.step_attempt,
        )
    return new_record(manifest, header)


def _has_failed(rows: list[UnverifiedRecord]) -> bool:
    """Tell whether a step failed for good: its last attempt, or a record beside the steps."""
    last: dict[str, UnverifiedRecord] = {}
    for row in rows:
        key = row.step_name or row.record_id
        if key not in last or (row.step_attempt or 0) >= (last[key].step_attempt or 0):
            last[key] = row
    return any(row.state == v1.RECORD_STATE_FAILED for row in last.values())
