"""A writer makes what it took durable, in order, and shares commits between threads."""

import threading
import time
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.errors import (
    DecodeError,
    InputError,
    LimitError,
    MLSpecError,
    SigningError,
    StateError,
    StoreLockedError,
    UsageError,
    ValidationError,
)
from mlspec.records import SPEC_VERSION
from mlspec.requestlog import MAX_LEAF, leaf_hash, read_entry, verify_checkpoint
from mlspec.requestlog.disk import LogFiles, LogFolder
from mlspec.sealing import generate_key
from tests.unit.requestlog.disk.folders import (
    CHECKPOINTED,
    KEY,
    ORIGIN,
    SIGNER,
    buffered,
    entry,
    event,
    open_log,
    verify_all,
)


def test_a_new_log_begins_with_its_opening(tmp_path: Path) -> None:
    """The first leaf says what the log is, who signs it, and when an entry counts as written."""
    queue = v1.LogQueue(capacity_count=5, overflow=v1.LOG_OVERFLOW_DROP)
    with open_log(tmp_path / "log", queue=queue, delegating_origin="bank.example/all") as writer:
        assert (writer.origin, writer.size, writer.checkpoint.size) == (ORIGIN, 1, 1)
        opened = read_entry(writer.folder.leaf(0), ORIGIN, 0).opened
    assert (opened.kind, opened.keyid) == (v1.LOG_KIND_REQUESTS, SIGNER.keyid)
    assert (opened.spec_version, opened.durability) == (SPEC_VERSION, CHECKPOINTED)
    assert (opened.queue, opened.delegating_origin) == (queue, "bank.example/all")
    assert opened.producer.name == "mlspec-python"
    assert not opened.HasField("torn_tail_size_bytes")


def test_what_was_committed_is_proven_by_the_checkpoint(tmp_path: Path) -> None:
    """Origin, place and nonce are set; the leaf is on disk as it was returned."""
    with open_log(tmp_path) as writer:
        first, second = writer.append_many([entry(1), entry(2)])
        assert writer.checkpoint.size == 1
        assert writer.commit().size == writer.size == 3
        for appended in (first, second):
            proven = writer.folder.prove(appended.index).verify(appended.leaf, KEY)
            assert proven.leaf_hash == appended.leaf_hash == leaf_hash(appended.leaf)
    nonces = {read_entry(each.leaf, ORIGIN, each.index).nonce for each in (first, second)}
    assert len(nonces) == 2


def test_the_entry_shows_where_it_went(tmp_path: Path) -> None:
    """The caller's message is the entry as it was logged, and encodes to the leaf."""
    with open_log(tmp_path) as writer:
        given = entry()
        appended = writer.append(given)
    assert given.SerializeToString() == appended.leaf
    assert (given.origin, given.sequence_number, len(given.nonce)) == (ORIGIN, 1, 16)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513])
def test_a_log_of_any_size_can_be_gone_on_with(tmp_path: Path, size: int) -> None:
    """Every leaf is proven before and after; the restart is a leaf."""
    with open_log(tmp_path) as writer:
        writer.append_events(event(number) for number in range(1, size))
        before = writer.commit()
    with open_log(tmp_path) as writer:
        assert writer.size == size + 1
        writer.checkpoint.require_extends(before, writer.folder.consistency(size))
    assert verify_all(tmp_path) == size + 1


def test_a_log_of_more_than_one_tile_of_tiles(tmp_path: Path) -> None:
    """The third level of tiles: 65,536 leaves, written in several commits."""
    with open_log(tmp_path) as writer:
        writer.append_events([event()] * 65_700)
    with open_log(tmp_path) as writer:
        assert writer.size == 65_702
        assert writer.folder.prove(65_535).verify(writer.folder.leaf(65_535), KEY).index == 65_535
        assert sum(1 for _ in writer.folder.leaves(65_000)) == 702
    assert (tmp_path / "tile/2/000.p/1").is_file()


def test_old_partial_tiles_go(tmp_path: Path) -> None:
    """Those of the last checkpoint but one stay for readers; a full tile leaves none."""
    with open_log(tmp_path) as writer:
        for _ in range(5):
            writer.append(entry())
            writer.commit()
        partials = tmp_path / "tile/entries/000.p"
        assert {path.name for path in partials.iterdir()} == {"5", "6"}
        writer.append_events([event()] * 251)
        writer.commit()
        writer.append_event(event())
        writer.commit()
        assert not partials.exists()
        assert not (tmp_path / "tile/0/000.p").exists()


def test_invalid_entries_are_not_taken(tmp_path: Path) -> None:
    """Broken rules, no event, too long a leaf: the log goes on without them."""
    with open_log(tmp_path) as writer:
        size = writer.size
        with pytest.raises(ValidationError):
            writer.append(entry(0))
        with pytest.raises(ValidationError):
            writer.append(v1.LogEntry())
        for broken in (b"", b"\x3a\x05", event() + b"\0", b"\x0a\x01x", b"\x3a\xff"):
            with pytest.raises(DecodeError):
                writer.append_event(broken)
        longest = v1.LogEntry(inference=v1.InferenceRecord(request_id="x" * MAX_LEAF))
        with pytest.raises(LimitError) as caught:
            writer.append_event(longest.SerializeToString())
        assert caught.value.id == "log.leaf.size"
        assert writer.size == size
        assert writer.append(entry()).index == size


def test_an_encoded_event_is_the_leaf_of_its_entry(tmp_path: Path) -> None:
    """The fast path gives the bytes that protobuf gives, at every length of the number."""
    with open_log(tmp_path) as writer:
        for _ in range(130):
            leaf = writer.append_event(event()).leaf
            assert v1.LogEntry.FromString(leaf).SerializeToString() == leaf


def test_threads_share_commits(tmp_path: Path) -> None:
    """Eight threads that wait for each of their entries: fewer checkpoints than entries."""
    writer = open_log(tmp_path, files=(files := _CountingFiles(tmp_path)))
    at_start = files.renames

    def work() -> None:
        for _ in range(20):
            appended = writer.append(entry())
            assert writer.commit().size > appended.index

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.size == 161
    assert files.renames - at_start < 160
    writer.close()
    assert verify_all(tmp_path) == 161


def test_a_commit_of_nothing_new_writes_nothing(tmp_path: Path) -> None:
    """It returns the checkpoint that is there."""
    with open_log(tmp_path) as writer:
        note = writer.folder.checkpoint()
        assert writer.commit() is writer.commit()
        assert writer.folder.checkpoint() == note


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Without any commit of the caller's, appending commits now and then."""
    with open_log(tmp_path) as writer:
        writer.append_events([event()] * 32_769)
        assert writer.checkpoint.size >= 32_768


def test_buffered_entries_become_durable_within_the_window(tmp_path: Path) -> None:
    """Nobody commits: the background does."""
    with open_log(tmp_path, durability=buffered(0.05, 1000)) as writer:
        appended = writer.append(entry())
        deadline = time.monotonic() + 5
        while writer.folder.size() <= appended.index and time.monotonic() < deadline:
            time.sleep(0.005)
        assert writer.folder.size() == appended.index + 1


def test_buffered_entries_are_never_more_than_the_window(tmp_path: Path) -> None:
    """Appending waits for the disk rather than to risk more than was declared."""
    with open_log(tmp_path, durability=buffered(3600, 3)) as writer:
        for _ in range(10):
            writer.append(entry())
            assert writer.size - writer.folder.size() <= 3


def test_a_window_of_no_time_is_durable_at_once(tmp_path: Path) -> None:
    """Nothing may be lost, however little time has passed."""
    with open_log(tmp_path, durability=buffered(0, 1000)) as writer:
        appended = writer.append(entry())
        assert writer.folder.size() == appended.index + 1


def test_a_commit_waits_no_longer_than_the_log_says(tmp_path: Path) -> None:
    """For another thread's commit, which a slow signer holds up; the entry is not lost by it."""
    durability = v1.LogDurability()
    durability.checkpointed.max_wait_duration.FromMilliseconds(20)
    writer = open_log(tmp_path, signer=(slow := Slow()), durability=durability)
    slow.waits = True
    writer.append(entry())
    other = threading.Thread(target=writer.commit)
    other.start()
    time.sleep(0.05)
    appended = writer.append(entry())
    with pytest.raises(StoreLockedError) as caught:
        writer.commit()
    assert caught.value.id == "log.wait"
    slow.release.set()
    other.join()
    assert writer.commit().size == appended.index + 1
    writer.close()


def test_a_signer_that_fails_loses_nothing(tmp_path: Path) -> None:
    """A key service that is away: nothing is acknowledged, and the next commit has it all."""

    class Away:
        keyid, public = SIGNER.keyid, SIGNER.public
        away = False

        def sign(self, data: bytes) -> bytes:
            if self.away:
                raise ConnectionError("no route")
            return SIGNER.sign(data)

    writer = open_log(tmp_path, signer=(signer := Away()))
    signer.away = True
    writer.append(entry(), side=v1.SideRecord(salt=bytes(32), content=b"somebody"))
    for _ in range(2):
        with pytest.raises(SigningError):
            writer.commit()
        assert writer.folder.size() == 1
    signer.away = False
    assert writer.commit().size == 2
    writer.close()
    side = (tmp_path / "side/000").read_bytes()
    assert side.count(b"somebody") == 1
    assert verify_all(tmp_path) == 2


def test_threads_together_keep_to_the_window(tmp_path: Path) -> None:
    """The last place in it is taken once, however many wait for a slow disk."""
    writer = open_log(tmp_path, signer=(slow := Slow()), durability=buffered(3600, 3))
    slow.waits = True

    def work() -> None:
        for _ in range(5):
            writer.append_event(event())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    at_stake = writer.size - writer.folder.size()
    slow.release.set()
    for thread in threads:
        thread.join()
    writer.close()
    assert at_stake == 3
    assert verify_all(tmp_path) == 41


def test_a_closed_writer_takes_nothing(tmp_path: Path) -> None:
    """Closing commits, and can be done twice."""
    writer = open_log(tmp_path)
    writer.append(entry())
    writer.close()
    writer.close()
    assert verify_all(tmp_path) == 2
    with pytest.raises(StateError) as caught:
        writer.append(entry())
    assert caught.value.id == "log.closed"


def test_a_signer_needs_its_public_key(tmp_path: Path) -> None:
    """One that signs elsewhere has it given; of another key's, nothing is written."""

    class Remote:
        keyid = SIGNER.keyid

        def sign(self, data: bytes) -> bytes:
            return SIGNER.sign(data)

    with pytest.raises(UsageError) as caught:
        open_log(tmp_path / "a", signer=Remote())
    assert caught.value.id == "log.public"
    with open_log(tmp_path / "b", signer=Remote(), public=SIGNER.public) as writer:
        assert writer.size == 1
    with pytest.raises(MLSpecError) as failed:
        open_log(tmp_path / "c", signer=Remote(), public=generate_key().public)
    assert failed.value.id == "signing.note"
    assert not (tmp_path / "c" / "checkpoint").exists()


def test_impossible_logs_are_refused(tmp_path: Path) -> None:
    """Before anything is made."""
    for wrong in (
        {"origin": "has blanks"},
        {"origin": ""},
        {"kind": v1.LOG_KIND_UNSPECIFIED},
        {"durability": v1.LogDurability()},
    ):
        with pytest.raises((InputError, ValidationError)):
            open_log(tmp_path / "log", **wrong)
        assert not (tmp_path / "log").exists()


def test_side_records_stand_beside_their_bundle(tmp_path: Path) -> None:
    """Written before the entry is acknowledged, with its origin and number."""
    with open_log(tmp_path) as writer:
        side = v1.SideRecord(salt=bytes(32), content=b"x")
        appended = writer.append(entry(), side=side)
        writer.commit()
    assert (side.origin, side.sequence_number) == (ORIGIN, appended.index)
    stored = (tmp_path / "side/000").read_bytes()
    assert stored == bytes([side.ByteSize()]) + side.SerializeToString()


def test_a_checkpoint_is_the_keys(tmp_path: Path) -> None:
    """Whoever has the public key can check it."""
    with open_log(tmp_path):
        pass
    assert verify_checkpoint(LogFolder.open(tmp_path).checkpoint(), KEY).size == 1


class Slow:
    """A signer that waits when it is told to."""

    keyid, public = SIGNER.keyid, SIGNER.public
    waits = False

    def __init__(self) -> None:
        self.release = threading.Event()

    def sign(self, data: bytes) -> bytes:
        """Sign, sooner or later."""
        if self.waits:
            self.release.wait(10)
        return SIGNER.sign(data)


class _CountingFiles(LogFiles):
    """A door that counts checkpoints."""

    renames = 0

    def rename(self, path: str, target: str) -> None:
        super().rename(path, target)
        self.renames += 1
