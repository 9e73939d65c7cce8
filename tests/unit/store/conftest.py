"""One store of each kind: what holds for one holds for all.

PostgreSQL is among them where MLSPEC_TEST_POSTGRESQL names a database to make schemas in, for
example postgresql+psycopg://postgres@127.0.0.1/postgres, and its driver is installed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlspec import open_store
from mlspec.records import new_id
from mlspec.store import Store

PLACES = {
    "sqlite": "{folder}/store.db",
    "sqlalchemy": "sqlite+pysqlite:///{folder}/store.db",
    "directory": "{folder}/store/",
    "stream": "{folder}/store.mlspecs",
}
POSTGRESQL = os.environ.get("MLSPEC_TEST_POSTGRESQL")
if POSTGRESQL:
    PLACES["postgresql"] = f"{POSTGRESQL}?options=-csearch_path%3D{{schema}}"


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of each kind can be made."""
    schema = f"test_{new_id().replace('-', '')}"
    if request.param == "postgresql" and POSTGRESQL:
        import sqlalchemy

        engine = sqlalchemy.create_engine(POSTGRESQL)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        engine.dispose()
    return PLACES[request.param].format(folder=tmp_path, schema=schema)


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    """An empty store of each kind."""
    with open_store(place) as made:
        yield made


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite store, in store.db of `tmp_path`."""
    with open_store(tmp_path / "store.db") as made:
        yield made


@pytest.fixture
def run() -> str:
    """The id of a new run."""
    return new_id()
