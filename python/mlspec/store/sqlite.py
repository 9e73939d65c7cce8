"""SQLite files through the standard library: what a store is by default.

SQLAlchemy stands between MLSpec and every other engine, but not here: importing it takes longer
than a whole `mlspec verify` may, and a statement through it longer than the statement itself
(docs/adr says how much). The statements are the same; tests run both ways over one file.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mlspec.errors import StoreError, StoreLockedError
from mlspec.store import schema
from mlspec.store.database import Database, Parameters, Row
from mlspec.store.sqlite_errors import not_a_store, translate

_MAGIC: Final = b"SQLite format 3\x00"
_RETRY_SECONDS: Final = 0.02
# Nothing in a file from elsewhere runs code, and its pages are checked as they are read.
_CAREFUL: Final = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA mmap_size = 0",
)


class SQLiteDatabase(Database):
    """One SQLite file. Opening neither creates a file nor follows a symbolic link, unless told."""

    dialect = schema.SQLITE

    def __init__(self, path: Path, *, create: bool, read_only: bool, timeout: float) -> None:
        """Open `path`. Raises StoreError.

        Args:
            path: The file.
            create: Whether to make it when it is not there.
            read_only: Whether nothing may be written, not even beside the file.
            timeout: How many seconds to wait for another writer.
        """
        super().__init__()
        self.place = str(path)
        self._path = path
        self._read_only = read_only
        self._timeout = timeout
        self._connection: sqlite3.Connection | None = None
        check_place(path, create=create and not read_only)
        self._mode = "rwc" if create else "rw"
        self._connect()
        self._mode = "rw"

    def run(self, sql: str, parameters: Parameters | None = None) -> list[Row]:
        """Execute one statement and return all its rows. Raises StoreError."""
        try:
            return self._open().execute(sql, parameters or {}).fetchall()
        except sqlite3.Error as error:
            raise translate(error, self.place) from error

    def run_many(self, sql: str, rows: Sequence[Parameters]) -> None:
        """Execute one statement for each of `rows`. Raises StoreError."""
        try:
            self._open().executemany(sql, rows)
        except sqlite3.Error as error:
            raise translate(error, self.place) from error

    def disconnect(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            except sqlite3.Error as error:
                raise translate(error, self.place) from error

    def abandon(self) -> None:
        """Forget the connection without closing it, which would meddle with the parent's locks."""
        if self._connection is not None:
            _ABANDONED.append(self._connection)
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        return self._connection or self._connect()

    def _connect(self) -> sqlite3.Connection:
        problem: StoreError | None = None
        for mode in self._modes():
            try:
                self._connection = self._connect_as(mode)
            except StoreLockedError:
                raise
            except StoreError as error:
                problem = problem or error
            else:
                return self._connection
        raise problem or not_a_store(self.place)

    def _modes(self) -> tuple[str, ...]:
        """Return how to open the file, best first."""
        if not self._read_only:
            return (self._mode,)
        if not self._is_at_rest():
            return ("ro",)
        # Who may write can clear away the log that SQLite makes even for reading; and a store on
        # a read-only medium has nobody who could change it meanwhile.
        return ("rw", "ro", "ro&immutable=1")

    def _connect_as(self, mode: str) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                f"file:{quote(str(self._path.absolute()))}?mode={mode}",
                uri=True,
                timeout=self._timeout,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
        except sqlite3.Error as error:
            raise translate(error, self.place) from error
        try:
            for pragma in _CAREFUL:
                connection.execute(pragma)
            if self._read_only:
                connection.execute("PRAGMA query_only = ON")
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
            else:
                self._use_write_ahead_log(connection)
        except sqlite3.Error as error:
            connection.close()
            raise translate(error, self.place) from error
        return connection

    def _use_write_ahead_log(self, connection: sqlite3.Connection) -> None:
        """Make commits durable, and readers and the writer independent of one another."""
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchall()
                break
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself when two processes make one file at once.
                problem = translate(error, self.place)
                if not isinstance(problem, StoreLockedError) or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
        connection.execute("PRAGMA synchronous = FULL")

    def _is_at_rest(self) -> bool:
        log = self._path.with_name(self._path.name + "-wal")
        try:
            return log.stat().st_size == 0
        except OSError:
            return True


_ABANDONED: Final[list[sqlite3.Connection]] = []


def check_place(path: Path, *, create: bool) -> None:
    """Refuse what is no SQLite file before SQLite touches it. Raises StoreError."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        if create:
            _check_folder(path)
            return
        raise StoreError(
            "must exist (there is no such file)",
            error_id="store.missing",
            source=str(path),
            remedy="Check the path; a run makes the store that it writes to.",
        ) from None
    except OSError as error:
        raise StoreError(
            f"must be readable ({error.strerror})", error_id="store.unreadable", source=str(path)
        ) from error
    if stat.S_ISLNK(found.st_mode) or not stat.S_ISREG(found.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "something else"
        raise StoreError(
            f"must be a regular file (got {what})",
            error_id="store.not_a_file",
            source=str(path),
            remedy="Name the file itself: its log lies beside it.",
        )
    _check_magic(path, may_be_empty=create)


def _check_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise StoreError(
            f"must lie in a folder that exists (got {path.parent})",
            error_id="store.missing",
            source=str(path),
            remedy="Make the folder first.",
        )


def _check_magic(path: Path, *, may_be_empty: bool) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        try:
            start = os.read(descriptor, len(_MAGIC))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreError(
            f"must be readable ({error.strerror})",
            error_id="store.unreadable",
            source=str(path),
            remedy="Check its permissions.",
        ) from error
    if start != _MAGIC and not (may_be_empty and not start):
        raise not_a_store(str(path))
