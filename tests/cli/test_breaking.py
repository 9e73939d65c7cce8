"""`mlspec breaking`: what breaks, for whom, and whether it was declared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlspec.breaking import Audience
from tests.cli.conftest import Call

DECLARED = """\
[[breaks]]
rule = "FIELD_NO_DELETE"
element = "shop.v1.Order.tag"
migration = "migration.md"
"""


@pytest.fixture
def edited(bench: Path) -> Path:
    """The folder after an edit: a field is deleted, another one has got a name in JSON."""
    path = bench / "proto" / "order.proto"
    text = path.read_text().replace(" bytes tag = 2;", "")
    text = text.replace("= 1;", '= 1 [json_name = "no"];')
    path.write_text(text)
    return bench


def test_no_change_is_said_and_exits_with_0(bench: Path, call: Call) -> None:
    """A line on standard error, nothing on standard output."""
    done = call("breaking", "released.binpb", "proto")
    assert (done.code, done.out, done.err) == (0, "", "no breaking change\n")


def test_each_break_is_a_line_the_worst_first(edited: Path, call: Call) -> None:
    """The place, the rule, the element, what happened, and who breaks; then how many."""
    done = call("breaking", "v1.2.0:proto", "proto")
    assert done.code == 1
    assert done.out.splitlines() == [
        "order.proto:1: FIELD_NO_DELETE shop.v1.Order.tag: field 2 was deleted"
        " (breaks new readers, old writers, JSON users, generated code)",
        "order.proto:1: FIELD_SAME_JSON_NAME shop.v1.Order.id: was id, is no (breaks JSON users)",
    ]
    assert done.err == (
        "2 breaking changes, 0 declared: 1 for new readers, 1 for old writers,"
        " 2 for JSON users, 1 for generated code\n"
    )


def test_only_asks_for_whom(edited: Path, call: Call) -> None:
    """One or more, in one option or in several."""
    whom = ("--only", "old-writers,generated-code")
    assert call("breaking", "main:proto", "proto", *whom).out.count("\n") == 1
    assert (
        call("breaking", "main:proto", "proto", *whom, "--only", "json-users").out.count("\n") == 2
    )
    assert call("breaking", "main:proto", "proto", "--only", "old-readers").code == 0
    wrong = call("breaking", "main:proto", "proto", "--only", "writers")
    assert wrong.code == 2
    assert ", ".join(Audience) in wrong.err


def test_a_declared_break_passes_and_the_rest_does_not(edited: Path, call: Call) -> None:
    """The declared one comes last, with its page."""
    (edited / "migration.md").write_text("Stop sending the tag.\n")
    (edited / "breaks.toml").write_text(DECLARED)
    arguments = ("breaking", "main:proto", "proto", "--declared", "breaks.toml")
    done = call(*arguments)
    assert done.code == 1
    first, last = done.out.splitlines()
    assert "FIELD_SAME_JSON_NAME" in first
    assert last.endswith("; declared, see migration.md")
    assert call(*arguments, "--only", "new-readers").code == 0
    (edited / "migration.md").unlink()
    without = call(*arguments, "--only", "new-readers")
    assert without.code == 1
    assert "migration page migration.md must be readable" in without.out


def test_a_declared_break_that_did_not_happen_fails(bench: Path, call: Call) -> None:
    """The file says what is so."""
    (bench / "migration.md").write_text("Stop sending the tag.\n")
    (bench / "breaks.toml").write_text(DECLARED)
    done = call("breaking", "main:proto", "proto", "--declared", "breaks.toml")
    assert done.code == 1
    assert "FIELD_NO_DELETE shop.v1.Order.tag is declared, and did not happen" in done.out


def test_programs_get_json(edited: Path, call: Call) -> None:
    """The exit code, every finding with who breaks and what to do, and problems of declarations."""
    (edited / "migration.md").write_text("Stop sending the tag.\n")
    (edited / "breaks.toml").write_text(DECLARED)
    done = call("breaking", "main:proto", "proto", "--declared", "breaks.toml", "--json")
    found = json.loads(done.out)
    assert (found["exitCode"], found["problems"]) == (done.code, []) == (1, [])
    assert [(each["rule"], each.get("declared")) for each in found["findings"]] == [
        ("FIELD_SAME_JSON_NAME", None),
        ("FIELD_NO_DELETE", "migration.md"),
    ]
    assert found["findings"][0]["breaks"] == ["json-users"]
    assert done.err == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing", "proto"),
        ("v9:proto", "proto"),
        ("table.csv", "proto"),
        ("proto", "keys"),
        ("proto", "proto", "--declared", "nothing.toml"),
        ("proto",),
    ],
)
def test_what_cannot_be_compared_exits_with_2(
    bench: Path, call: Call, arguments: tuple[str, ...]
) -> None:
    """Not with 1: that something breaks is not known."""
    done = call("breaking", *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("mlspec: ")
