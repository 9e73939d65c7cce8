"""A manifest has one spelling, and names nothing outside of its folder."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import digests, v1
from mlspec.errors import DecodeError, InputError, LimitError
from mlspec.validation import violations
from tests.unit import samples

ZERO, ONE = b"0" * 64, b"1" * 64


def lines(*paths: str) -> bytes:
    """A manifest of files that all hold the same."""
    return b"".join(ZERO + f"  {path}\n".encode() for path in paths)


def message(*paths: str) -> v1.PackageManifest:
    """The same as a message, whose digest is right."""
    text = lines(*sorted(paths, key=str.encode))
    files = [v1.PackagedFile(path=path, sha256=bytes(32), size_bytes=1) for path in paths]
    return v1.PackageManifest(sha256=hashlib.sha256(text).digest(), files=files)


def refused(manifest: v1.PackageManifest | bytes, error_id: str) -> None:
    """Assert that a manifest is refused for this reason."""
    with pytest.raises(InputError) as caught:
        digests.read_manifest(manifest)
    assert caught.value.id == error_id
    assert caught.value.path.isprintable()


def test_what_is_written_reads_back(package: Path) -> None:
    """Text and message name the same files, and keep the rules."""
    text, made = digests.manifest(package), digests.package_manifest(package)
    assert violations(made) == []
    assert made.sha256 == hashlib.sha256(text).digest()
    assert made.total_size_bytes == 7016
    by_text, by_message = digests.read_manifest(text), digests.read_manifest(made)
    assert list(by_text) == list(by_message)
    assert [file.sha256 for file in by_text.values()] == [f.sha256 for f in by_message.values()]
    assert [file.size for file in by_message.values()] == [0, 7000, 8, 8]
    assert digests.read_manifest(b"") == {}


def test_a_message_may_have_any_order() -> None:
    """Its digest is over the sorted lines."""
    assert list(digests.read_manifest(message("b", "a"))) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "error_id"),
    [
        (lines("a").rstrip(b"\n"), "manifest.syntax"),
        (lines("a").replace(b"\n", b"\r\n"), "manifest.path"),
        (lines("a").replace(b"  ", b" *"), "manifest.syntax"),
        (lines("a").replace(b"  ", b" "), "manifest.syntax"),
        (b"A" * 64 + b"  a\n", "manifest.syntax"),
        (b"0" * 63 + b"  a\n", "manifest.syntax"),
        (b"\\" + lines("a"), "manifest.syntax"),
        (b"\xef\xbb\xbf" + lines("a"), "manifest.syntax"),
        (lines("a") + b"\n", "manifest.syntax"),
        (ZERO + b"  \xff\n", "manifest.syntax"),
        (lines("b", "a"), "manifest.order"),
        (lines("a", "a"), "manifest.twice"),
        (ZERO + b"  a\n" + ONE + b"  a\n", "manifest.twice"),
    ],
)
def test_s1_a_manifest_has_one_spelling(text: bytes, error_id: str) -> None:
    """Other line ends, markers, digits and orders are refused; the plain one is read."""
    assert digests.read_manifest(lines("a", "b"))
    refused(text, error_id)


@pytest.mark.parametrize("make", [lines, message])
@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../passwd",
        "model/../../passwd",
        "..",
        ".",
        "./a",
        "a/.",
        "a//b",
        "a/",
        "a\\..\\b",
        "..\\b",
        "a\x00b",
        "a\rb",
        "a\x7f",
        "a\x85b",
        "x" * 5000,
    ],
)
def test_f1_traversal_in_all_its_spellings(make: Callable[..., bytes], path: str) -> None:
    """A path that leads out of the folder, or may do so elsewhere, is refused."""
    assert digests.read_manifest(make("a/..b/.c"))
    refused(make(path), "manifest.path")


def test_f1_a_newline_makes_no_second_line() -> None:
    """A message whose path holds a line of a manifest is not the two files that it looks like."""
    two = lines("a", "b")
    files = [v1.PackagedFile(path=f"a\n{'0' * 64}  b", sha256=bytes(32), size_bytes=1)]
    forged = v1.PackageManifest(sha256=hashlib.sha256(two).digest(), files=files)
    assert list(digests.read_manifest(two)) == ["a", "b"]
    refused(forged, "manifest.path")


@pytest.mark.parametrize("make", [lines, message])
@pytest.mark.parametrize(
    "paths", [("README", "readme"), ("Data/a", "data/b"), ("e\u0301", "\u00e9"), ("SS", "\u00df")]
)
def test_f1_twins_in_a_manifest(make: Callable[..., bytes], paths: tuple[str, str]) -> None:
    """Paths that are one elsewhere, or go through folders that are, are refused."""
    for path in paths:
        assert digests.read_manifest(make(path))
    refused(make(*sorted(paths, key=str.encode)), "manifest.path")


def test_f3_a_message_whose_digest_or_sizes_are_not_its_files() -> None:
    """The digest of a manifest is computed again, and so is the sum."""
    good = message("a", "b")
    good.total_size_bytes = 2
    assert digests.read_manifest(good)
    for change, error_id in (
        (lambda m: setattr(m, "sha256", bytes(32)), "manifest.digest"),
        (lambda m: setattr(m.files[0], "path", "c"), "manifest.digest"),
        (lambda m: m.files.pop(), "manifest.digest"),
        (lambda m: setattr(m.files[0], "sha256", bytes(31)), "manifest.syntax"),
        (lambda m: setattr(m, "total_size_bytes", 3), "manifest.size"),
    ):
        altered = v1.PackageManifest()
        altered.CopyFrom(good)
        change(altered)
        refused(altered, error_id)


def test_sizes_of_manifests_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many bytes, files or levels, and a package of nothing."""
    monkeypatch.setattr("mlspec.digests.manifests.MAX_MANIFEST", 200)
    monkeypatch.setattr("mlspec.digests.manifests.MAX_FILES", 1)
    monkeypatch.setattr("mlspec.digests.manifests._MAX_PACKAGE", 1)
    assert digests.read_manifest(lines("a"))
    for manifest in (lines("a", "b", "c"), lines("a", "b"), message("a", "b"), lines("a/" * 64)):
        with pytest.raises(LimitError if manifest != lines("a/" * 64) else InputError):
            digests.read_manifest(manifest)
    with pytest.raises(LimitError):
        digests.package_manifest(tmp_path)
    monkeypatch.undo()
    refused(lines("a/" * 128 + "a"), "limit.depth")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_manifest_or_one_of_our_errors(data: bytes) -> None:
    """No foreign exception leaves the reader."""
    result = samples.attempt(lambda: digests.read_manifest(lines("a") + data))
    assert isinstance(result, dict | DecodeError | LimitError)
