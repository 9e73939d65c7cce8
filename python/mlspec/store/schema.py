"""The tables of a store, and what guards them. One text for every engine; the dialect differs.

`records` is the truth: one row a record, only ever added to, its envelope only ever growing by
signatures. Everything else is derived from it: the columns beside the envelope, `links` (who points
at what, for all rows up to `links_through`) and `objects` (where the object events lead).
The triggers stop accidents; malice is what `verify` is for.
"""

# ruff: noqa: S608 - statements are put together from constants; values are parameters.

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SCHEMA_VERSION: Final = 1

INDEX_COLUMNS: Final = (
    "record_id",
    "run_id",
    "stage",
    "namespace_name",
    "pipeline_name",
    "step_name",
    "step_attempt",
    "state",
    "create_time",
    "links",
)
OBJECT_COLUMNS: Final = (
    "object_id",
    "kind",
    "namespace_name",
    "name",
    "status",
    "created",
    "changed",
    "event",
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one engine differs from another.

    Attributes:
        name: "sqlite" or "postgresql".
        bytes_type: The column type of raw bytes.
        sequence_type: The column type of an integer primary key.
        table_suffix: What ends the table of links.
        begin_write: Statements that start a transaction in which nobody else writes.
        begin_read: Statements that start a transaction in which reads see one moment.
        contains: The condition that bytes `{whole}` hold bytes `{part}`.
        aside: A column in a condition that is not to choose an index: SQLite would take one that
            gives the order over one that finds few rows.
        own_tables: A query for the names of the tables that are there.
        guards: Triggers that keep rows from being changed or removed.
    """

    name: str
    bytes_type: str
    sequence_type: str
    table_suffix: str
    begin_write: tuple[str, ...]
    begin_read: tuple[str, ...]
    contains: str
    aside: str
    own_tables: str
    guards: tuple[str, ...]


_TABLES: Final = (
    "CREATE TABLE meta (name VARCHAR(64) PRIMARY KEY NOT NULL, value BIGINT NOT NULL)",
    "CREATE TABLE records (sequence {sequence_type}, sha256 {bytes_type} NOT NULL, "
    "record_id VARCHAR(36) NOT NULL, run_id VARCHAR(36) NOT NULL, stage BIGINT NOT NULL, "
    "namespace_name VARCHAR(255) NOT NULL, pipeline_name VARCHAR(255), step_name VARCHAR(255), "
    "step_attempt BIGINT, state BIGINT NOT NULL, create_time BIGINT NOT NULL, "
    "links {bytes_type} NOT NULL, envelope {bytes_type} NOT NULL)",
    "CREATE TABLE links (link {bytes_type} NOT NULL, sequence BIGINT NOT NULL, "
    "PRIMARY KEY (link, sequence)){table_suffix}",
    "CREATE TABLE objects (object_id VARCHAR(36) PRIMARY KEY NOT NULL, kind BIGINT NOT NULL, "
    "namespace_name VARCHAR(255) NOT NULL, name VARCHAR(255) NOT NULL, name_key VARCHAR(255), "
    "status BIGINT NOT NULL, created BIGINT NOT NULL, changed BIGINT NOT NULL, "
    "event {bytes_type} NOT NULL)",
)
_INDEXES: Final = (
    "CREATE UNIQUE INDEX records_sha256 ON records (sha256)",
    "CREATE UNIQUE INDEX records_record_id ON records (record_id)",
    "CREATE UNIQUE INDEX records_attempt ON records (run_id, step_name, step_attempt)",
    "CREATE UNIQUE INDEX records_manifest ON records (run_id) WHERE stage = 17",
    "CREATE INDEX records_stage ON records (stage)",
    "CREATE INDEX records_namespace ON records (namespace_name)",
    "CREATE INDEX records_step ON records (step_name)",
    "CREATE UNIQUE INDEX objects_name ON objects (kind, namespace_name, name_key)",
)
_META: Final = (
    f"INSERT INTO meta (name, value) VALUES ('schema_version', {SCHEMA_VERSION})",
    "INSERT INTO meta (name, value) VALUES ('links_through', 0)",
)


def _unchanged(columns: tuple[str, ...], same: str) -> str:
    return " AND ".join(f"NEW.{column} {same} OLD.{column}" for column in columns)


_FIXED: Final = ("sequence", "sha256", *INDEX_COLUMNS)
_OBJECT_FIXED: Final = ("object_id", "kind", "namespace_name", "created")


def _sqlite_guard(name: str, moment: str, condition: str, message: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {moment} "
        + (f"WHEN {condition} " if condition else "")
        + f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


# REPLACE removes rows without a DELETE trigger, so that each table refuses taken keys itself.
_SQLITE_GUARDS: Final = (
    _sqlite_guard(
        "records_added",
        "INSERT ON records",
        "NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM records) "
        "OR EXISTS (SELECT 1 FROM records WHERE sha256 = NEW.sha256) "
        "OR EXISTS (SELECT 1 FROM records WHERE record_id = NEW.record_id)",
        "records are added at the end, once each",
    ),
    _sqlite_guard(
        "records_kept",
        "UPDATE ON records",
        f"NOT ({_unchanged(_FIXED, 'IS')} AND length(NEW.envelope) > length(OLD.envelope) "
        "AND substr(NEW.envelope, 1, length(OLD.envelope)) = OLD.envelope)",
        "records are never changed, only countersigned",
    ),
    _sqlite_guard("records_not_deleted", "DELETE ON records", "", "records are never deleted"),
    _sqlite_guard("links_kept", "UPDATE ON links", "", "links are never changed"),
    _sqlite_guard("links_not_deleted", "DELETE ON links", "", "links are never deleted"),
    _sqlite_guard(
        "objects_added",
        "INSERT ON objects",
        "EXISTS (SELECT 1 FROM objects WHERE object_id = NEW.object_id)",
        "objects are created once",
    ),
    _sqlite_guard(
        "objects_kept",
        "UPDATE ON objects",
        f"NOT ({_unchanged(_OBJECT_FIXED, 'IS')} AND NEW.changed > OLD.changed)",
        "objects change by events only",
    ),
    _sqlite_guard("objects_not_deleted", "DELETE ON objects", "", "objects are never deleted"),
    _sqlite_guard(
        "meta_kept",
        "UPDATE ON meta",
        "NOT (NEW.name IS OLD.name AND NEW.value > OLD.value)",
        "meta only grows",
    ),
    _sqlite_guard("meta_not_deleted", "DELETE ON meta", "", "meta only grows"),
)


def _postgresql_guard(table: str, events: str, condition: str, message: str) -> tuple[str, ...]:
    name = f"{table}_{events.split()[0].lower()}_guard"
    when = f"WHEN ({condition}) " if condition else ""
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$",
        f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW {when}"
        f"EXECUTE FUNCTION {name}()",
    )


_SAME: Final = "IS NOT DISTINCT FROM"
_POSTGRESQL_GUARDS: Final = (
    *_postgresql_guard("records", "DELETE", "", "records are never deleted"),
    *_postgresql_guard(
        "records",
        "UPDATE",
        f"NOT ({_unchanged(_FIXED, _SAME)} AND length(NEW.envelope) > length(OLD.envelope) "
        "AND substring(NEW.envelope FROM 1 FOR length(OLD.envelope)) = OLD.envelope)",
        "records are never changed, only countersigned",
    ),
    *_postgresql_guard("links", "UPDATE OR DELETE", "", "links are never changed or deleted"),
    *_postgresql_guard("objects", "DELETE", "", "objects are never deleted"),
    *_postgresql_guard(
        "objects",
        "UPDATE",
        f"NOT ({_unchanged(_OBJECT_FIXED, _SAME)} AND NEW.changed > OLD.changed)",
        "objects change by events only",
    ),
    *_postgresql_guard("meta", "DELETE", "", "meta only grows"),
    *_postgresql_guard(
        "meta", "UPDATE", "NOT (NEW.name = OLD.name AND NEW.value > OLD.value)", "meta only grows"
    ),
)

SQLITE: Final = Dialect(
    name="sqlite",
    bytes_type="BLOB",
    sequence_type="INTEGER PRIMARY KEY NOT NULL",
    table_suffix=" WITHOUT ROWID",
    begin_write=("BEGIN IMMEDIATE",),
    begin_read=("BEGIN",),
    contains="instr({whole}, {part}) > 0",
    aside="+{column}",
    own_tables="SELECT name FROM sqlite_master WHERE type = 'table'",
    guards=_SQLITE_GUARDS,
)
POSTGRESQL: Final = Dialect(
    name="postgresql",
    bytes_type="BYTEA",
    sequence_type="BIGINT PRIMARY KEY NOT NULL",
    table_suffix="",
    # One writer at a time, as in SQLite: the rules then hold without retries. Readers go on. The
    # number is "mlspec" in ASCII; the lock is there before the tables are.
    begin_write=("BEGIN", "SELECT pg_advisory_xact_lock(120312560641379)"),
    begin_read=("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",),
    contains="position({part} in {whole}) > 0",
    aside="{column}",
    own_tables="SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
    guards=_POSTGRESQL_GUARDS,
)


def tables(dialect: Dialect) -> list[str]:
    """Return the statements that make the tables and indexes of an empty store."""
    made = [
        table.format(
            bytes_type=dialect.bytes_type,
            sequence_type=dialect.sequence_type,
            table_suffix=dialect.table_suffix,
        )
        for table in _TABLES
    ]
    return [*made, *_INDEXES]


def statements(dialect: Dialect) -> list[str]:
    """Return all statements that make an empty store, in order."""
    return [*tables(dialect), *dialect.guards, *_META]
