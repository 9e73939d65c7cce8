"""What was released never changes, and versions say what was released."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import mlspec
from tools import release
from tools.places import RELEASED, ROOT

PINNED = sorted(release.pinned())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the folder of releases, to spoil."""
    return Path(shutil.copytree(RELEASED, tmp_path / "released"))


def test_what_was_released_is_as_it_was_pinned() -> None:
    """Every file has the sha256 that SHA256SUMS gives, and no part is missing or unpinned."""
    assert "\n".join(release.problems()) == ""


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="this system has no sha256sum")
def test_a_stranger_can_check_the_pins() -> None:
    """`SHA256SUMS` is in the format of sha256sum, which needs nothing of ours."""
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=RELEASED, check=True)


def test_each_release_keeps_all_parts() -> None:
    """Image, wheel, constraints, vectors and sealed records."""
    for each in release.releases():
        parts = (each.image, each.wheel, each.vectors, each.sealed, each.constraints)
        assert {path.relative_to(RELEASED).as_posix() for path in parts} <= set(PINNED)


@pytest.mark.parametrize("name", PINNED)
def test_an_edit_of_any_file_is_noticed(name: str, copy: Path) -> None:
    """One changed bit is enough, and so is a file that is gone."""
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(bytes(content))
    (line,) = release.problems(copy)
    assert line.startswith(f"schema/released/{name}: must have the sha256 that SHA256SUMS pins")
    (copy / name).unlink()
    assert any(
        f"{name}: must have" in each and "no file" in each for each in release.problems(copy)
    )


def test_there_is_a_release_to_compare_with() -> None:
    """`make breaking` compares with the newest; without one it would promise nothing."""
    assert release.newest() in release.images()


def test_a_changed_specification_has_a_new_version() -> None:
    """Records that name a released version hold nothing that its readers would not know."""
    assert release.outdated() is None


def test_the_package_has_one_version() -> None:
    """What pyproject.toml publishes is what the package says it is."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == mlspec.__version__
