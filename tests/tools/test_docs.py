"""The reference tells everything that the specification says of an element, in one place."""

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tools import docs, image, schema


def test_a_page_has_fields_numbers_comments_and_rules_together(tmp_path: Path) -> None:
    """A field's comment, its rules and the rules across fields stand under its message."""
    found = image.build(tmp_path / "image.binpb", source_info=True)
    (file,) = (f for f in schema.read(found) if f.name == "mlspec/v1/digest.proto")
    page = docs.render(file, {"mlspec.v1.Digest": "digest.md"})
    assert "## Digest\n\nA digest of bytes" in page
    assert "- **`sha256`** = 1, `bytes`, in `value`\\\n" in page
    assert "Rules: `bytes.len: 32`" in page
    assert "One of `value`: " in page


def test_dropping_the_import_of_the_rules_keeps_the_rules(tmp_path: Path) -> None:
    """The option bytes stay as they are, so that validation does not change."""
    whole = image.build(tmp_path / "image.binpb")
    stripped = image.without_rules_import(whole)
    assert [file.name for file in stripped.file] == [
        file.name for file in whole.file if file.name != image.RULES
    ]
    before = {file.name: file for file in whole.file}
    assert not any(image.RULES in file.dependency for file in stripped.file)
    for file in stripped.file:
        assert list(file.message_type) == list(before[file.name].message_type)


def test_a_public_import_is_refused() -> None:
    """Its index would shift when the import of the rules is dropped."""
    broken = FileDescriptorSet()
    broken.file.add(name="a.proto", dependency=["b.proto"], public_dependency=[0])
    with pytest.raises(ValueError, match=r"a\.proto: must have no public or weak import"):
        image.without_rules_import(broken)
