"""One store of each kind: what holds for one holds for all."""

from __future__ import annotations

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


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of each kind can be made."""
    return PLACES[request.param].format(folder=tmp_path)


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
