"""Digests of bytes and files, their text, and artifacts."""

import hashlib
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec import digests, v1
from mlspec.digests import hashing
from mlspec.errors import InputError, UnreadableError, UsageError
from mlspec.validation import violations
from tests.unit import samples


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_files_hash_as_hashlib_says(
    algorithm: digests.Algorithm, size: int, tmp_path: Path
) -> None:
    """Files of every size around the chunk's are hashed whole."""
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    (tmp_path / "file").write_bytes(data)
    made = digests.digest_file(tmp_path / "file", algorithm)
    expected = hashlib.new(algorithm, data).digest()
    assert digests.value(made) == expected
    assert digests.algorithm(made) == algorithm
    assert digests.same(made, digests.digest_bytes(data, algorithm))
    assert violations(made) == []


def test_text_and_digest_are_twins() -> None:
    """What is written reads back; SHA-256 may go without its name."""
    made = digests.digest_bytes(b"x")
    assert digests.from_hex(digests.to_hex(made)) == made
    assert digests.from_hex(digests.to_hex(made).removeprefix("sha256:")) == made
    assert digests.to_hex(digests.digest_bytes(b"x", "sha512")).startswith("sha512:")


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:AB" + "0" * 62, "0" * 63, "0" * 66, "md5:" + "0" * 32, " " * 64]
)
def test_s1_short_upper_case_and_unknown_digests(text: str) -> None:
    """Text has one spelling per digest; anything else is refused."""
    assert digests.from_hex("0" * 64) == digests.from_hex("sha256:" + "0" * 64)
    with pytest.raises(InputError) as caught:
        digests.from_hex(text)
    assert caught.value.id in ("digest.syntax", "digest.length")


@given(st.text(max_size=80))
def test_any_text_is_a_digest_or_one_of_our_errors(text: str) -> None:
    """No foreign exception leaves the reader."""
    result = samples.attempt(lambda: digests.from_hex(text))
    assert isinstance(result, v1.Digest | InputError)


def test_equality_needs_function_and_bytes() -> None:
    """An empty digest equals nothing, not even another one."""
    zeros = bytes(32)
    assert digests.same(v1.Digest(sha256=zeros), v1.Digest(sha256=zeros))
    assert not digests.same(v1.Digest(sha256=zeros), v1.Digest(blake3=zeros))
    assert not digests.same(v1.Digest(), v1.Digest())
    with pytest.raises(InputError):
        digests.to_hex(v1.Digest())
    with pytest.raises(InputError):
        digests.make(bytes(31))


def test_blake3_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its library the error says what to install; with it, it is used."""
    monkeypatch.setitem(sys.modules, "blake3", None)
    with pytest.raises(UsageError) as caught:
        digests.digest_bytes(b"x", "blake3")
    assert "Install" in caught.value.remedy
    # The library's interface is hashlib's: SHA-256 stands in for it here.
    monkeypatch.setitem(sys.modules, "blake3", SimpleNamespace(blake3=hashlib.sha256))
    assert digests.digest_bytes(b"x", "blake3").blake3 == hashlib.sha256(b"x").digest()
    with pytest.raises(UsageError):
        digests.digest_bytes(b"x", "md5")  # type: ignore[arg-type]


def test_f4_a_file_that_changes_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A digest of neither the old nor the new bytes is not made."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    read = hashing.os.read  # type: ignore[attr-defined]

    def growing(descriptor: int, size: int) -> bytes:
        data: bytes = read(descriptor, size)
        with path.open("ab") as file:
            file.write(b"more")
        return data

    digests.digest_file(path)
    monkeypatch.setattr(hashing.os, "read", growing)  # type: ignore[attr-defined]
    with pytest.raises(InputError) as caught:
        digests.digest_file(path)
    assert caught.value.id == "digest.changed"


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, a folder and an impossible name are our errors."""
    for path, kind in (
        (tmp_path / "missing", UnreadableError),
        (tmp_path, InputError),
        ("nul\0byte", UnreadableError),
    ):
        with pytest.raises(kind) as caught:
            digests.digest_file(path)
        assert caught.value.source == str(path)


def test_an_artifact_is_described_by_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name, kind, size, digest, and the path as long as it means something elsewhere."""
    monkeypatch.chdir(tmp_path)
    Path("data 1").mkdir()
    Path("data 1/loans.csv").write_text("a,b\n")
    made = digests.artifact("data 1/loans.csv", role="raw")
    assert made == v1.Artifact(
        name="loans.csv",
        role="raw",
        uri="data%201/loans.csv",
        media_type="text/csv",
        size_bytes=4,
        digest=digests.digest_bytes(b"a,b\n"),
        kind=v1.ARTIFACT_KIND_FILE,
    )
    assert violations(made) == []
    folder = digests.artifact(tmp_path / "data 1", name="data")
    assert folder.kind == v1.ARTIFACT_KIND_FOLDER
    assert folder.size_bytes == 4
    assert not folder.HasField("uri")
    assert folder.digest == digests.digest_path("data 1")
    assert violations(folder) == []


@pytest.mark.parametrize("path", [".", "./x/..", "a:b.csv", "//x", "../x"])
def test_odd_paths_make_valid_artifacts(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a path looks like, its artifact keeps the rules."""
    (tmp_path / "w" / "x").mkdir(parents=True)
    (tmp_path / "x").touch()
    (tmp_path / "w" / "a:b.csv").touch()
    monkeypatch.chdir(tmp_path / "w")
    if not Path(path).exists():
        with pytest.raises(UnreadableError):
            digests.artifact(path)
    else:
        assert violations(digests.artifact(path)) == []


def test_names_that_are_no_text_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record holds text; the bytes of a file's name may be any."""
    name = os.fsdecode(b"\xff.csv")
    (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    for path, called in ((tmp_path / name, None), (Path(name), "loans.csv"), (Path(), "\ud800")):
        with pytest.raises(InputError) as caught:
            digests.artifact(path, name=called)
        assert caught.value.id == "digest.name"
    assert digests.artifact(tmp_path / name, name="loans.csv").name == "loans.csv"
