"""Images from revisions of git: read without the work tree, and nothing becomes an option."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlspec.breaking import compare, load_image
from mlspec.errors import (
    DecodeError,
    InputError,
    MLSpecError,
    UnreadableError,
    UsageError,
)
from tests.unit.breaking.making import PROTO, git, write


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a tag and a later commit, which is the working directory."""
    place = tmp_path / "repository"
    write(place / "proto")
    git(place, "init", "-q", "-b", "main")
    (place / "released.binpb").write_bytes(load_image(place / "proto").SerializeToString())
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "one")
    git(place, "tag", "v1.0.0")
    write(place / "proto", PROTO.replace("40", "30"))
    git(place, "commit", "-q", "-a", "-m", "two")
    monkeypatch.chdir(place)
    return place


def test_a_revision_is_read_without_the_work_tree(repository: Path) -> None:
    """A folder or an image, by tag, branch or distance."""
    (found,) = compare(load_image("v1.0.0:proto"), load_image("main:proto"))
    assert (found.place, found.rule_id) == ("shop/v1/order.proto:7", "RULE_TIGHTENED")
    assert compare(load_image("HEAD~1:proto"), load_image("HEAD:released.binpb")) == []
    os.chdir(repository / "proto")
    assert compare(load_image("main:./"), load_image("main:proto")) == []
    git(repository, "diff", "--exit-code")


@pytest.mark.parametrize(
    ("place", "kind", "reason"),
    [
        ("nothing.binpb", UnreadableError, "No such file"),
        ("main:nothing", UnreadableError, "must be a file, a folder, or REV:path"),
        ("v9:proto", UnreadableError, "must be a file, a folder, or REV:path"),
        ("main:proto/shop/v1/order.proto", DecodeError, "must be an image"),
        (":proto", UsageError, "a revision and a path"),
        ("--output=x:proto", UsageError, "a revision and a path"),
        ("-c:proto", UsageError, "a revision and a path"),
        ("main\0:proto", InputError, "must"),
    ],
)
def test_a_place_that_is_none_is_refused(
    repository: Path, place: str, kind: type[MLSpecError], reason: str
) -> None:
    """Nothing that a place says becomes an option of git."""
    before = sorted(repository.rglob("*"))
    with pytest.raises(kind, match=reason):
        load_image(place)
    assert sorted(repository.rglob("*")) == before


def test_a_link_in_a_revision_is_refused(repository: Path) -> None:
    """It would lead into the work tree, or anywhere."""
    (repository / "proto" / "link.proto").symlink_to("/etc/hostname")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "three")
    with pytest.raises(UnreadableError, match="must hold files, and no links"):
        load_image("HEAD:proto")


def test_outside_of_a_repository_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In git's own words."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UnreadableError, match="not a git repository"):
        load_image("main:proto")


def test_without_git_it_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name could have been that of a file."""
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(UnreadableError, match="or git must be there"):
        load_image("main:proto")
