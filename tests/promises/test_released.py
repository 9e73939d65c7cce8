"""Released images never change, and versions say what was released."""

import tomllib

import mlspec
from tools import release
from tools.places import ROOT


def test_released_images_are_as_they_were_pinned() -> None:
    """Every image has the sha256 that SHA256SUMS gives, and none is missing or unpinned."""
    assert "\n".join(release.problems()) == ""


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
