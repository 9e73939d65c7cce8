"""Releases are final, and whole."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tools import release, release_kit
from tools.places import RELEASED, ROOT, ToolError


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[release.Release]:
    """The working tree, released into an empty folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release, "RELEASED", tmp_path_factory.mktemp("released"))
        yield release.release()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the repository's folder of releases."""
    return Path(shutil.copytree(RELEASED, tmp_path / "released"))


@pytest.mark.interop
def test_a_release_is_written_and_pinned_whole(made: release.Release) -> None:
    """Each file has its line, and no part is missing."""
    folder = made.image.parent
    assert release.releases(folder) == [made]
    assert made.version == release.version()
    assert release.problems(folder) == []
    files = {path for path in folder.rglob("*") if path.is_file()}
    assert {folder / name for name in release.pinned(folder)} == files - {folder / "SHA256SUMS"}


@pytest.mark.interop
def test_a_release_is_final(made: release.Release) -> None:
    """The second time is refused, also when the specification has not changed."""
    before = release.pinned(made.image.parent)
    with pytest.raises(ToolError, match="a release is final"):
        release.release()
    made.image.rename(made.image.with_suffix(".away"))
    with pytest.raises(ToolError, match="a release is final"):
        release.release()
    made.image.with_suffix(".away").rename(made.image)
    assert release.pinned(made.image.parent) == before


@pytest.mark.interop
def test_the_wheel_and_the_vectors_can_be_made_again(made: release.Release, tmp_path: Path) -> None:
    """The same sources give the same bytes; sealed records differ, for their keys are new."""
    release_kit.make(ROOT, tmp_path / "again")
    again = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (tmp_path / "again").iterdir()
    }
    first = {Path(name).name: digest for name, digest in release.pinned(made.image.parent).items()}
    differing = {name for name, digest in again.items() if first[name] != digest}
    assert differing == {release_kit.SEALED}


def test_an_archive_says_nothing_but_names_and_bytes(tmp_path: Path) -> None:
    """Packing at another time, as another user or in another order gives the same archive."""
    folder = tmp_path / "folder"
    for name in ("b/two.txt", "a.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    release_kit.pack(folder, tmp_path / "first.tar.xz")
    other = release_kit.unpack(tmp_path / "first.tar.xz", tmp_path / "other")
    (other / "a.txt").chmod(0o600)
    release_kit.pack(other, tmp_path / "second.tar.xz")
    assert (tmp_path / "first.tar.xz").read_bytes() == (tmp_path / "second.tar.xz").read_bytes()
    assert (other / "b" / "two.txt").read_text() == "b/two.txt"


def test_a_program_that_fails_is_an_error_with_its_words() -> None:
    """It names the command and the code, and repeats what was printed."""
    with pytest.raises(ToolError, match=r"exit with 0 \(got 3\)\nno such thing"):
        release_kit.run("sh", "-c", "echo no such thing >&2; exit 3")
    assert release_kit.run("sh", "-c", "exit 3", code=3) == ""


def test_what_is_missing_or_not_pinned_is_named(copy: Path) -> None:
    """A renamed image, a lost part, a kit without image: each gets a line."""
    newest = release.releases(copy)[-1]
    newest.vectors.unlink()
    newest.image.rename(copy / "9.0.0.binpb")
    said = "\n".join(release.problems(copy))
    for line in (
        f"schema/released/{newest.image.name}: must have the sha256",
        "schema/released/9.0.0.binpb: must have the sha256",
        "pinned nothing",
        f"schema/released/{newest.version}: must hold one vectors.tar.xz (got 0)",
        "schema/released/9.0.0: must hold one *.whl (got 0)",
        f"schema/released/{newest.version}: must have an image beside it",
    ):
        assert line in said


def test_a_specification_that_changed_since_its_release_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remedy is a new version; one that is not released yet may change."""
    assert release.outdated(tmp_path) is None
    newest = release.newest()
    monkeypatch.setattr(release, "version", lambda: newest.stem)
    described = FileDescriptorSet.FromString(newest.read_bytes())
    described.file[-1].message_type.add(name="Added")
    (tmp_path / newest.name).write_bytes(described.SerializeToString())
    assert "SPEC_VERSION: must be newer" in str(release.outdated(tmp_path))
    monkeypatch.setattr(release, "version", lambda: "9.0.0")
    assert release.outdated(tmp_path) is None


def test_versions_are_compared_as_numbers(tmp_path: Path) -> None:
    """0.10.0 is newer than 0.9.0."""
    for name in ("0.10.0", "0.9.0", "0.1.0"):
        (tmp_path / f"{name}.binpb").touch()
    assert [path.stem for path in release.images(tmp_path)] == ["0.1.0", "0.9.0", "0.10.0"]
