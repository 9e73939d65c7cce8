"""Every engine that SQLAlchemy knows, by URL. The only module that imports SQLAlchemy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from mlspec.errors import (
    StoreConflictError,
    StoreError,
    StoreLockedError,
    StoreUnwritableError,
    UsageError,
)
from mlspec.store import schema
from mlspec.store.database import Database, Parameters, Row
from mlspec.store.sqlite import check_place
from mlspec.store.sqlite_errors import translate

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine
    from sqlalchemy.sql.elements import TextClause

_DIALECTS: Final = {"sqlite": schema.SQLITE, "postgresql": schema.POSTGRESQL}
_LOCKED_STATES: Final = ("55P03", "40001", "40P01")
_UNWRITABLE_STATES: Final = ("53", "25006", "57P", "08")


class AlchemyDatabase(Database):
    """One connection through SQLAlchemy, by which transactions are begun and ended as told."""

    def __init__(self, url: str, *, create: bool, timeout: float, read_only: bool) -> None:
        """Connect. Raises UsageError for a URL of no known engine, StoreError."""
        super().__init__()
        parsed = _parse(url)
        self.place = parsed.render_as_string(hide_password=True)
        self.dialect = _DIALECTS[parsed.get_backend_name()]
        if self.dialect.name == "sqlite" and parsed.database:
            check_place(Path(parsed.database), create=create)
        self._timeout = timeout
        self._read_only = read_only
        self._connection: Connection | None = None
        self._engine = self._make_engine(parsed)
        self._connect()

    def run(self, sql: str, parameters: Parameters | None = None) -> list[Row]:
        """Execute one statement and return all its rows. Raises StoreError."""
        connection = self._connection or self._connect()
        try:
            if parameters is None:
                result = connection.exec_driver_sql(sql)
            else:
                result = connection.execute(_prepared(sql), dict(parameters))
            return [tuple(row) for row in result] if result.returns_rows else []
        except SQLAlchemyError as error:
            raise _translate(error, self.place) from error

    def run_many(self, sql: str, rows: Sequence[Parameters]) -> None:
        """Execute one statement for each of `rows`. Raises StoreError."""
        connection = self._connection or self._connect()
        try:
            connection.execute(_prepared(sql), [dict(row) for row in rows])
        except SQLAlchemyError as error:
            raise _translate(error, self.place) from error

    def disconnect(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()
            self._engine.dispose()

    def abandon(self) -> None:
        """Forget the connection: it belongs to the process that forked."""
        self._engine.dispose(close=False)
        self._connection = None

    def _make_engine(self, url: URL) -> Engine:
        try:
            engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        except (ImportError, SQLAlchemyError) as error:
            raise UsageError(
                f"must have its driver installed ({error})",
                error_id="store.driver",
                source=self.place,
                remedy="Install it, for example psycopg for PostgreSQL.",
            ) from error
        setup = self._setup()

        @event.listens_for(engine, "connect")
        def prepare(connection: object, _record: object) -> None:
            cursor = connection.cursor()  # type: ignore[attr-defined]
            for statement in setup:
                cursor.execute(statement)
            cursor.close()

        return engine

    def _setup(self) -> list[str]:
        milliseconds = int(self._timeout * 1000)
        if self.dialect.name == "sqlite":
            return [
                f"PRAGMA busy_timeout = {milliseconds}",
                "PRAGMA trusted_schema = OFF",
                f"PRAGMA query_only = {'ON' if self._read_only else 'OFF'}",
                *([] if self._read_only else ["PRAGMA journal_mode = WAL"]),
                "PRAGMA synchronous = FULL",
            ]
        read_only = "on" if self._read_only else "off"
        return [
            f"SET lock_timeout = {milliseconds}",
            f"SET default_transaction_read_only = {read_only}",
            "SET synchronous_commit = on",
        ]

    def _connect(self) -> Connection:
        try:
            self._connection = self._engine.connect()
        except (ImportError, SQLAlchemyError) as error:
            raise _translate(error, self.place) from error
        return self._connection


@lru_cache(maxsize=256)
def _prepared(sql: str) -> TextClause:
    return text(sql)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError) as error:
        raise UsageError("must be a database URL", error_id="store.url") from error
    if backend not in _DIALECTS:
        raise UsageError(
            f"must be a URL of {' or '.join(_DIALECTS)} (got {backend})",
            error_id="store.url",
            remedy="Use a path, sqlite:///path or postgresql+psycopg://host/database.",
        )
    return parsed


def _translate(error: Exception, place: str) -> StoreError:
    cause = error.orig if isinstance(error, DBAPIError) else None
    if cause is not None and hasattr(cause, "sqlite_errorname"):
        return translate(cause, place)  # type: ignore[arg-type]
    state = str(getattr(cause, "sqlstate", None) or "")
    said = str(cause or error).splitlines()[0][:200]
    if state in _LOCKED_STATES:
        return StoreLockedError(
            "must be free to write (another process holds it)",
            source=place,
            remedy="Wait for the other writer and try again, or give a longer timeout.",
        )
    if state.startswith(_UNWRITABLE_STATES):
        return StoreUnwritableError(f"must be writable ({said}); nothing was written", source=place)
    if state.startswith(("23", "P0001")):
        return StoreConflictError(f"must keep what it holds ({said})", source=place)
    return StoreError(f"must be usable ({said})", source=place)
