"""`mlspec records`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlspec.cli.base import command as make_command
from mlspec.cli.base import json_option
from mlspec.cli.loading import open_for_reading
from mlspec.cli.printing import note, say_json, say_table

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.store import UnverifiedRecord


@make_command(
    examples=[
        "mlspec records mlspec.db",
        "mlspec records mlspec.db --stage model_training --json",
        "mlspec records mlspec.db --artifact model.joblib",
    ]
)
@click.argument("place", type=click.Path())
@click.option("--run", help="Only of this run.")
@click.option("--stage", help="Only of this stage, e.g. model_training.")
@click.option("--namespace", help="Only of this namespace.")
@click.option("--step", help="Only of steps of this name.")
@click.option("--artifact", help="Only those that read or made this file, folder or digest.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many.")
@json_option
def command(place: str, limit: int | None, as_json: bool, **wanted: Any) -> None:
    """List the records of a store, first come first.

    They are listed as the store's index has them, unverified: `mlspec verify` checks them.
    """
    stage = None if wanted["stage"] is None else _stage(wanted["stage"])
    artifact = None if wanted["artifact"] is None else artifact_digest(wanted["artifact"])
    with open_for_reading(place) as store:
        rows = list(
            store.records(
                run=wanted["run"],
                stage=stage,
                namespace=wanted["namespace"],
                step=wanted["step"],
                artifact=artifact,
                limit=limit,
            )
        )
    if as_json:
        say_json([as_data(row) for row in rows])
        return
    head = ("DIGEST", "STAGE", "STEP", "STATE", "RUN", "NAMESPACE", "CREATED")
    say_table(head, [_cells(row) for row in rows])
    note(f"{len(rows)} record(s), unverified")


def _stage(name: str) -> int:
    from mlspec.records import stage_by_name

    return stage_by_name(name)


def artifact_digest(text: str) -> v1.Digest:
    """Return the digest of a file or folder that is there, else the one that the text spells."""
    from mlspec import digests

    if Path(text).exists():
        return digests.digest_path(text)
    return digests.from_hex(text)


def as_data(row: UnverifiedRecord) -> dict[str, Any]:
    """Return a row as JSON-like data."""
    from mlspec.store import stage_label, state_label

    parts = {
        "digest": f"sha256:{row.hex}",
        "recordId": row.record_id,
        "stage": stage_label(row.stage),
        "step": row.step_name,
        "attempt": row.step_attempt,
        "state": state_label(row.state),
        "runId": row.run_id,
        "pipeline": row.pipeline_name,
        "namespace": row.namespace_name,
        "created": row.created.isoformat().replace("+00:00", "Z"),
        "parents": [f"sha256:{parent.hex()}" for parent in row.parents],
        "sequence": row.sequence,
    }
    return {name: value for name, value in parts.items() if value is not None}


def _cells(row: UnverifiedRecord) -> tuple[object, ...]:
    from mlspec.store import stage_label, state_label

    step = f"{row.step_name}#{row.step_attempt}" if row.step_name else "-"
    return (
        row.hex[:12],
        stage_label(row.stage),
        step,
        state_label(row.state),
        row.run_id,
        row.namespace_name,
        f"{row.created:%Y-%m-%d %H:%M:%S}Z",
    )
