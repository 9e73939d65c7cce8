"""Images from files, folders and revisions; what cannot be one is refused with a reason."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from mlspec.breaking import compare, load_image, protoc
from mlspec.breaking import image as images
from mlspec.errors import (
    DecodeError,
    LimitError,
    UnreadableError,
)
from tests.unit.breaking.making import LINE, PROTO, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two .proto files."""
    return write(tmp_path / "proto")


def test_a_folder_is_compiled_with_what_it_imports(folder: Path) -> None:
    """The rules' schema and the well-known types need not be there."""
    image = load_image(folder)
    names = {file.name for file in image.file}
    assert {"shop/v1/order.proto", "shop/v1/line.proto", "buf/validate/validate.proto"} <= names
    (order,) = (file for file in image.file if file.name == "shop/v1/order.proto")
    assert order.source_code_info.location


def test_a_schema_of_the_rules_that_is_there_is_used(folder: Path) -> None:
    """A folder may hold its own copy, and its own version."""
    own = folder / "buf" / "validate" / "validate.proto"
    own.parent.mkdir(parents=True)
    own.write_text(
        'syntax = "proto2"; package buf.validate; import "google/protobuf/descriptor.proto";'
        "message FieldRules { optional StringRules string = 14; }"
        "message StringRules { optional uint64 max_len = 3; optional bool newer = 900; }"
        "extend google.protobuf.FieldOptions { optional FieldRules field = 1159; }"
    )
    old = load_image(folder)
    write(folder, PROTO.replace("string.max_len = 40", "string = { max_len: 40 newer: true }"))
    (found,) = compare(old, load_image(folder))
    assert (found.rule_id, found.message) == (
        "RULE_TIGHTENED",
        "string.newer was not set, is true",
    )


def test_an_image_file_may_be_packed(folder: Path, tmp_path: Path) -> None:
    """As buf writes it for .binpb and .binpb.gz; its name does not matter."""
    image = load_image(folder)
    plain, packed = tmp_path / "image.binpb", tmp_path / "image"
    plain.write_bytes(image.SerializeToString())
    packed.write_bytes(gzip.compress(image.SerializeToString()))
    assert load_image(plain) == load_image(packed) == image


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "must hold at least one .proto file"),
        (b"not an image", "must be an image"),
        (b"\x0a\x00", "must name each of its files"),
        (b"\x1f\x8bnot gzip", "must be whole and in gzip's format"),
        (gzip.compress(b"\x0a\x00")[:-4], "must be whole"),
    ],
)
def test_what_is_no_image_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    """With a reason and a remedy."""
    path = tmp_path / "image.binpb"
    path.write_bytes(data)
    with pytest.raises(DecodeError, match=reason) as caught:
        load_image(path)
    assert caught.value.source == str(path)
    assert caught.value.remedy


def test_an_image_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed or not: a few bytes can unpack to many."""
    monkeypatch.setattr(images, "MAX_IMAGE", 1000)
    for name, data in (("plain", bytes(1001)), ("packed", gzip.compress(bytes(1001)))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(LimitError):
            load_image(tmp_path / name)


def test_a_folder_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In files and in bytes."""
    monkeypatch.setattr(protoc, "MAX_FILES", 1)
    with pytest.raises(LimitError, match=r"at most 1 [.]proto files"):
        load_image(folder)


def test_a_folder_without_proto_files_is_refused(tmp_path: Path) -> None:
    """Hidden folders are not looked into."""
    write(tmp_path / ".hidden")
    with pytest.raises(DecodeError, match=r"must hold [.]proto files"):
        load_image(tmp_path)


@pytest.mark.parametrize("target", ["secret.proto", "."])
def test_no_link_leads_out_of_a_folder(folder: Path, tmp_path: Path, target: str) -> None:
    """Neither a file's nor a folder's."""
    (tmp_path / "secret.proto").write_text(LINE)
    (folder / "link.proto").symlink_to(tmp_path / target)
    with pytest.raises(UnreadableError, match=r"must hold no link that leads out of it"):
        load_image(folder)


def test_a_link_inside_of_a_folder_is_a_file(folder: Path) -> None:
    """It is compiled as what it points at."""
    (folder / "copy.proto").symlink_to(folder / "shop" / "v1" / "line.proto")
    with pytest.raises(DecodeError, match=r'"shop.v1.Line" is already defined'):
        load_image(folder)


def test_what_protoc_says_is_shown(folder: Path) -> None:
    """File, line and fault."""
    write(folder, PROTO.replace("Line line", "Nothing line"))
    with pytest.raises(DecodeError, match=r'shop/v1/order.proto:9:3: "Nothing" is not defined'):
        load_image(folder)


def test_names_that_look_like_options_are_names(tmp_path: Path) -> None:
    """A file may be called anything that git can hold."""
    (tmp_path / "--help.proto").write_text(LINE)
    (tmp_path / "@x.proto").write_text(LINE.replace("shop", "more"))
    image = load_image(tmp_path)
    assert {file.name for file in image.file} == {"--help.proto", "@x.proto"}


def test_without_protoc_it_says_how_to_get_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is looked for beside the interpreter, then on the path."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnreadableError, match="there is no protoc") as caught:
        load_image(folder)
    assert "mlspec-protobuf[breaking]" in caught.value.remedy


def test_standard_input_may_hold_an_image(folder: Path, tmp_path: Path) -> None:
    """As for every command."""
    image = load_image(folder)
    code = "from mlspec.breaking import load_image; print(len(load_image('-').file))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=image.SerializeToString(),
        capture_output=True,
        check=True,
    )
    assert int(done.stdout) == len(image.file)
