"""Finding a store by its path or URL, and making it where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlspec.errors import StoreCorruptError, StoreError, UsageError
from mlspec.store import schema, sql_faults
from mlspec.store.protocol import Store
from mlspec.store.sqlite_errors import not_a_store

if TYPE_CHECKING:
    from mlspec.store.database import Database

DEFAULT_TIMEOUT: Final = 30.0
"""How many seconds a writer waits for another one."""

_SQLITE_URL: Final = "sqlite:///"
_STREAM_SUFFIX: Final = ".mlspecs"


def open_store(
    url: str | Path,
    *,
    create: bool = True,
    read_only: bool = False,
    timeout: float = DEFAULT_TIMEOUT,
) -> Store:
    """Open a store, making it if there is none and `create` is set.

    Args:
        url: A path or `sqlite:///path`: an SQLite file. A path that ends in "/", or of a folder:
            a folder of envelopes. A path that ends in ".mlspecs": a stream of envelopes. Another
            URL: a database by SQLAlchemy, for example `postgresql+psycopg://host/database`.
        create: Whether to make the store if it is not there. Its folder must be.
        read_only: Whether nothing may be written.
        timeout: How many seconds to wait for another writer.

    Raises:
        UsageError: No store can be meant by `url`.
        StoreError: There is none, it cannot be read or made, it is something else, or it is of a
            newer version of MLSpec. A symbolic link in the place of the file is refused.
        StoreCorruptError: It holds triggers or views that MLSpec did not make.
    """
    text = str(url)
    create = create and not read_only
    if "://" in text and not text.startswith(_SQLITE_URL):
        return _open_by_url(text, create=create, read_only=read_only, timeout=timeout)
    path = Path(text.removeprefix(_SQLITE_URL))
    if not path.name:
        raise UsageError("must name a store", error_id="store.url", remedy="Give a path or URL.")
    if text.endswith("/") or path.is_dir():
        from mlspec.store.directory import DirectoryStore

        return DirectoryStore(path, create=create, read_only=read_only, timeout=timeout)
    if path.suffix == _STREAM_SUFFIX:
        from mlspec.store.stream import StreamStore

        return StreamStore(path, create=create, read_only=read_only, timeout=timeout)
    from mlspec.store.sqlite import SQLiteDatabase

    database = SQLiteDatabase(path, create=create, read_only=read_only, timeout=timeout)
    return _prepared(database, text, create=create, read_only=read_only)


def _open_by_url(url: str, *, create: bool, read_only: bool, timeout: float) -> Store:
    from mlspec.store.alchemy import AlchemyDatabase

    database = AlchemyDatabase(url, create=create, timeout=timeout, read_only=read_only)
    return _prepared(database, database.place, create=create, read_only=read_only)


def _prepared(database: Database, url: str, *, create: bool, read_only: bool) -> Store:
    from mlspec.store.sql import SqlStore

    try:
        version = sql_faults.schema_version(database)
        if version is None and create:
            version = _make(database)
        _check_version(version, database)
        if not read_only:
            _guard(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database, url)


def _make(database: Database) -> int | None:
    """Make the tables, unless another process has just done so."""
    with database.transaction(write=True):
        version = sql_faults.schema_version(database)
        if version is not None:
            return version
        if database.dialect.name == "sqlite" and database.query(database.dialect.own_tables):
            raise not_a_store(database.place)
        for statement in schema.statements(database.dialect):
            database.run(statement)
    return schema.SCHEMA_VERSION


def _check_version(version: int | None, database: Database) -> None:
    if version is None:
        raise not_a_store(database.place)
    if version > schema.SCHEMA_VERSION:
        raise StoreError(
            f"must have store version {schema.SCHEMA_VERSION} at most (got {version})",
            error_id="store.newer",
            source=database.place,
            remedy="Use the newer version of MLSpec that made it.",
        )


def _guard(database: Database) -> None:
    """Refuse foreign triggers before anything is written; put back guards that are gone."""
    if database.dialect.name != "sqlite":
        return
    guards = {sql.split()[2]: sql for sql in schema.SQLITE.guards}
    there = _triggers(database)
    foreign = sorted(there - guards.keys())
    if foreign:
        raise StoreCorruptError(
            f"must hold no trigger or view that MLSpec did not make (got {foreign[0][:64]!r})",
            error_id="store.foreign_trigger",
            source=database.place,
            remedy="It could change what is written: remove it, and verify the store.",
        )
    if guards.keys() - there:
        with database.transaction(write=True):
            for name in guards.keys() - _triggers(database):
                database.run(guards[name])


def _triggers(database: Database) -> set[str]:
    rows = database.query("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')")
    return {row[0] for row in rows}
