"""A store and an environment that costs nothing to capture."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlspec import Run, open_store, v1
from mlspec.store import Store
from tests.unit.store import making


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with open_store(tmp_path / "store.db") as made:
        yield made


@pytest.fixture
def environment() -> v1.Environment:
    """What would be captured, in short."""
    return v1.Environment(language="CPython")


@pytest.fixture
def run(store: Store, environment: v1.Environment) -> Run:
    """A run that has begun."""
    return Run(
        "loan-approval",
        store=store,
        signer=making.KEY,
        namespace="loans",
        pipeline_version="2",
        environment=environment,
        actor=v1.Actor(kind=v1.ACTOR_KIND_TEAM, identity="risk@bank.example"),
        tags={"team": "risk"},
    )
