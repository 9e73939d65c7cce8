"""What can be wrong in a database beside the rows of records: found, never repaired."""

# ruff: noqa: S608 - statements are put together from constants; values are parameters.

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mlspec.errors import StoreError
from mlspec.store import schema
from mlspec.store.database import Database
from mlspec.store.links import split
from mlspec.store.objects import ARCHIVED
from mlspec.store.protocol import Fault
from mlspec.store.sql_rows import RECORD_COLUMNS, as_bytes, unverified

_PAGE: Final = 1000
_SHOWN: Final = 20

_COUNT: Final = (
    "SELECT count(*), coalesce(max(sequence), 0), coalesce(min(sequence), 1) FROM records"
)
_GAPS: Final = (
    "SELECT r.sequence + 1, (SELECT n.sha256 FROM records n WHERE n.sequence > r.sequence "
    "ORDER BY n.sequence LIMIT 1) FROM records r "
    "WHERE r.sequence < (SELECT max(sequence) FROM records) AND NOT EXISTS "
    "(SELECT 1 FROM records n WHERE n.sequence = r.sequence + 1) "
    f"ORDER BY r.sequence LIMIT {_SHOWN}"
)
_TWICE: Final = {
    "digest": "SELECT max(sequence) FROM records GROUP BY sha256 HAVING count(*) > 1",
    "record_id": "SELECT max(sequence) FROM records GROUP BY record_id HAVING count(*) > 1",
    "step attempt": "SELECT max(sequence) FROM records WHERE step_name IS NOT NULL "
    "GROUP BY run_id, step_name, step_attempt HAVING count(*) > 1",
}
_META: Final = "SELECT name, value FROM meta ORDER BY name"
_LINKS: Final = (
    "SELECT l.link, l.sequence, r.links FROM links l "
    "LEFT JOIN records r ON r.sequence = l.sequence "
    "WHERE l.link > :link OR (l.link = :link AND l.sequence > :sequence) "
    f"ORDER BY l.link, l.sequence LIMIT {_PAGE}"
)
_ROWS: Final = (
    "SELECT sequence, links FROM records WHERE sequence > :after AND sequence <= :through "
    f"ORDER BY sequence LIMIT {_PAGE}"
)
_INDEXED: Final = "SELECT count(*) FROM links WHERE link = :link AND sequence = :sequence"
_RECORD: Final = f"SELECT {RECORD_COLUMNS} FROM records WHERE sequence = :sequence"
_NAME_KEYS: Final = "SELECT name, name_key, status, created FROM objects"


def find(database: Database) -> Iterator[Fault]:
    """Yield every fault. The columns of records and objects are for the caller to compare."""
    if database.dialect.name == "sqlite":
        yield from _sqlite_faults(database)
    yield from _missing_rows(database)
    for what, sql in _TWICE.items():
        for (sequence,) in database.query(sql):
            yield _about(database, sequence, f"{what} must stand in the store once")
    meta: dict[str, Any] = dict(database.query(_META))
    if meta.keys() != {"links_through", "schema_version"}:
        yield Fault(f"meta must hold links_through and schema_version (got {sorted(meta)})")
    through = meta.get("links_through", 0)
    yield from _link_faults(database, through if isinstance(through, int) else 0)
    yield from _name_key_faults(database)


def _sqlite_faults(database: Database) -> Iterator[Fault]:
    for (said,) in database.query(f"PRAGMA integrity_check({_SHOWN})"):
        if said != "ok":
            yield Fault(f"file must be sound ({said})")
    there = {
        (kind, name): sql
        for kind, name, sql in database.query("SELECT type, name, sql FROM sqlite_master")
        if not name.startswith("sqlite_")
    }
    expected = _expected()
    for key, sql in expected.items():
        if there.get(key) != sql:
            yield Fault(f"{key[0]} {key[1]} must be as MLSpec makes it", grave=key[0] == "table")
    for kind, name in there.keys() - expected.keys():
        # A stranger's trigger or view can make rows look or become other than they are.
        yield Fault(f"{kind} {name} must not be there", grave=kind in ("trigger", "view"))


def _expected() -> dict[tuple[str, str], str]:
    """Return what sqlite_master holds for a store: SQLite keeps each statement as it was given."""
    found = {}
    for sql in (*schema.tables(schema.SQLITE), *schema.SQLITE.guards):
        words = sql.split()
        kind = next(word for word in words if word in ("TABLE", "INDEX", "TRIGGER"))
        found[kind.lower(), words[words.index(kind) + 1]] = sql
    return found


def _missing_rows(database: Database) -> Iterator[Fault]:
    count, last, first = database.query(_COUNT)[0]
    if count == last and first == 1:
        return
    if first != 1:
        yield Fault(f"records must count from 1 (the first is {first}): rows were deleted")
    for gap, after in database.query(_GAPS):
        words = f"row number {gap} must be there: it was deleted, or the next one was moved"
        yield Fault(f"{words} ({as_bytes(after).hex()})")


def _link_faults(database: Database, through: int) -> Iterator[Fault]:
    """Compare the index with the rows' own links, which the caller compares with the payloads."""
    found, strays = 0, []
    link, sequence = b"", -1
    while page := database.query(_LINKS, {"link": link, "sequence": sequence}):
        for link, sequence, links in page:
            found += 1
            if links is None or sequence > through or as_bytes(link) not in split(as_bytes(links)):
                strays.append(sequence)
    for sequence in strays[:_SHOWN]:
        yield _about(database, sequence, "links must point from records that hold them")
    expected = sum(len(list(split(links))) for _, links in _rows(database, through))
    if found - len(strays) == expected:
        return
    for sequence, links in _rows(database, through):
        for link in split(links):
            if not database.query(_INDEXED, {"link": link, "sequence": sequence})[0][0]:
                yield _about(database, sequence, "links must hold every link of the record")
                break


def _rows(database: Database, through: int) -> Iterator[tuple[int, bytes]]:
    after = 0
    while page := database.query(_ROWS, {"after": after, "through": through}):
        for after, links in page:
            yield after, as_bytes(links)


def _name_key_faults(database: Database) -> Iterator[Fault]:
    for name, key, status, created in database.query(_NAME_KEYS):
        if key != (None if status == ARCHIVED else str(name).casefold()):
            yield _about(database, created, "objects.name_key must be that of the name")


def _about(database: Database, sequence: int, message: str) -> Fault:
    """Name the record that a fault concerns, if it is there."""
    rows = database.query(_RECORD, {"sequence": sequence})
    return Fault(message, unverified(rows[0]) if rows else None)


def schema_version(database: Database) -> int | None:
    """Return the version of the tables that are there. None: there are none of a store's."""
    if "meta" not in {row[0] for row in database.query(database.dialect.own_tables)}:
        return None
    try:
        rows = database.query("SELECT value FROM meta WHERE name = 'schema_version'")
    except StoreError:
        return None
    return rows[0][0] if rows and isinstance(rows[0][0], int) else None
