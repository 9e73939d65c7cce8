"""Opening: what is a store, what is none, and what is said about it."""

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from mlspec import open_store
from mlspec.errors import (
    InputError,
    StoreConflictError,
    StoreCorruptError,
    StoreError,
    StoreLockedError,
    UsageError,
)
from mlspec.records import new_id
from mlspec.sealing import Envelope, Sealed
from mlspec.store import Store
from mlspec.store.schema import SCHEMA_VERSION
from tests.unit.store import making


def test_a_store_is_made_where_there_is_none(place: str, tmp_path: Path) -> None:
    """Once, and only if that was meant."""
    with pytest.raises(StoreError) as caught:
        open_store(place, create=False)
    assert caught.value.remedy
    with pytest.raises(StoreError):
        open_store(place, read_only=True)
    assert "postgresql" in place or list(tmp_path.iterdir()) == []
    with open_store(place) as store:
        assert store.size() == 0
    with open_store(place, create=False) as store:
        assert list(store.records()) == []


def test_a_store_has_a_url(sqlite: Store, tmp_path: Path) -> None:
    """With `sqlite:///` or without it is the same file."""
    sqlite.put(making.sealed(new_id()))
    with open_store(f"sqlite:///{tmp_path / 'store.db'}", create=False) as again:
        assert again.size() == 1
    with open_store(tmp_path / "store.db", create=False) as again:
        assert again.size() == 1


@pytest.mark.parametrize("data", [b"", b"not a database at all", b"SQLite format 3\x00 and junk"])
def test_another_file_is_no_store(tmp_path: Path, data: bytes) -> None:
    """It is said to be none, and stays as it is."""
    path = tmp_path / "file.db"
    path.write_bytes(data)
    for create in (False, True) if data else (False,):
        with pytest.raises(StoreError) as caught:
            open_store(path, create=create)
        assert caught.value.exit_code in (1, 2)
    assert path.read_bytes() == data


def test_somebody_elses_database_is_no_store(tmp_path: Path) -> None:
    """No tables are put into it."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    with pytest.raises(StoreError, match="must be an MLSpec store"):
        open_store(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    connection.close()


def test_a_newer_store_is_left_to_newer_readers(sqlite: Store, tmp_path: Path) -> None:
    """Its tables may mean something else."""
    sqlite.close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute(
            "UPDATE meta SET value = ? WHERE name = 'schema_version'", (SCHEMA_VERSION + 1,)
        )
    connection.close()
    with pytest.raises(StoreError, match="newer") as caught:
        open_store(tmp_path / "store.db", read_only=True)
    assert caught.value.id == "store.newer"


@pytest.mark.parametrize("name", ["link.db", "link.mlspecs"])
def test_a_symbolic_link_is_not_followed(tmp_path: Path, name: str) -> None:
    """Neither to a store nor to where there is none yet."""
    for target in ("there.db", "nowhere.db"):
        if target == "there.db":
            open_store(tmp_path / target).close()
        link = tmp_path / name
        link.symlink_to(tmp_path / target)
        with pytest.raises(StoreError):
            open_store(link)
        link.unlink()
    assert not (tmp_path / "nowhere.db").exists()


def test_places_that_cannot_hold_a_store(tmp_path: Path) -> None:
    """A missing folder, a folder of something else, a device, a URL of no engine."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    os.mkfifo(tmp_path / "fifo.db")
    for place in (
        tmp_path / "missing" / "store.db",
        tmp_path / "full",
        tmp_path / "fifo.db",
        tmp_path / "missing" / "store.mlspecs",
        "oracle://somewhere/x",
        "no-such-engine://x",
        "http://",
        "",
    ):
        with pytest.raises((StoreError, UsageError)):
            open_store(place)


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    """Errors name the URL without it."""
    with pytest.raises((StoreError, UsageError)) as caught:
        open_store("postgresql://user:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in f"{caught.value} {caught.value.remedy} {caught.value.to_dict()}"


def test_a_locked_store_is_waited_for_and_then_given_up(tmp_path: Path, run: str) -> None:
    """Readers are not held up at all."""
    path = tmp_path / "store.db"
    record = making.sealed(run)
    with open_store(path, timeout=0.05) as store:
        store.put(record)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLockedError) as caught:
            store.put(making.sealed(run))
        assert caught.value.remedy
        assert store.get(record.digest) == record
        other.execute("COMMIT")
        other.close()
        store.put(making.sealed(run))
        assert store.size() == 2


@pytest.mark.parametrize("name", ["folder/", "store.mlspecs"])
def test_stores_of_plain_files_are_locked_too(tmp_path: Path, name: str, run: str) -> None:
    """One writer at a time."""
    import fcntl

    with open_store(f"{tmp_path}/{name}", timeout=0.05) as store:
        store.put(making.sealed(run))
        lock = tmp_path / (f"{name}.lock" if name.endswith("/") else name)
        with lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with pytest.raises(StoreLockedError):
                store.put(making.sealed(run))
        store.put(making.sealed(run))


def test_a_store_survives_a_fork(sqlite: Store, run: str) -> None:
    """The child gets a connection of its own, and the parent's goes on."""
    sqlite.put(making.sealed(run))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            sqlite.put(making.sealed(run))
            code = 0 if sqlite.size() == 2 else 1
            sqlite.close()
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    sqlite.put(making.sealed(run))
    assert sqlite.size() == 3


def test_threads_share_a_store(store: Store, run: str) -> None:
    """Nothing is lost, and nothing is stored twice."""
    kept = [[making.sealed(run) for _ in range(5)] for _ in range(4)]
    problems = []

    def work(mine: list[Sealed]) -> None:
        try:
            for record in mine:
                store.put(record)
                store.get(record.digest)
        except Exception as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=work, args=(mine,)) for mine in kept]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert {row.hex for row in store.records()} == {each.hex for mine in kept for each in mine}


def test_a_failed_transaction_leaves_nothing(
    sqlite: Store, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even when it fails after the record was written."""
    from mlspec.store import sql_links

    def fail(*_: object) -> None:
        raise StoreConflictError("on purpose")

    monkeypatch.setattr(sql_links, "advance", fail)
    with pytest.raises(StoreConflictError):
        sqlite.put(making.sealed(run))
    monkeypatch.undo()
    assert sqlite.size() == 0
    sqlite.put(making.sealed(run))
    assert sqlite.size() == 1


def test_closing_twice_does_nothing_and_a_closed_store_opens_again(store: Store, run: str) -> None:
    """A store is a place: using it connects to it."""
    store.close()
    store.close()
    store.put(making.sealed(run))
    assert store.size() == 1


def test_a_torn_stream_is_readable_and_its_tail_is_kept(tmp_path: Path, run: str) -> None:
    """What a killed writer left is moved aside by the next one, never thrown away."""
    path = tmp_path / "store.mlspecs"
    first, second = making.sealed(run), making.sealed(run)
    with open_store(path) as store:
        store.put(first)
        store.put(second)
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with open_store(path, read_only=True) as store:
        assert [row.hex for row in store.records()] == [first.hex]
        assert [fault.grave for fault in store.faults()] == [False]
    third = making.sealed(run)
    with open_store(path) as store:
        store.put(third)
        assert [row.hex for row in store.records()] == [first.hex, third.hex]
        assert list(store.faults()) == []
    (torn,) = tmp_path.glob("store.mlspecs.torn-*")
    assert whole[:-10].endswith(torn.read_bytes())


def test_a_stream_shows_what_is_no_record(tmp_path: Path, run: str) -> None:
    """Between records that are."""
    path = tmp_path / "store.mlspecs"
    with open_store(path) as store:
        store.put(making.sealed(run))
    with path.open("ab") as file:
        file.write(b"\x03abc")
    with open_store(path) as store:
        store.put(making.sealed(run))
        assert store.size() == 3
        failed = [line for line in store.verify(making.TRUST).lines if line.verdict == "FAIL"]
    assert "number 2" in {line.label for line in failed}


def test_a_folder_shows_what_does_not_belong(tmp_path: Path, run: str) -> None:
    """Gaps, twins, links and files whose name is not theirs."""
    kept = [making.sealed(run) for _ in range(4)]
    with open_store(f"{tmp_path}/folder/") as store:
        for record in kept:
            store.put(record)
        assert list(store.faults()) == []
        names = [
            tmp_path / "folder" / f"{n:012d}-{each.hex}.json" for n, each in enumerate(kept, 1)
        ]
        (tmp_path / "folder" / "notes.txt").touch()
        assert [fault.grave for fault in store.faults()] == [False]
        names[1].unlink()
        names[1].symlink_to("/etc/hostname")
        assert "file was deleted" in " ".join(fault.message for fault in store.faults())
        names[2].rename(tmp_path / "folder" / f"{1:012d}-{kept[2].hex}.json")
        assert "once" in " ".join(fault.message for fault in store.faults())
    with open_store(tmp_path / "folder") as again:
        assert {row.hex for row in again.records()} == {kept[0].hex, kept[2].hex, kept[3].hex}
        names[0].write_bytes(kept[3].to_json())
        with pytest.raises(StoreCorruptError):
            again.get(kept[0].digest)
    (tmp_path / "folder" / "mlspec-store.json").write_text('{"mlspecStore": 2}\n')
    with pytest.raises(StoreError, match="version"):
        open_store(tmp_path / "folder")


def test_an_oversized_envelope_is_not_stored(store: Store, run: str) -> None:
    """An envelope that cannot be read back is refused before anything is written."""
    record = making.sealed(run)
    huge = Envelope(bytes(17 << 20), record.payload_type, record.signatures)
    with pytest.raises(InputError):
        store.put(Sealed(huge))
    assert store.size() == 0
