"""Breaks that are meant: what a declaration must say, and what it covers."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec.breaking import Declared, Finding, read_declared
from mlspec.errors import DecodeError, UnreadableError
from tests.unit.breaking.making import findings

ENTRY = """
[[breaks]]
rule = "FIELD_NO_DELETE"
element = "t.A.b"
migration = "pages/move.md"
"""
PAGE = """\
# Moving

## From `b` to c: how

## From `b` to c: how

```markdown
## Not a heading
```
"""


@pytest.fixture
def deleted() -> Finding:
    """A field was deleted."""
    (found,) = findings("message A { int32 a = 1; int32 b = 2; }", "message A { int32 a = 1; }")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a migration page."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "move.md").write_text(PAGE)
    return tmp_path


def declare(folder: Path, text: str) -> Declared:
    """The breaks that a file with this text declares."""
    (folder / "breaks.toml").write_text(text)
    return read_declared(folder / "breaks.toml")


@pytest.mark.parametrize(
    "more", ["", 'file = "t.proto"', 'message = "field 2 was deleted"', 'file = ""']
)
def test_a_break_is_declared_by_rule_and_element(folder: Path, deleted: Finding, more: str) -> None:
    """File and message may narrow it."""
    declared = declare(folder, ENTRY + more)
    assert declared.page(deleted) == "pages/move.md"
    assert declared.problems([deleted]) == []


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("FIELD_NO_DELETE", "FIELD_SAME_NAME"),
        ("t.A.b", "t.A.c"),
        ('migration = "pages/move.md"', 'migration = "pages/move.md"\nfile = "u.proto"'),
        ('migration = "pages/move.md"', 'migration = "pages/move.md"\nmessage = "else"'),
    ],
)
def test_another_break_is_not_declared_with_it(
    folder: Path, deleted: Finding, part: str, other: str
) -> None:
    """And the one that is declared did not happen."""
    declared = declare(folder, ENTRY.replace(part, other))
    assert declared.page(deleted) is None
    (line,) = declared.problems([deleted])
    assert line.endswith("is declared, and did not happen")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("pages/move.md#from-b-to-c-how", ""),
        ("pages/move.md#from-b-to-c-how-1", ""),
        ("pages/move.md#from-b-to-c-how-2", "must have a heading for #from-b-to-c-how-2"),
        ("pages/move.md#not-a-heading", "must have a heading"),
        ("pages/none.md", "must be readable"),
        ("pages/empty.md", "must say what users do"),
        ("pages/move.txt", "must be a Markdown file"),
        ("/etc/move.md", "must be a Markdown file (.md), named relative"),
    ],
)
def test_the_page_must_be_there(folder: Path, deleted: Finding, page: str, reason: str) -> None:
    """With something on it, and with the heading that the anchor names."""
    (folder / "pages" / "empty.md").write_text(" \n")
    lines = declare(folder, ENTRY.replace("pages/move.md", page)).problems([deleted])
    assert [reason in line for line in lines] == ([True] if reason else [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("breaks = 1", r"must hold \[\[breaks\]\] and nothing else"),
        ("other = 1", r"must hold \[\[breaks\]\] and nothing else"),
        ("breaks = [1]", "must be a table of strings"),
        (ENTRY + "file = 1", "must be a table of strings"),
        (ENTRY + 'files = "t.proto"', "must hold only"),
        (ENTRY.replace("element", "# element"), "lacks element"),
        (ENTRY.replace("FIELD_NO_DELETE", "NO_SUCH_RULE"), "must name a rule"),
        ("[[breaks", "must be TOML"),
    ],
)
def test_a_malformed_file_is_refused(folder: Path, text: str, reason: str) -> None:
    """Nothing in it is ignored."""
    with pytest.raises(DecodeError, match=reason):
        declare(folder, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Rather than to declare nothing."""
    with pytest.raises(UnreadableError):
        read_declared(tmp_path / "breaks.toml")


def test_an_empty_file_declares_nothing(folder: Path) -> None:
    """Most days."""
    assert declare(folder, "").breaks == declare(folder, "breaks = []").breaks == ()
