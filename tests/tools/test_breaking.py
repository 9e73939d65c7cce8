"""A break of the specification passes only if it is declared, and never from 1.0.0 on."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mlspec.breaking import Declared, Finding, compare, load_image, read_declared
from mlspec.errors import DecodeError
from tools.breaking import by_buf, by_us, differences, problems
from tools.release import newest

NOTHING = Declared((), Path("breaks.toml"))
DECLARED = """\
[[breaks]]
rule = "FIELD_NO_DELETE"
element = "mlspec.v1.Digest.md5"
migration = "migration.md#digest"
"""


def earlier(folder: Path) -> Path:
    """An image of a past in which `Digest` had a field more, and a looser rule."""
    image = load_image(newest())
    (file,) = (file for file in image.file if file.name == "mlspec/v1/digest.proto")
    (digest,) = (each for each in file.message_type if each.name == "Digest")
    options = digest.field[0].options.SerializeToString()
    digest.field[0].options.Clear()
    assert options
    digest.field.add(name="md5", number=77, type=12, label=1, json_name="md5")
    path = folder / "earlier.binpb"
    path.write_bytes(image.SerializeToString())
    return path


@pytest.fixture(scope="module")
def deleted() -> Finding:
    """The finding that the field `md5` was deleted."""
    old = FileDescriptorSet()
    file = old.file.add(name="mlspec/v1/digest.proto", package="mlspec.v1", syntax="proto3")
    message = file.message_type.add(name="Digest")
    new = FileDescriptorSet.FromString(old.SerializeToString())
    message.field.add(name="md5", number=77, type=12, label=1)
    (found,) = compare(old, new)
    return found


def declare(folder: Path, text: str = DECLARED) -> Declared:
    """A file that declares a break, with its migration page."""
    (folder / "migration.md").write_text("# Migration\n\n## Digest\n\nWrite sha256.\n")
    path = folder / "breaks.toml"
    path.write_text(text)
    return read_declared(path)


def test_nothing_changed_and_nothing_declared_is_well() -> None:
    """Most days."""
    assert problems([], NOTHING, "0.1.0") == []


def test_an_undeclared_break_is_named(deleted: Finding) -> None:
    """With the place, the rule and the release it breaks."""
    assert problems([deleted], NOTHING, "0.1.0") == [f"{deleted} (since 0.1.0)"]


def test_a_declared_break_passes_before_1_0_0(deleted: Finding, tmp_path: Path) -> None:
    """The declaration names rule and element, and the page that tells users what to do."""
    assert problems([deleted], declare(tmp_path), "0.9.3") == []


def test_no_declaration_helps_from_1_0_0_on(deleted: Finding, tmp_path: Path) -> None:
    """v1 never breaks."""
    (line,) = problems([deleted], declare(tmp_path), "1.0.0")
    assert "v1 never breaks" in line


def test_a_declared_break_that_did_not_happen_is_refused(tmp_path: Path) -> None:
    """The list says what is so."""
    (line,) = problems([], declare(tmp_path), "0.1.0")
    assert line.endswith("FIELD_NO_DELETE mlspec.v1.Digest.md5 is declared, and did not happen")


def test_a_declaration_without_its_page_is_refused(deleted: Finding, tmp_path: Path) -> None:
    """A break that does not say what its users do is not declared."""
    declared = declare(tmp_path)
    (tmp_path / "migration.md").unlink()
    (line,) = problems([deleted], declared, "0.1.0")
    assert "migration page migration.md#digest must be readable" in line
    with pytest.raises(DecodeError, match="lacks migration"):
        declare(tmp_path, DECLARED.replace("migration.md#digest", ""))


def test_what_only_one_of_the_two_finds_is_named(deleted: Finding) -> None:
    """The plugin and the library must not drift apart."""
    here = ("mlspec/v1/digest.proto", "FIELD_NO_DELETE")
    other = ("mlspec/v1/digest.proto", "FIELD_SAME_TYPE")
    assert differences([deleted], {here}) == []
    assert differences([deleted], {other}) == [
        "mlspec/v1/digest.proto: FIELD_NO_DELETE: found by mlspec, not by buf",
        "mlspec/v1/digest.proto: FIELD_SAME_TYPE: found by buf, not by mlspec",
    ]


def test_buf_and_we_find_the_same_in_the_working_tree(tmp_path: Path) -> None:
    """A field that was deleted, which buf sees alone, and a rule that only the plugin sees."""
    against = earlier(tmp_path)
    found = by_us(against)
    assert {"FIELD_NO_DELETE", "RULE_TIGHTENED"} <= {finding.rule_id for finding in found}
    assert differences(found, by_buf(against)) == []
