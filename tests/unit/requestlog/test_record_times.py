"""The order and the times of records are those that record logs and outsiders prove."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlspec import v1
from mlspec.errors import UntrustedError, VerificationError
from mlspec.requestlog import LogProof, leaf_hash
from mlspec.requestlog.record_times import RecordTimes
from mlspec.requestlog.trusted_checkpoints import TrustedCheckpoint, verify_trusted
from mlspec.sealing import TrustPolicy, trust_edit
from tests.unit.requestlog import record_logs
from tests.unit.requestlog.logs import ANNA, BORIS, cosigned
from tests.unit.requestlog.record_logs import RecordLog, digest, record_leaf

LOG = record_logs.record_log()
TRUST = record_logs.trust()
EARLY, LATE = 1_700_000_000, 1_700_000_900


def witnessed(log: RecordLog, size: int, time: int = EARLY) -> bytes:
    """A checkpoint that both witnesses saw."""
    return cosigned(cosigned(log.checkpoint(size), ANNA, time), BORIS, time)


def add(times: RecordTimes, index: int, size: int, log: RecordLog = LOG) -> None:
    """Note one record."""
    times.add(log.proof(index, size), log.leaves[index], TRUST)


def head(log: RecordLog, size: int) -> TrustedCheckpoint:
    """A verified checkpoint."""
    return verify_trusted(log.checkpoint(size), TRUST.log(log.origin), TRUST)


def test_leaves_of_one_tree_have_an_order() -> None:
    """Whatever the records' own dates say; of a record that is not logged, nothing is proven."""
    times = RecordTimes()
    add(times, 1, 6)
    add(times, 4, 6)
    assert times.before(digest(1), digest(4)) is True
    assert times.before(digest(4), digest(1)) is False
    assert times.before(digest(1), digest(1)) is False
    assert times.before(digest(1), digest(2)) is None
    assert RecordTimes().before(digest(1), digest(4)) is None


def test_l7_trees_that_nothing_joins_have_no_order() -> None:
    """Two sizes of one log may be two histories; a consistency proof makes them one."""
    times = RecordTimes()
    add(times, 1, 3)
    add(times, 4, 6)
    assert times.before(digest(1), digest(4)) is None
    times.join(head(LOG, 3), head(LOG, 6), LOG.consistency(3, 6))
    assert times.before(digest(1), digest(4)) is True
    forked = RecordLog([*LOG.leaves[:2], record_leaf(2, digest(9)), *LOG.leaves[3:]])
    fork = RecordTimes()
    add(fork, 1, 3)
    add(fork, 4, 6, forked)
    with pytest.raises(VerificationError) as caught:
        fork.join(head(LOG, 3), head(forked, 6), forked.consistency(3, 6))
    assert caught.value.id == "log.fork"
    assert fork.before(digest(1), digest(4)) is None


def test_the_first_time_that_a_record_was_logged_decides() -> None:
    """Logging it again later makes it no younger."""
    log = RecordLog([record_leaf(n, digest(each)) for n, each in enumerate((7, 8, 7))])
    times = RecordTimes()
    for index in (2, 1, 0):
        add(times, index, 3, log)
    assert times.before(digest(7), digest(8)) is True
    assert len(times.places(digest(7))) == 2


def test_an_outsider_proves_by_when() -> None:
    """The earliest checkpoint that covers the record; without outsiders none."""
    times = RecordTimes()
    add(times, 1, 6)
    assert times.time_of(digest(1)) is None
    for size, time in ((6, LATE), (3, EARLY)):
        times.add(LOG.proof(1, size, witnessed(LOG, size, time)), LOG.leaves[1], TRUST)
    assert times.time_of(digest(1)) == datetime.fromtimestamp(EARLY, UTC)
    proven = times.proven_time(digest(1))
    assert proven is not None
    assert set(proven.by) == {ANNA.key.name, BORIS.key.name}
    assert times.time_of(digest(2)) is None


def test_an_outsider_saw_one_record_before_the_other_was_there() -> None:
    """In a tree that lacked the other, and not after the other had been seen."""
    first, second = digest(1), digest(4)

    def times(size: int, seen: int | None, later: int | None = None) -> RecordTimes:
        made = RecordTimes()
        note = LOG.checkpoint(size) if seen is None else witnessed(LOG, size, seen)
        made.add(LOG.proof(1, size, note), LOG.leaves[1], TRUST)
        whole = LOG.checkpoint(6) if later is None else witnessed(LOG, 6, later)
        made.add(LOG.proof(4, 6, whole), LOG.leaves[4], TRUST)
        made.join(head(LOG, size), head(LOG, 6), LOG.consistency(size, 6))
        return made

    assert times(4, EARLY).seen_before(first, second)
    assert times(4, EARLY, LATE).seen_before(first, second)
    assert not times(4, EARLY, LATE).seen_before(second, first)
    assert not times(4, LATE, EARLY).seen_before(first, second)
    assert not times(5, EARLY).seen_before(first, second)
    assert not times(4, None).seen_before(first, second)


def test_a_log_speaks_for_its_namespaces_only() -> None:
    """The place is kept, and not shown for another namespace."""
    times = RecordTimes()
    times.add(LOG.proof(1, 6, witnessed(LOG, 6)), LOG.leaves[1], TRUST)
    assert len(times.places(digest(1), "loans/eu")) == 1
    assert times.places(digest(1), "cards") == ()
    assert times.proven_time(digest(1), "loans") is not None
    assert times.proven_time(digest(1), "cards") is None


def test_l13_a_leaf_of_another_log_is_refused() -> None:
    """Written for one log and put into another; the right one passes."""
    leaf = record_leaf(0, digest(0), "bank.example/other")
    with pytest.raises(VerificationError) as caught:
        add(RecordTimes(), 0, 1, RecordLog([leaf]))
    assert caught.value.id == "log.entry.origin"
    add(RecordTimes(), 0, 1, RecordLog([record_leaf(0, digest(0))]))


def test_l2_a_proof_of_another_leaf_is_refused() -> None:
    """The right leaf with the proof of its neighbour, and an interior node as a leaf."""
    times = RecordTimes()
    node = leaf_hash(LOG.leaves[0]) + leaf_hash(LOG.leaves[1])
    for leaf in (LOG.leaves[2], b"\x01" + node):
        with pytest.raises(VerificationError):
            times.add(LOG.proof(1, 6), leaf, TRUST)
    assert times.places(digest(2)) == ()
    add(times, 1, 6)


def test_a_log_that_is_not_believed_proves_nothing() -> None:
    """Another origin, another kind, another key."""
    other = RecordLog([record_leaf(0, digest(0), "o")], origin="o")
    with pytest.raises(UntrustedError) as unknown:
        add(RecordTimes(), 0, 1, other)
    assert unknown.value.id == "trust.unknown_log"
    requests = record_logs.trust(kind=v1.LOG_KIND_REQUESTS)
    with pytest.raises(VerificationError) as kind:
        RecordTimes().add(LOG.proof(1, 6), LOG.leaves[1], requests)
    assert kind.value.id == "log.kind"
    stranger = RecordLog(LOG.leaves, signer=ANNA.signer)
    with pytest.raises(UntrustedError):
        add(RecordTimes(), 1, 6, stranger)
    add(RecordTimes(), 1, 6)


def test_a_leaf_of_something_else_is_no_record() -> None:
    """A record log also holds its openings."""
    entry = v1.LogEntry.FromString(record_leaf(0, digest(0)))
    entry.dropped.dropped_count = 1
    entry.dropped.reason = v1.ENTRY_DROP_REASON_QUEUE_FULL
    entry.dropped.first_drop_time.FromSeconds(EARLY)
    entry.dropped.last_drop_time.FromSeconds(EARLY)
    log = RecordLog([entry.SerializeToString()])
    with pytest.raises(VerificationError) as caught:
        add(RecordTimes(), 0, 1, log)
    assert caught.value.id == "log.no_record"


def test_with_several_keys_the_caller_says_which() -> None:
    """And a proof that the other key signed is refused."""
    second = ANNA.signer
    draft = record_logs.draft(witnesses=())
    draft = trust_edit.add_key(draft, second.public, "next-log@bank.example")
    draft = trust_edit.add_log(draft, record_logs.ORIGIN, second.keyid, kind=v1.LOG_KIND_RECORDS)
    trust = TrustPolicy(draft)
    proof: LogProof = LOG.proof(1, 6)
    RecordTimes().add(proof, LOG.leaves[1], trust, keyid=record_logs.SIGNER.keyid)
    with pytest.raises(UntrustedError):
        RecordTimes().add(proof, LOG.leaves[1], trust, keyid=second.keyid)
