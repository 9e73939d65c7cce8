"""A log's leaves become rows, without losing or inventing anything."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from mlspec import v1
from mlspec.errors import DecodeError, InputError, MLSpecError
from mlspec.requestlog import leaf_hash
from mlspec.requestlog.checking import export_log, exporting, record_batch
from tests.unit.requestlog.checking import folders


def entries() -> list[v1.LogEntry]:
    """One leaf of each kind that has columns, and some that have none."""
    full = folders.request(3)
    made = full.inference
    made.response_size_bytes = 0
    made.model.prediction.number_value = 0.0
    made.model.prediction.threshold = 0.5
    made.principal_reasons.add(code="R07", description="Total debts are high")
    made.principal_reasons.add(description="The amount is high")
    made.outcome = v1.INFERENCE_OUTCOME_FAILED
    made.error_kind = "ValueError"
    feedback = v1.InferenceFeedback(request_id="request-000003", usefulness_rate=0)
    feedback.feedback_time.FromMicroseconds(1_700_000_009_000_001)
    feedback.ground_truth.bool_value = False
    dropped = v1.DroppedEntries(dropped_count=12)
    return [
        *folders.plain(3),
        full,
        v1.LogEntry(feedback=feedback),
        v1.LogEntry(dropped=dropped),
        folders.request(6),
    ]


def rows_of(folder: Path, **more: Any) -> list[dict[str, Any]]:
    """Export a log of these entries and read the file back."""
    leaves = folders.leaves_of(entries())
    log = folders.write(folder / "log", leaves)
    assert export_log(log, folder / "out.parquet", **more) == len(leaves)
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(folder / "out.parquet").to_pylist()
    assert [row["leaf_sha256"] for row in rows] == [leaf_hash(leaf) for leaf in leaves]
    if more.get("entries"):
        assert [row["entry"] for row in rows] == leaves
    return rows


def test_each_leaf_is_a_row(tmp_path: Path) -> None:
    """In order, with its kind; columns of other kinds are null."""
    rows = rows_of(tmp_path)
    assert [row["sequence_number"] for row in rows] == list(range(7))
    assert [row["kind"] for row in rows] == [
        "opened",
        "deployment_change",
        "inference",
        "inference",
        "feedback",
        "dropped",
        "inference",
    ]
    said = [{name for name, value in row.items() if value is not None} for row in rows]
    place = {"sequence_number", "leaf_sha256", "kind"}
    assert said[0] == said[1] == place
    assert said[5] == place | {"dropped_count"}
    assert (
        said[2]
        == said[6]
        == place
        | {
            "request_id",
            "request_time",
            "latency_us",
            "outcome",
            "status_code",
            "deployment_sha256",
            "model_name",
            "model_version",
            "model_sha256",
            "decision",
        }
    )


def test_what_a_request_says_stands_in_its_row(tmp_path: Path) -> None:
    """Zero is a value, and absent is not zero."""
    row = rows_of(tmp_path)[3]
    assert row["request_id"] == "request-000003"
    assert row["request_time"].timestamp() == 1_700_000_005
    assert row["latency_us"] == 2_000
    assert row["outcome"] == "failed"
    assert row["error_kind"] == "ValueError"
    assert (row["response_size_bytes"], row["number_value"], row["threshold"]) == (0, 0.0, 0.5)
    assert (row["integer_value"], row["input_size_bytes"]) == (None, None)
    assert row["principal_reasons"] == ["R07", "The amount is high"]
    assert row["deployment_sha256"] == hashlib.sha256(b"deployment").digest()


def test_what_feedback_says_stands_in_its_row(tmp_path: Path) -> None:
    """Under names of its own."""
    row = rows_of(tmp_path)[4]
    assert row["feedback_request_id"] == "request-000003"
    assert row["feedback_time"].microsecond == 1
    assert (row["usefulness_rate"], row["truth_bool"], row["truth_number"]) == (0.0, False, None)
    assert row["request_id"] is None


def test_the_leaves_themselves_if_asked(tmp_path: Path) -> None:
    """Byte for byte, in a column of their own."""
    assert "entry" in rows_of(tmp_path / "with", entries=True)[0]
    assert "entry" not in rows_of(tmp_path / "without")[0]


def test_processes_write_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups are in order, whoever made them."""
    log = folders.write(tmp_path / "log", folders.leaves_of(folders.plain(700)))
    monkeypatch.setattr(exporting, "_ROWS", 256)
    seen: list[tuple[int, int]] = []
    export_log(log, tmp_path / "one", progress=lambda *done: seen.append(done))
    export_log(log, tmp_path / "two", processes=2)
    assert seen == [(256, 700), (512, 700), (700, 700)]
    one, two = (pyarrow.parquet.read_table(tmp_path / name) for name in ("one", "two"))
    assert one.equals(two)


def test_pruned_leaves_have_no_rows(tmp_path: Path) -> None:
    """What is gone cannot be written."""
    log = folders.write(tmp_path / "log", folders.leaves_of(folders.plain(600)))
    (log / "tile/entries/000").unlink()
    (log / "pruned").write_bytes(b"256\n")
    assert export_log(log, tmp_path / "out") == 344
    table = pyarrow.parquet.read_table(tmp_path / "out")
    assert table["sequence_number"][0].as_py() == 256


def test_an_empty_log_is_an_empty_table(tmp_path: Path) -> None:
    """With all its columns."""
    log = folders.write(tmp_path / "log", [])
    assert export_log(log, tmp_path / "out") == 0
    assert "request_id" in pyarrow.parquet.read_table(tmp_path / "out").column_names


def test_nothing_is_overwritten_or_left_behind(tmp_path: Path) -> None:
    """A file that is there stays; a log that cannot be read leaves none."""
    log = folders.write(tmp_path / "log", folders.leaves_of(folders.plain(300)))
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(InputError, match="must not exist yet"):
        export_log(log, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"mine"
    (log / "tile/entries/000").unlink()
    with pytest.raises(MLSpecError):
        export_log(log, tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "out"]
    with pytest.raises(MLSpecError, match="must be writable"):
        export_log(log, tmp_path / "nowhere" / "out")


def test_unknown_values_are_shown_and_impossible_ones_refused() -> None:
    """An outcome of a newer version is its number; a time beyond all calendars fits no column."""
    odd = folders.request()
    odd.inference.outcome = 77  # type: ignore[assignment]
    (leaf,) = folders.leaves_of([odd])
    assert record_batch(0, [leaf + b"\xfa\x3f\x01x"]).to_pylist()[0]["outcome"] == "77"
    odd.inference.request_time.seconds = 2**62
    (leaf,) = folders.leaves_of([odd])
    with pytest.raises(InputError, match="columns can hold"):
        record_batch(0, [leaf])
    with pytest.raises(DecodeError):
        record_batch(0, [b"junk"])
