"""`mlspec lineage`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlspec.cli.base import command as make_command
from mlspec.cli.base import json_option
from mlspec.cli.commands.records import artifact_digest, as_data
from mlspec.cli.loading import open_for_reading, resolve
from mlspec.cli.printing import note, say, say_json
from mlspec.errors import StoreNotFoundError

if TYPE_CHECKING:
    from mlspec.store import ArtifactUse, LineageNode, Store


@make_command(
    examples=[
        "mlspec lineage mlspec.db 5f0c12ab",
        "mlspec lineage mlspec.db model.joblib --down",
    ]
)
@click.argument("place", type=click.Path())
@click.argument("thing")
@click.option("--up/--down", "up", default=True, help="What it rests on, or what rests on it. [up]")
@click.option("--depth", type=click.IntRange(min=1), help="At most so many steps away.")
@json_option
def command(place: str, thing: str, up: bool, depth: int | None, as_json: bool) -> None:
    """Show what a record rests on, back to the raw data, or what rests on it.

    THING is a record's digest (its first characters are enough), or a file or folder: then the
    record that made it, or else the first one that read it. Unverified, as `mlspec records` is.
    """
    with open_for_reading(place) as store:
        start = _start(store, thing)
        nodes = store.lineage(start, "up" if up else "down", depth=depth)
    if as_json:
        say_json([_data(node) for node in nodes])
        return
    _tree({node.sha256: node for node in nodes}, start)
    note(f"{len(nodes)} record(s), unverified")


def _start(store: Store, thing: str) -> bytes:
    from pathlib import Path

    if not Path(thing).exists():
        return resolve(store, thing).sha256
    digest = artifact_digest(thing)
    uses: tuple[ArtifactUse, ...] = ("output", "input")
    for use in uses:
        for row in store.records(artifact=digest, use=use):
            return row.sha256
    raise StoreNotFoundError(
        f"must hold a record that made or read {thing} (it does not)",
        source=store.url,
        remedy="The file may have changed since: records name it by its digest.",
    )


def _data(node: LineageNode) -> dict[str, Any]:
    known = as_data(node.record) if node.record else {"digest": f"sha256:{node.sha256.hex()}"}
    neighbours = [f"sha256:{each.hex()}" for each in node.neighbours]
    return {"depth": node.depth, "missing": node.record is None, **known, "next": neighbours}


def _tree(nodes: dict[bytes, LineageNode], start: bytes) -> None:
    """Print each record once under the first that leads to it; later mentions point back."""
    shown: set[bytes] = set()
    ahead: list[tuple[bytes, str, str]] = [(start, "", "")]
    while ahead:
        sha256, mark, indent = ahead.pop()
        node = nodes.get(sha256)
        if node is None or sha256 in shown:
            say(f"{mark}{sha256.hex()[:12]}  {'...' if node is None else '(see above)'}")
            continue
        shown.add(sha256)
        say(f"{mark}{sha256.hex()[:12]}  {_words(node)}")
        last = len(node.neighbours) - 1
        for index, neighbour in reversed(list(enumerate(node.neighbours))):
            branch, below = ("└─ ", "   ") if index == last else ("├─ ", "│  ")
            ahead.append((neighbour, indent + branch, indent + below))


def _words(node: LineageNode) -> str:
    from mlspec.store import stage_label, state_label

    row = node.record
    if row is None:
        return "MISSING: named as a parent, not in the store"
    step = f" {row.step_name}#{row.step_attempt}" if row.step_name else ""
    state = state_label(row.state)
    ended = "" if state == "succeeded" else f"  {state}"
    return f"{stage_label(row.stage)}{step}{ended}  {row.created:%Y-%m-%d %H:%M:%S}Z"
