"""A break of the specification passes only if it is declared, and never from 1.0.0 on."""

from pathlib import Path

import pytest

from tools.breaking import Break, declared, problems
from tools.places import ToolError

RENAMED = Break("mlspec/v1/digest.proto", "FIELD_SAME_NAME", "Field 1 changed its name.")
DECLARED = """\
[[breaks]]
file = "mlspec/v1/digest.proto"
rule = "FIELD_SAME_NAME"
message = "Field 1 changed its name."
migration = "Write value instead of bytes."
"""


def test_nothing_changed_and_nothing_declared_is_well() -> None:
    """Most days."""
    assert problems(set(), set(), "0.1.0") == []


def test_an_undeclared_break_is_named() -> None:
    """With the file, the rule and the release it breaks."""
    assert problems({RENAMED}, set(), "0.1.0") == [f"{RENAMED} (since 0.1.0)"]


def test_a_declared_break_passes_before_1_0_0(tmp_path: Path) -> None:
    """The declaration repeats what buf says, and tells users what to do."""
    path = tmp_path / "breaks.toml"
    path.write_text(DECLARED)
    assert declared(path) == {RENAMED}
    assert problems({RENAMED}, declared(path), "0.9.3") == []


def test_no_declaration_helps_from_1_0_0_on() -> None:
    """v1 never breaks."""
    (found,) = problems({RENAMED}, {RENAMED}, "1.0.0")
    assert "v1 never breaks" in found


def test_a_declared_break_that_did_not_happen_is_refused() -> None:
    """The list says what is so."""
    assert problems(set(), {RENAMED}, "0.1.0") == [f"{RENAMED} (declared, but it did not happen)"]


def test_a_declaration_without_a_migration_is_refused(tmp_path: Path) -> None:
    """A break that does not say what its users do is not declared."""
    path = tmp_path / "breaks.toml"
    path.write_text(DECLARED.replace("Write value instead of bytes.", ""))
    with pytest.raises(ToolError, match="must have file, rule, message and migration"):
        declared(path)
