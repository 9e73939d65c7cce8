"""The protobuf text format, and the forms told apart by suffix."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import codec, v1
from mlspec.codec import Format
from mlspec.errors import (
    DecodeError,
    InputError,
    LimitError,
    MLSpecError,
    UnreadableError,
    UsageError,
)
from tests.unit import samples
from tests.unit.codec.test_binary import nested

RECORD = samples.record()


def test_a_record_survives_and_names_its_type() -> None:
    """What was written as text reads back equal; its first lines are for editors."""
    text = codec.encode(RECORD, Format.TEXT)
    assert codec.decode(v1.Record, text, Format.TEXT) == RECORD
    assert text.startswith(
        b"# proto-file: mlspec/v1/record.proto\n# proto-message: mlspec.v1.Record"
    )


def test_a_mistake_is_named_by_line_and_column() -> None:
    """The path of a syntax error is its place in the text."""
    with pytest.raises(DecodeError) as caught:
        codec.decode(v1.Record, b"header {\n  recrod_id: 1\n}\n", Format.TEXT)
    assert caught.value.path == "line 2, column 3"


def test_d9_deep_text_is_refused() -> None:
    """Text has no bound of its own on depth: the bound of the wire holds."""
    with pytest.raises(LimitError):
        codec.decode(v1.Expression, codec.encode(nested(70), Format.TEXT), Format.TEXT)
    deep = b"operation { operands { " * 50_000
    with pytest.raises(MLSpecError):
        codec.decode(v1.Expression, deep, Format.TEXT)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_text_gives_a_record_or_one_of_our_errors(data: st.DataObject) -> None:
    """No foreign exception leaves the reader."""
    text = bytearray(codec.encode(RECORD, Format.TEXT))
    start = data.draw(st.integers(0, len(text)))
    text[start : start + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    result = samples.attempt(lambda: codec.decode(v1.Record, bytes(text), Format.TEXT))
    assert isinstance(result, v1.Record | MLSpecError)


@pytest.mark.parametrize("name", ["r.binpb", "r.pb", "r.json", "r.YAML", "r.yml", "r.txtpb"])
def test_files_are_read_and_written_by_their_suffix(name: str, tmp_path: Path) -> None:
    """Each suffix has its form, in upper case too."""
    codec.write(RECORD, tmp_path / name)
    assert codec.read(v1.Record, tmp_path / name) == RECORD


def test_a_file_is_not_overwritten_unasked(tmp_path: Path) -> None:
    """Writing twice needs `overwrite`, and leaves no drafts behind."""
    path = tmp_path / "record.json"
    codec.write(RECORD, path)
    with pytest.raises(InputError) as caught:
        codec.write(RECORD, path)
    assert caught.value.id == "file.exists"
    codec.write(samples.record(), path, overwrite=True)
    assert [each.name for each in tmp_path.iterdir()] == ["record.json"]


def test_errors_name_the_file_and_the_place(tmp_path: Path) -> None:
    """A broken file gives one error: file, path into the message, what must hold."""
    path = tmp_path / "record.json"
    path.write_text('{"header": {"stage": "NO_STAGE"}}')
    with pytest.raises(DecodeError) as caught:
        codec.read(v1.Record, path)
    assert str(caught.value).startswith(f"{path}: header.stage: must be a name of Stage")
    assert "STAGE_MODEL_TRAINING" in caught.value.remedy
    with pytest.raises(UsageError):
        codec.read(v1.Record, tmp_path / "record.unknown")
    with pytest.raises(UnreadableError):
        codec.read(v1.Record, tmp_path / "missing.json")
    with pytest.raises(UnreadableError):
        codec.read(v1.Record, tmp_path, Format.JSON)
