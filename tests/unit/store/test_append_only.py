"""The database itself refuses what a store never does."""

# ruff: noqa: S608 - the SQL here is the careless hand.

import sqlite3
from pathlib import Path

import pytest

from mlspec import open_store, v1
from mlspec.errors import StoreCorruptError
from mlspec.records import new_id
from mlspec.store import Store
from mlspec.store.schema import INDEX_COLUMNS
from tests.unit.store import making

COLUMNS = ", ".join((*INDEX_COLUMNS, "sha256", "envelope"))


@pytest.fixture
def raw(sqlite: Store, tmp_path: Path, run: str) -> sqlite3.Connection:
    """A connection past MLSpec, to a store with a record, links and an object."""
    sqlite.put(making.dataset(run, "loans", new_id()))
    sqlite.put(making.sealed(run, reads=["table"]))
    connection = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    connection.execute("INSERT INTO links VALUES (x'00', 1)")
    return connection


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM records",
        "DELETE FROM links",
        "DELETE FROM objects",
        "DELETE FROM meta",
        "UPDATE records SET stage = 3",
        "UPDATE records SET envelope = x'00'",
        "UPDATE records SET envelope = envelope",
        "UPDATE records SET envelope = x'00' || envelope",
        "UPDATE records SET links = x''",
        "UPDATE links SET sequence = 2",
        "UPDATE objects SET kind = 3, changed = changed + 1",
        "UPDATE objects SET status = 3",
        "UPDATE meta SET value = value - 1",
        "UPDATE meta SET name = 'other', value = value + 1",
        f"INSERT OR REPLACE INTO records ({COLUMNS}, sequence) SELECT {COLUMNS}, 1 FROM records",
        f"INSERT OR REPLACE INTO records ({COLUMNS}, sequence) "
        f"SELECT {COLUMNS}, 3 FROM records WHERE sequence = 2",
        f"INSERT INTO records ({COLUMNS}, sequence) SELECT {COLUMNS}, 9 FROM records",
        "INSERT OR REPLACE INTO objects SELECT * FROM objects",
        "INSERT OR REPLACE INTO objects SELECT object_id, 3, namespace_name, name, "
        "name_key, status, created, changed, event FROM objects",
    ],
)
def test_nothing_is_changed_or_removed(raw: sqlite3.Connection, statement: str) -> None:
    """Not by a careless hand, and not by way of REPLACE."""
    before = [raw.execute(f"SELECT * FROM {name}").fetchall() for name in ("records", "objects")]
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)
    after = [raw.execute(f"SELECT * FROM {name}").fetchall() for name in ("records", "objects")]
    assert after == before


def test_an_envelope_may_grow(raw: sqlite3.Connection) -> None:
    """That is what countersigning does: the bytes that were there stay in front."""
    (there,) = raw.execute("SELECT envelope FROM records WHERE sequence = 2").fetchone()
    added = v1.Envelope(signatures=[v1.Signature(sig=b"s")]).SerializeToString()
    raw.execute("UPDATE records SET envelope = ? WHERE sequence = 2", (there + added,))


def test_guards_that_are_gone_come_back(raw: sqlite3.Connection, tmp_path: Path) -> None:
    """With the next writer."""
    raw.execute("DROP TRIGGER records_not_deleted")
    open_store(tmp_path / "store.db").close()
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute("DELETE FROM records")


def test_a_foreign_trigger_keeps_writers_away(raw: sqlite3.Connection, tmp_path: Path) -> None:
    """It could change what they write; readers may look on."""
    raw.execute("CREATE TRIGGER evil AFTER INSERT ON records BEGIN SELECT 1; END")
    with pytest.raises(StoreCorruptError, match="evil"):
        open_store(tmp_path / "store.db")
    with open_store(tmp_path / "store.db", read_only=True) as store:
        assert store.size() == 2


def test_a_record_that_was_changed_is_never_handed_out(
    raw: sqlite3.Connection, sqlite: Store
) -> None:
    """`get` gives what was asked for, or nothing."""
    first, second = sqlite.records()
    raw.execute("DROP TRIGGER records_kept")
    raw.execute("UPDATE records SET envelope = (SELECT envelope FROM records WHERE sequence = 1)")
    assert sqlite.get(first.digest).sha256 == first.sha256
    with pytest.raises(StoreCorruptError, match=second.hex):
        sqlite.get(second.digest)
    raw.execute("UPDATE records SET envelope = x'ff'")
    with pytest.raises(StoreCorruptError, match=first.hex):
        sqlite.get(first.digest)
