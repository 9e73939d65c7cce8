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


_INTEGERS: Final = frozenset(
    {"stage", "step_attempt", "state", "create_time", "kind", "status", "created", "changed"}
)
_BYTES: Final = frozenset({"links", "event"})


def unverified(row: Row) -> UnverifiedRecord:
    """Make a record's row from the columns of `RECORD_COLUMNS`."""
    facts = _typed(INDEX_COLUMNS, row)
    return UnverifiedRecord(**facts, sequence=row[-2], sha256=as_bytes(row[-1]))


def object_row(row: Row) -> ObjectRow:
    """Make an object's row from the columns of `ALL_OBJECTS`."""
    return ObjectRow(**_typed(OBJECT_COLUMNS, row))


def _typed(columns: tuple[str, ...], row: Row) -> dict[str, Any]:
    """Return each column as what it should be, whatever was put there.

    SQLite keeps anything anywhere. What is wrong is for verification to say, of the raw columns.
    """
    values = dict(zip(columns, row, strict=False))
    for column, value in values.items():
        if column in _BYTES:
            values[column] = as_bytes(value)
        elif column in _INTEGERS:
            if not isinstance(value, int | None):
                values[column] = 0
        elif not isinstance(value, str | None):
            values[column] = str(value)
    return values


def find_object(database: Database, object_id: str) -> ObjectRow | None:
    """Return the object of this id."""
    rows = database.query(_OBJECT_BY_ID, {"object_id": object_id})
    return object_row(rows[0]) if rows else None


def as_bytes(value: Any) -> bytes:
    """Return a column of bytes, also if something else was put there."""
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
