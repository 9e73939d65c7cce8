"""Released images are final."""

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tools import release
from tools.places import ToolError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of schema/released."""
    monkeypatch.setattr(release, "RELEASED", tmp_path)
    return tmp_path


def test_a_release_is_written_and_pinned_once(folder: Path) -> None:
    """The second time is refused, also when the specification has not changed."""
    path = release.release()
    assert path == folder / f"{release.version()}.binpb"
    assert release.problems(folder) == []
    with pytest.raises(ToolError, match="a release is final"):
        release.release()


def test_an_edited_missing_or_unpinned_image_is_named(folder: Path) -> None:
    """Each gets a line with what was found and what was pinned."""
    path = release.release()
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    assert "must have the sha256 that SHA256SUMS pins" in release.problems(folder)[0]
    path.rename(folder / "9.0.0.binpb")
    assert [line.split(":")[0] for line in release.problems(folder)] == [
        f"schema/released/{release.version()}.binpb",
        "schema/released/9.0.0.binpb",
    ]


def test_a_specification_that_changed_since_its_release_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remedy is a new version; one that is not released yet may change."""
    assert release.outdated(folder) is None
    path = release.release()
    assert release.outdated(folder) is None
    described = FileDescriptorSet.FromString(path.read_bytes())
    described.file[-1].message_type.add(name="Added")
    path.write_bytes(described.SerializeToString())
    assert "SPEC_VERSION: must be newer" in str(release.outdated(folder))
    monkeypatch.setattr(release, "version", lambda: "9.0.0")
    assert release.outdated(folder) is None


def test_versions_are_compared_as_numbers(tmp_path: Path) -> None:
    """0.10.0 is newer than 0.9.0."""
    for name in ("0.10.0", "0.9.0", "0.1.0"):
        (tmp_path / f"{name}.binpb").touch()
    assert [path.stem for path in release.images(tmp_path)] == ["0.1.0", "0.9.0", "0.10.0"]
