"""The benchmarks run and give ratios. How large these are is never tested: machines differ."""

import sys
from pathlib import Path

import pytest

from benchmarks import environments, rows, table
from benchmarks.measuring import Measured, Worker, measure


def test_every_row_of_ours_is_measured_and_gives_the_ratios_it_stands_in(tmp_path: Path) -> None:
    """One short round without peers measures all that needs none, and skips nothing."""
    wanted = [row for row in rows.ROWS if row.environment == rows.OURS]
    pythons = {rows.OURS: Path(sys.executable)}
    found = measure(
        wanted, pythons, tmp_path, rounds=1, budget=0, progress=lambda words: None, small=True
    )
    assert found.skipped == {}
    medians = found.medians()
    assert set(medians) == {row.key for row in wanted}
    assert all(seconds > 0 for seconds in medians.values())
    keys = set(medians)
    both = [ratio for ratio in rows.RATIOS if {ratio.above, ratio.below} <= keys]
    assert [ratio for ratio, _ in table.ratios(medians)] == both
    assert len(both) > 5


def test_ratios_name_rows_and_rows_name_what_exists() -> None:
    """A row that no ratio finds, or a peer without requirements, would be missed in silence."""
    keys = [row.key for row in rows.ROWS]
    assert len(set(keys)) == len(keys)
    assert {row.section for row in rows.ROWS} == set(rows.SECTIONS)
    for ratio in rows.RATIOS:
        assert {ratio.above, ratio.below} <= set(keys)
    for row in rows.ROWS:
        assert (Path(environments.__file__).parent / "cases" / f"{row.module}.py").is_file()
    for peer in rows.peers():
        assert (environments.REQUIREMENTS / f"{peer}.txt").is_file()


@pytest.mark.parametrize(
    ("sense", "value", "met"),
    [
        ("at most", 3.0, True),
        ("at most", 3.1, False),
        ("at least", 3.0, True),
        ("at least", 2.9, False),
    ],
)
def test_a_target_is_met_up_to_and_with_its_bound(sense: str, value: float, met: bool) -> None:
    """Both senses include the target itself."""
    assert rows.Ratio("mlspec", "signature", sense, 3).met(value) is met  # type: ignore[arg-type]


def test_the_table_says_what_was_missed_and_what_was_skipped_and_why() -> None:
    """A missed target and an absent peer are told as plainly as a met one."""
    found = Measured(
        rounds={"signature": [1e-5, 3e-5, 2e-5], "mlspec": [8e-5], "python": [0.01]},
        skipped={"openlineage": "no such version"},
    )
    text = table.as_text(found, {"system": "a machine"}, "python -m benchmarks")
    assert "20.0 us" in text
    assert "4.00 x  at most 3: MISSED" in text
    assert "skipped  no such version" in text
    assert "10.0 ms" in text
    assert "system: a machine" in text
    data = table.as_data(found, {}, "python -m benchmarks")
    assert [ratio["met"] for ratio in data["ratios"]] == [False]
    assert {row["key"]: row["skipped"] for row in data["rows"]}["openlineage"] == "no such version"


@pytest.mark.parametrize(("fsync", "word"), [(0.0009, "met"), (0.0011, "not judged")])
def test_durable_targets_are_not_judged_while_the_disk_is_busy(fsync: float, word: str) -> None:
    """A step that waits 3 ms for the disk is no better for being as slow as its floor."""
    found = Measured(rounds={"fsync": [fsync], "sqlite": [0.001], "step": [0.0014]})
    assert f"at most 1.5: {word}" in table.as_text(found, {}, "")


def test_a_case_that_fails_is_skipped_with_its_reason(tmp_path: Path) -> None:
    """One broken row neither ends the run nor hides why."""
    rows_ = [
        rows.Row("none", rows.RECORD, "no such case", "signing", "none"),
        rows.Row("signature", rows.RECORD, "signature", "signing", "signature"),
    ]
    pythons = {rows.OURS: Path(sys.executable)}
    told: list[str] = []
    found = measure(rows_, pythons, tmp_path, rounds=2, budget=0.0, progress=told.append)
    assert found.skipped == {"none": "KeyError: 'none'"}
    assert len(found.rounds["signature"]) == 2
    assert "no such case: KeyError: 'none'" in told


def test_a_worker_that_cannot_start_is_told_by_its_last_words(tmp_path: Path) -> None:
    """A process that dies leaves its last line as the reason."""
    place = tmp_path / "file"
    place.write_text("no folder")
    worker = Worker(Path(sys.executable), "signing", logs=tmp_path, scratch=place)
    with worker, pytest.raises(RuntimeError, match="NotADirectoryError"):
        worker.ask("signature", 0.0)


def test_a_peer_that_cannot_be_installed_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is the installer's."""
    monkeypatch.setattr(environments, "PLACE", tmp_path)
    monkeypatch.setattr(environments, "REQUIREMENTS", tmp_path)
    (tmp_path / "ghost.txt").write_text(f"ghost @ {(tmp_path / 'ghost.whl').as_uri()}\n")
    with pytest.raises(environments.NotInstallableError, match="ghost"):
        environments.python_of("ghost")
