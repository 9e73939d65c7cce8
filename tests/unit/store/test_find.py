"""Finding records: by everything they can be found by, before and after they are indexed."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlspec import open_store, v1
from mlspec.errors import UsageError
from mlspec.records import new_id
from mlspec.store import Store, sql_links
from mlspec.store.schema import SQLITE
from tests.unit.store import making


def found(store: Store, **wanted: object) -> list[str]:
    """The digests of the records that match."""
    return [row.hex for row in store.records(**wanted)]  # type: ignore[arg-type]


def test_records_are_found_by_what_they_say(store: Store) -> None:
    """Each by itself, and several at once."""
    runs = [new_id(), new_id()]
    first = making.sealed(runs[0], step="train", makes=["model"], reads=["table"])
    second = making.sealed(runs[0], v1.DataAnalysis(), step="look", reads=["table", "model"])
    third = making.sealed(runs[1], step="train", namespace="cards/eu", reads=["other"])
    for record in (first, second, third):
        store.put(record)
    assert found(store) == [first.hex, second.hex, third.hex]
    assert found(store, run=runs[0]) == [first.hex, second.hex]
    assert found(store, stage=v1.STAGE_MODEL_TRAINING) == [first.hex, third.hex]
    assert found(store, namespace="cards/eu") == [third.hex]
    assert found(store, step="train") == [first.hex, third.hex]
    assert found(store, artifact=making.digest("table")) == [first.hex, second.hex]
    assert found(store, artifact=making.digest("model"), use="output") == [first.hex]
    assert found(store, artifact=making.digest("model"), use="input") == [second.hex]
    assert found(store, step="train", artifact=making.digest("table")) == [first.hex]
    assert found(store, run=runs[1], stage=v1.STAGE_DATA_ANALYSIS) == []
    assert found(store, limit=2) == [first.hex, second.hex]
    assert found(store, artifact=v1.Digest(blake3=making.digest("table").sha256)) == []
    assert list(store.run_ids()) == runs


def test_records_are_found_by_the_start_of_their_digest(store: Store, run: str) -> None:
    """At most two come back: enough to know that it is ambiguous."""
    kept = [making.sealed(run) for _ in range(3)]
    for record in kept:
        store.put(record)
    for record in kept:
        assert [row.hex for row in store.resolve(record.hex[:16])] == [record.hex]
        assert [row.hex for row in store.resolve(record.hex)] == [record.hex]
    for wrong in ("", "abc", "xyz123", "A" * 8, "0" * 65):
        with pytest.raises(UsageError):
            store.resolve(wrong)


def test_links_are_found_before_and_after_they_are_indexed(sqlite: Store, run: str) -> None:
    """A look-up sees both sides of the line up to which links are indexed."""
    root = making.sealed(run)
    sqlite.put(root)
    kept = []
    for number in range(sql_links.BATCH + 3):
        record = making.sealed(run, reads=[f"file {number}"], parents=[root.reference])
        sqlite.put(record)
        kept.append(record.hex)
    place = sqlite3.connect(sqlite.url)
    through = place.execute("SELECT value FROM meta WHERE name = 'links_through'").fetchone()[0]
    place.close()
    assert 0 < through < sqlite.size()
    assert [child.hex for child in sqlite.children(root.digest)] == kept
    for number, name in enumerate(kept):
        assert found(sqlite, artifact=making.digest(f"file {number}")) == [name]


NAMES = st.sampled_from(["a", "b", "c"])
RECORDS = st.lists(
    st.tuples(
        st.sampled_from([0, 1]),
        st.sampled_from([v1.STAGE_MODEL_TRAINING, v1.STAGE_DATA_ANALYSIS]),
        st.one_of(st.none(), NAMES),
        st.sets(NAMES, max_size=3),
        st.sets(NAMES, max_size=3),
    ),
    max_size=12,
)


@given(
    rows=RECORDS,
    run=st.sampled_from([None, 0, 1]),
    stage=st.sampled_from([None, 3, 7]),
    step=st.one_of(st.none(), NAMES),
    artifact=st.one_of(st.none(), NAMES),
    batch=st.integers(1, 6),
)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_finding_is_what_looking_at_each_record_would_give(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[tuple[int, v1.Stage.ValueType, str | None, set[str], set[str]]],
    run: int | None,
    stage: int | None,
    step: str | None,
    artifact: str | None,
    batch: int,
) -> None:
    """Whatever was stored, whatever is asked for, however far the index has come."""
    monkeypatch.setattr(sql_links, "BATCH", batch)
    runs, expected = [new_id(), new_id()], []
    place = tmp_path_factory.mktemp("model") / "store.db"
    with open_store(place) as store:
        for which, about, name, reads, makes in rows:
            body = v1.ModelTraining() if about == v1.STAGE_MODEL_TRAINING else v1.DataAnalysis()
            attempt = store.next_attempt(runs[which], name or "")
            record = making.sealed(
                runs[which], body, step=name, attempt=attempt, reads=reads, makes=makes
            )
            store.put(record)
            if (
                run in (None, which)
                and stage in (None, about)
                and step in (None, name)
                and (artifact is None or artifact in reads | makes)
            ):
                expected.append(record.hex)
        assert expected == found(
            store,
            run=None if run is None else runs[run],
            stage=stage,
            step=step,
            artifact=None if artifact is None else making.digest(artifact),
        )


@pytest.mark.parametrize(
    ("columns", "pointers", "index"),
    [
        (["run_id"], 0, "records_attempt (run_id=?)"),
        (["run_id", "step_name"], 0, "records_attempt (run_id=?)"),
        (["run_id", "namespace_name", "stage"], 2, "INTEGER PRIMARY KEY (rowid=?)"),
        (["stage"], 2, "INTEGER PRIMARY KEY (rowid=?)"),
        ([], 1, "INTEGER PRIMARY KEY (rowid=?)"),
        (["step_name", "stage"], 0, "records_step (step_name=? AND rowid>?)"),
        (["namespace_name", "stage"], 0, "records_namespace (namespace_name=? AND rowid>?)"),
        (["stage"], 0, "records_stage (stage=? AND rowid>?)"),
    ],
)
def test_a_question_uses_the_index_that_finds_the_fewest_rows(
    sqlite: Store, tmp_path: Path, columns: list[str], pointers: int, index: str
) -> None:
    """No question that is asked of a big store reads it from end to end."""
    sqlite.put(making.sealed(new_id()))
    place = sqlite3.connect(tmp_path / "store.db")
    question = sql_links.records_where(SQLITE, columns, pointers)
    parameters = dict.fromkeys((*columns, "link0", "link1", "after", "page"), 0)
    plan = [row[3] for row in place.execute(f"EXPLAIN QUERY PLAN {question}", parameters)]
    place.close()
    assert plan[0].endswith(index)
    assert not [step for step in plan if step.startswith("SCAN")]
