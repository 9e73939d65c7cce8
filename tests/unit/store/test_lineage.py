"""Lineage: up to the raw data, down to all that rests on it, and never for ever."""

import pytest

from mlspec import open_store, v1
from mlspec.errors import LimitError, StoreNotFoundError, UsageError
from mlspec.records import new_id, reference
from mlspec.sealing import Sealed
from mlspec.store import Store, UnverifiedRecord, links
from mlspec.store.lineage import walk
from tests.unit.store import making


def diamond(store: Store, run: str) -> list[Sealed]:
    """Store a record, two that rest on it, and one that rests on both."""
    top = making.sealed(run)
    sides = [making.sealed(run, parents=[top.reference]) for _ in range(2)]
    bottom = making.sealed(run, parents=[side.reference for side in sides])
    for record in (top, *sides, bottom):
        store.put(record)
    return [top, *sides, bottom]


def test_lineage_names_each_record_once_nearest_first(store: Store, run: str) -> None:
    """Both ways, with how far away each is."""
    top, left, right, bottom = diamond(store, run)
    up = [(node.sha256, node.depth) for node in store.lineage(bottom.digest)]
    assert up == [(bottom.sha256, 0), (left.sha256, 1), (right.sha256, 1), (top.sha256, 2)]
    down = [(node.sha256, node.depth) for node in store.lineage(top.digest, "down")]
    assert down == [(top.sha256, 0), (left.sha256, 1), (right.sha256, 1), (bottom.sha256, 2)]
    assert [node.sha256 for node in store.lineage(top.digest)] == [top.sha256]
    assert store.parents(bottom.digest) == [left.reference, right.reference]
    assert [row.sha256 for row in store.children(top.digest)] == [left.sha256, right.sha256]


def test_depth_and_number_are_bounded(store: Store, run: str) -> None:
    """A question about a big store gets an answer or a reason, in time."""
    top, *_, bottom = diamond(store, run)
    assert len(store.lineage(bottom.digest, depth=1)) == 3
    assert store.lineage(bottom.digest, depth=1)[-1].neighbours == ()
    assert len(store.lineage(bottom.digest, limit=4)) == 4
    with pytest.raises(LimitError, match="at most 3"):
        store.lineage(bottom.digest, limit=3)
    with pytest.raises(UsageError):
        store.lineage(top.digest, "sideways")  # type: ignore[arg-type]


def test_a_parent_that_is_not_there_is_shown_as_missing(store: Store, run: str) -> None:
    """Its digest is known, nothing else."""
    record = making.sealed(run, parents=[reference(bytes(32), v1.STAGE_DATA_SPLITTING)])
    store.put(record)
    missing = store.lineage(record.digest)[-1]
    assert (missing.sha256, missing.record) == (bytes(32), None)
    with pytest.raises(StoreNotFoundError):
        store.lineage(bytes(32))


def test_a_ring_of_forged_rows_ends(store: Store, run: str) -> None:
    """No honest record can name its own descendant; a walk over forged rows still stops."""
    record = making.sealed(run)
    store.put(record)
    row = store.row(record.digest)
    assert row is not None
    parts = {name: getattr(row, name) for name in UnverifiedRecord.__dataclass_fields__}
    a, b = bytes(32), bytes([1]) * 32
    ring = {
        a: UnverifiedRecord(**(parts | {"sha256": a, "links": links.parent_link(b)})),
        b: UnverifiedRecord(**(parts | {"sha256": b, "links": links.parent_link(a)})),
    }

    class Forged:
        url = "forged"
        row = staticmethod(lambda digest: ring.get(digest))

    found = walk(Forged(), a, "up", depth=None, limit=10)  # type: ignore[arg-type]
    assert [node.sha256 for node in found] == [a, b]


def test_a_long_chain_is_walked_without_recursion(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Longer than Python's stack is deep."""
    run = new_id()
    with open_store(tmp_path_factory.mktemp("chain") / "chain.mlspecs") as store:
        store._durable = False  # type: ignore[attr-defined]
        last = making.sealed(run)
        store.put(last)
        for _ in range(1_200):
            last = making.sealed(run, parents=[last.reference])
            store.put(last)
        assert len(store.lineage(last.digest)) == 1_201
