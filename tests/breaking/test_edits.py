"""Every kind of edit in the table is seen for what it is, by us and by buf with our plugin."""

from __future__ import annotations

import random

import pytest

from mlspec.breaking import RULES
from mlspec.cli import main
from tests.breaking.conftest import EDITS, Bench, Seen


@pytest.fixture(scope="session")
def by_buf(table: Bench) -> Seen:
    """What buf finds with our plugin."""
    return table.by_buf(plugin=True)


@pytest.fixture(scope="session")
def by_buf_alone(table: Bench) -> Seen:
    """What buf finds by itself."""
    return table.by_buf(plugin=False)


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_breaks_the_rules_that_the_table_names(table: Bench, name: str) -> None:
    """Those, and no other; additive edits break none."""
    assert {rule for _, rule in table.seen()[name]} == EDITS[name].breaks


@pytest.mark.parametrize("name", EDITS)
def test_buf_with_the_plugin_finds_the_same(table: Bench, by_buf: Seen, name: str) -> None:
    """In the same files."""
    assert by_buf[name] == table.seen()[name]


@pytest.mark.parametrize("name", EDITS)
def test_what_buf_finds_by_itself_has_its_name(table: Bench, by_buf_alone: Seen, name: str) -> None:
    """The rules that we share with buf are found exactly where buf finds them."""
    shared = {(file, rule) for file, rule in table.seen()[name] if RULES[rule].in_buf}
    assert by_buf_alone[name] == shared
    assert EDITS[name].buf_misses == bool(EDITS[name].breaks and not shared)


def test_the_table_is_as_long_as_it_says() -> None:
    """Kinds of edit, among them those that buf misses, and additive ones."""
    breaking = [edit for edit in EDITS.values() if edit.breaks]
    assert len(breaking) >= 44
    assert sum(edit.buf_misses for edit in breaking) >= 20
    assert len(EDITS) - len(breaking) >= 12


def test_every_rule_is_in_the_table() -> None:
    """A rule that no edit breaks is not known to work."""
    broken = frozenset().union(*(edit.breaks for edit in EDITS.values()))
    # buf reads no image that holds a MessageSet; tests/unit/breaking has this one.
    assert set(RULES) - broken == {"MESSAGE_SET_CHANGED"}


def test_every_finding_says_where_it_is(table: Bench) -> None:
    """The path leads to something in NEW, and a line is known unless a whole file is meant."""
    files = {file.name: file for file in table.new.file}
    for finding in table.findings:
        if finding.rule_id == "FILE_NO_DELETE":
            assert finding.file not in files
            continue
        located = {tuple(at.path) for at in files[finding.file].source_code_info.location}
        assert finding.path == () or finding.line > 0, finding
        # An option that is no longer there has no place of its own.
        assert finding.path in located or finding.rule_id.startswith("FILE_SAME_"), finding


@pytest.mark.parametrize("name", random.Random(3).sample(sorted(EDITS), 6))
def test_the_command_tells_the_same(
    table: Bench, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It exits with 1 if anything breaks, and names place and rule in a line each."""
    edit = EDITS[name]
    folders = [str(table.folder / side / "edits" / name) for side in ("old", "new")]
    for folder, files in zip(folders, (edit.before, edit.after), strict=True):
        # On its own, an edit imports from where it stands.
        for file, text in files.items():
            path = table.folder / "alone" / folder.strip("/") / "edits" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    alone = [str(table.folder / "alone" / folder.strip("/")) for folder in folders]
    assert main(["breaking", *alone]) == bool(edit.breaks)
    lines = capsys.readouterr().out.splitlines()
    found = {finding for finding in table.findings if f"/{name}/" in f"{finding.file}/"}
    assert sorted(lines) == sorted(map(str, found))
