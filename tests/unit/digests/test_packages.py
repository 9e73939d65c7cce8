"""A package is the files of its manifest, and no others."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import digests
from mlspec.errors import InputError, VerificationError
from tests.unit import samples

Alter = Callable[[Path], object]


def swap(folder: Path) -> None:
    """Let two files change places."""
    first, second = folder / "run.sh", folder / "model" / "scale.json"
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(held)


def add_git(folder: Path) -> None:
    """Add what version control keeps, which others overlook."""
    (folder / ".git").mkdir()
    (folder / ".git" / "config").touch()


ALTERATIONS: dict[str, tuple[Alter, str, str]] = {
    "added": (lambda f: (f / "extra.pkl").touch(), "package.added", "extra.pkl"),
    "added below .git": (add_git, "package.added", ".git/config"),
    "missing": (lambda f: (f / "README").unlink(), "package.missing", "README"),
    "renamed": (lambda f: (f / "run.sh").rename(f / "ran.sh"), "package.renamed", "run.sh"),
    "swapped": (swap, "package.swapped", "model/scale.json"),
    "changed": (lambda f: (f / "run.sh").write_bytes(b"#!/bin/x"), "package.changed", "run.sh"),
    "longer": (lambda f: (f / "run.sh").write_bytes(b"#!/bin/sh"), "package.changed", "run.sh"),
}


@pytest.mark.parametrize("form", ["text", "message"])
@pytest.mark.parametrize("name", ALTERATIONS)
def test_f3_every_altered_package_is_refused(package: Path, form: str, name: str) -> None:
    """The error says which file, and what was done to it; the unaltered twin passes."""
    manifest = digests.manifest(package) if form == "text" else digests.package_manifest(package)
    checked = digests.verify_package(package, manifest)
    assert [file.path for file in checked.files] == sorted(digests.read_manifest(manifest))
    assert (checked.size, checked.linked) == (7016, ())
    alter, error_id, path = ALTERATIONS[name]
    alter(package)
    with pytest.raises(VerificationError) as caught:
        digests.verify_package(package, manifest)
    assert (caught.value.id, caught.value.path) == (error_id, path)
    assert (caught.value.source, caught.value.exit_code) == (str(package), 1)
    assert caught.value.remedy


def test_all_faults_are_told(package: Path) -> None:
    """One is named, the others are counted; programs get each of them."""
    manifest = digests.manifest(package)
    wanted = digests.read_manifest(manifest)
    (package / "README").unlink()
    add_git(package)
    (package / "model" / "model.onnx").write_bytes(b"other weights")
    with pytest.raises(VerificationError, match="and 1 more"):
        digests.verify_package(package, manifest)
    found = digests.read_manifest(digests.manifest(package))
    files = [digests.FileDigest(each.path, each.sha256, 0) for each in found.values()]
    faults = digests.package_faults(wanted, files)
    # An empty file that is gone and one that came: told as what it is, a new name for the bytes.
    assert [(fault.id, fault.path) for fault in faults] == [
        ("package.changed", "model/model.onnx"),
        ("package.renamed", "README"),
    ]


def test_f3_a_size_that_the_bytes_do_not_have(package: Path) -> None:
    """A manifest that is right about the digest and wrong about the length is refused."""
    manifest = digests.package_manifest(package)
    digests.verify_package(package, manifest)
    manifest.files[0].size_bytes += 1
    manifest.total_size_bytes += 1
    with pytest.raises(VerificationError) as caught:
        digests.verify_package(package, manifest)
    assert (caught.value.id, caught.value.path) == ("package.size", "README")


def test_f2_links_in_a_package(package: Path, tmp_path: Path) -> None:
    """A symbolic link is refused even if it leads to the right bytes; a hard link is noted."""
    manifest = digests.manifest(package)
    outside = tmp_path / "outside"
    (package / "run.sh").rename(outside)
    (package / "run.sh").symlink_to(outside)
    with pytest.raises(InputError) as caught:
        digests.verify_package(package, manifest)
    assert caught.value.id == "digest.not_a_file"
    (package / "run.sh").unlink()
    os.link(outside, package / "run.sh")
    assert digests.verify_package(package, manifest).linked == ("run.sh",)
    outside.unlink()
    assert digests.verify_package(package, manifest).linked == ()


def test_f2_a_device_in_a_package(package: Path) -> None:
    """A device is refused, wherever it comes from."""
    digests.digest_folder(package)
    with pytest.raises(InputError) as caught:
        digests.digest_file(os.devnull)
    assert caught.value.id == "digest.not_a_file"
    try:
        os.mknod(package / "null", 0o020666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only a privileged user can make a device in a folder")
    with pytest.raises(InputError) as caught:
        digests.digest_folder(package)
    assert (caught.value.id, caught.value.path) == ("digest.not_a_file", "null")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("write", "remove", "rename", "flip")),
        st.integers(0, 9),
        st.binary(max_size=3),
    ),
    min_size=1,
    max_size=4,
)


def step(folder: Path, kind: str, number: int, data: bytes) -> None:
    """Do one thing to some file of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    chosen = files[number % len(files)] if files else folder / "first"
    if kind == "write" or not files:
        (folder / f"new-{number}").write_bytes(data)
    elif kind == "remove":
        chosen.unlink()
    elif kind == "rename":
        chosen.rename(folder / f"moved-{number}")
    else:
        content = chosen.read_bytes()
        chosen.write_bytes(bytes([content[0] ^ 1]) + content[1:] if content else b"\0")


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_whatever_is_done_to_a_package_it_passes_only_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, bytes]]
) -> None:
    """Written, removed, renamed and flipped at random: told from the manifest in every case."""
    folder = tmp_path_factory.mktemp("package")
    for number in range(3):
        (folder / f"file-{number}").write_bytes(bytes([number]) * number)
    manifest = digests.manifest(folder)
    assert digests.verify_package(folder, manifest).size == 3
    for each in steps:
        step(folder, *each)
    changed = digests.manifest(folder) != manifest
    result = samples.attempt(lambda: digests.verify_package(folder, manifest))
    assert isinstance(result, VerificationError) == changed
    if isinstance(result, VerificationError):
        assert result.id.startswith("package.")
