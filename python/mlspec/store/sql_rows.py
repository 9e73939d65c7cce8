"""Rows of the database as the store's own types."""

# ruff: noqa: S608 - statements are put together from constants; values are parameters.

from __future__ import annotations

from typing import Any, Final

from mlspec.store.database import Database, Row
from mlspec.store.facts import UnverifiedRecord
from mlspec.store.objects import ObjectRow
from mlspec.store.schema import INDEX_COLUMNS, OBJECT_COLUMNS

RECORD_COLUMNS: Final = ", ".join((*INDEX_COLUMNS, "sequence", "sha256"))
ALL_OBJECTS: Final = f"SELECT {', '.join(OBJECT_COLUMNS)} FROM objects"
_OBJECT_BY_ID: Final = f"{ALL_OBJECTS} WHERE object_id = :object_id"


def unverified(row: Row) -> UnverifiedRecord:
    """Make a record's row from the columns of `RECORD_COLUMNS`."""
    links, sequence, sha256 = row[-3:]
    facts = dict(zip(INDEX_COLUMNS, row, strict=False))
    facts["links"] = as_bytes(links)
    return UnverifiedRecord(**facts, sequence=sequence, sha256=as_bytes(sha256))


def object_row(row: Row) -> ObjectRow:
    """Make an object's row from the columns of `ALL_OBJECTS`."""
    parts = dict(zip(OBJECT_COLUMNS, row, strict=True))
    parts["event"] = as_bytes(parts["event"])
    return ObjectRow(**parts)


def find_object(database: Database, object_id: str) -> ObjectRow | None:
    """Return the object of this id."""
    rows = database.query(_OBJECT_BY_ID, {"object_id": object_id})
    return object_row(rows[0]) if rows else None


def as_bytes(value: Any) -> bytes:
    """Return a column of bytes, also if something else was put there."""
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
