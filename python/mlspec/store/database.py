"""A connection to an engine, as far as a store needs one. No foreign error leaves it."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from mlspec.errors import StoreError
from mlspec.store.schema import Dialect

Row = tuple[Any, ...]
Parameters = Mapping[str, Any]


class Database(ABC):
    """One connection, used by one thread at a time and never taken along into a forked process.

    Attributes:
        dialect: How the engine differs from others.
        place: What errors call the store: a path or a URL without its password.
    """

    dialect: Dialect
    place: str

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._depth = 0

    @abstractmethod
    def run(self, sql: str, parameters: Parameters | None = None) -> list[Row]:
        """Execute one statement and return all its rows. Raises StoreError."""

    @abstractmethod
    def run_many(self, sql: str, rows: Sequence[Parameters]) -> None:
        """Execute one statement for each of `rows`. Raises StoreError."""

    @abstractmethod
    def disconnect(self) -> None:
        """Close the connection, if there is one."""

    @abstractmethod
    def abandon(self) -> None:
        """Forget the connection without touching it: it belongs to the process that forked."""

    def query(self, sql: str, parameters: Parameters | None = None) -> list[Row]:
        """Execute one statement by itself, not in the middle of another thread's transaction."""
        with self._lock:
            self._leave_parent()
            return self.run(sql, parameters)

    def close(self) -> None:
        """Close the connection. Closing twice does nothing."""
        with self._lock:
            self._leave_parent()
            self.disconnect()

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[None]:
        """Run the block in one transaction: all of it or nothing. One within another joins it.

        A write waits for other writers, at most the store's timeout, and is on disk afterwards.
        """
        with self._lock:
            self._leave_parent()
            if self._depth:
                yield
                return
            for statement in self.dialect.begin_write if write else self.dialect.begin_read:
                self.run(statement)
            self._depth = 1
            try:
                yield
                self.run("COMMIT")
            except BaseException:
                # A failed COMMIT may have ended the transaction already.
                with suppress(StoreError):
                    self.run("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def _leave_parent(self) -> None:
        if self._process != os.getpid():
            self.abandon()
            self._process = os.getpid()
            self._depth = 0
