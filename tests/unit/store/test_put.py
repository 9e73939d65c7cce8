"""Storing: once, whole, and nothing that the rules forbid."""

import os

import pytest

from mlspec import open_store, v1
from mlspec.errors import (
    InputError,
    LimitError,
    StoreConflictError,
    StoreNotFoundError,
    StoreUnwritableError,
    UsageError,
)
from mlspec.records import new_id
from mlspec.sealing import Envelope, Sealed, generate_key
from mlspec.store import Outcome, Store
from tests.unit.store import making


def test_what_is_stored_is_found_by_its_digest(store: Store, run: str) -> None:
    """The same envelope comes back, by any spelling of the digest."""
    record = making.sealed(run)
    assert store.put(record) is Outcome.ADDED
    for name in (record.digest, record.sha256, record.hex, f"sha256:{record.hex}"):
        assert store.get(name) == record
    row = store.row(record.digest)
    assert row is not None
    assert (row.hex, row.run_id, row.stage, row.sequence) == (record.hex, run, 7, 1)
    assert row.reference == record.reference


def test_storing_again_changes_nothing(store: Store, run: str) -> None:
    """Retrying after a lost answer is safe."""
    record = making.sealed(run)
    store.put(record)
    assert store.put(record) is Outcome.KNOWN
    assert store.size() == 1


def test_countersignatures_are_added_to_what_is_there(store: Store, run: str) -> None:
    """Two countersigners who know nothing of one another both end up on the record."""
    record = making.sealed(run)
    first, second = (record.countersign(key) for key in (making.OTHER_KEY, generate_key()))
    store.put(record)
    assert store.put(first) is Outcome.COUNTERSIGNED
    assert store.put(second) is Outcome.COUNTERSIGNED
    assert store.put(second) is Outcome.KNOWN
    assert store.put(record) is Outcome.KNOWN
    stored = store.get(record.digest)
    assert stored.signatures[:2] == first.signatures
    assert stored.signatures[2:] == second.signatures[1:]
    assert stored.payload == record.payload
    assert store.size() == 1


def test_an_envelope_takes_no_more_signatures_than_it_may_have(store: Store, run: str) -> None:
    """The 65th is refused, and the record stays as it was."""
    record = making.sealed(run)
    store.put(record)
    crowd = record
    for _ in range(63):
        crowd = crowd.countersign(making.OTHER_KEY)
    junk = [type(record.signatures[0])(os.urandom(64)) for _ in range(64)]
    with pytest.raises(LimitError, match="must be at most 64"):
        store.put(Sealed(Envelope(record.payload, record.payload_type, tuple(junk))))
    assert store.get(record.digest) == record


def test_only_records_are_stored(store: Store) -> None:
    """Another payload type, or bytes that are no record, are refused."""
    signature = making.sealed(new_id()).signatures
    for payload, kind in (
        (b"{}", "application/vnd.in-toto+json"),
        (b"\xff\xff", "application/vnd.mlspec.record.v1+protobuf"),
        (b"\x0a\x00", "application/vnd.mlspec.record.v1+protobuf"),
    ):
        with pytest.raises(InputError):
            store.put(Sealed(Envelope(payload, kind, signature)))
    assert store.size() == 0


def test_a_record_id_is_used_once(store: Store, run: str) -> None:
    """Another record under an id that is taken is refused."""
    record = making.sealed(run)
    store.put(record)
    twin = making.sealed(run, record_id=record.peek().header.record_id)
    with pytest.raises(StoreConflictError, match="must be new") as caught:
        store.put(twin)
    assert caught.value.id == "store.record_id"
    assert store.size() == 1


def test_an_attempt_at_a_step_has_one_record(store: Store, run: str) -> None:
    """A second record of one attempt is refused; the next attempt is not."""
    store.put(making.sealed(run, step="train"))
    assert store.next_attempt(run, "train") == 2
    assert store.next_attempt(run, "test") == store.next_attempt(new_id(), "train") == 1
    with pytest.raises(StoreConflictError) as caught:
        store.put(making.sealed(run, step="train"))
    assert caught.value.id == "store.attempt"
    store.put(making.sealed(run, step="train", attempt=2))
    store.put(making.sealed(new_id(), step="train"))
    assert store.next_attempt(run, "train") == 3


def test_a_run_that_has_ended_takes_nothing_new(store: Store, run: str) -> None:
    """After its manifest only what the manifest names may come."""
    record = making.sealed(run)
    store.put(record)
    end = making.manifest(store, run)
    store.put(end)
    assert store.put(end) is Outcome.KNOWN
    assert store.put(record.countersign(making.OTHER_KEY)) is Outcome.COUNTERSIGNED
    with pytest.raises(StoreConflictError) as caught:
        store.put(making.sealed(run))
    assert caught.value.id == "store.run_ended"
    with pytest.raises(StoreConflictError) as caught:
        store.put(making.manifest(store, run))
    assert caught.value.id == "store.second_manifest"
    assert store.size() == 2


def test_a_run_can_be_copied_with_its_manifest_first(store: Store, run: str) -> None:
    """The manifest names what is yet to come."""
    record = making.sealed(run)
    body = v1.RunManifest(state=v1.RUN_STATE_SUCCEEDED, record_count=1)
    body.entries.add(
        record=record.reference,
        record_id=record.peek().header.record_id,
        state=v1.RECORD_STATE_SUCCEEDED,
    )
    store.put(making.sealed(run, body))
    assert store.put(record) is Outcome.ADDED


def test_a_manifest_names_every_record(store: Store, run: str) -> None:
    """One that leaves a record out is refused: a record came meanwhile."""
    store.put(making.sealed(run))
    early = making.manifest(store, run)
    late = making.sealed(run)
    store.put(late)
    with pytest.raises(StoreConflictError, match=late.hex) as caught:
        store.put(early)
    assert caught.value.id == "store.manifest_incomplete"


def test_what_is_not_there_is_said_so(store: Store, run: str) -> None:
    """Never an empty answer for one record."""
    stranger = making.sealed(run)
    assert store.row(stranger.digest) is None
    with pytest.raises(StoreNotFoundError, match=stranger.hex):
        store.get(stranger.digest)
    with pytest.raises(UsageError):
        store.get(v1.Digest(blake3=bytes(32)))


def test_another_opening_sees_the_same(place: str, run: str) -> None:
    """What was stored is on disk, in the order of storing."""
    kept = [making.sealed(run), making.sealed(run).countersign(making.OTHER_KEY)]
    with open_store(place) as store:
        for record in kept:
            store.put(record)
    with open_store(place, create=False) as store:
        assert [row.hex for row in store.records()] == [record.hex for record in kept]
        assert [store.get(record.digest) for record in kept] == kept
        store.put(making.sealed(run))
        assert store.size() == 3


def test_a_store_opened_read_only_is_not_written_to(place: str, run: str) -> None:
    """Reading goes on as usual."""
    record = making.sealed(run)
    with open_store(place) as store:
        store.put(record)
    with open_store(place, read_only=True) as store:
        assert store.get(record.digest) == record
        with pytest.raises(StoreUnwritableError):
            store.put(making.sealed(run))
