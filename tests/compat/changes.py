"""What declared breaks changed of past releases, as `changed.toml` beside this says."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from mlspec.records import Version

DECLARED = Path(__file__).with_name("changed.toml")


@dataclass(frozen=True)
class Change:
    """Files of releases up to `until` that come out otherwise, and the page that says why."""

    until: str
    files: tuple[str, ...]
    migration: str


def read(path: Path = DECLARED) -> list[Change]:
    """Return what is declared."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["changed"]
    return [
        Change(until=entry["until"], files=tuple(entry["files"]), migration=entry["migration"])
        for entry in entries
    ]


def undeclared(
    version: str, differences: Mapping[str, str], changes: Iterable[Change]
) -> list[str]:
    """Say which files of a release came out otherwise though nothing says so.

    Args:
        version: The release.
        differences: What is wrong with each file that came out otherwise, by its name.
        changes: What is declared.
    """
    own = [each for each in changes if Version.parse(each.until) >= Version.parse(version)]
    patterns = [pattern for change in own for pattern in change.files]
    return [
        f"{name}: {words}"
        for name, words in differences.items()
        if not any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


def idle(version: str, differences: Iterable[str], changes: Iterable[Change]) -> list[str]:
    """Say which patterns, of changes up to just this release, fit no file that is different."""
    names = list(differences)
    return [
        f"changed.toml: {pattern}: must fit a file that came out otherwise (got none)"
        for change in changes
        if change.until == version
        for pattern in change.files
        if not any(fnmatchcase(name, pattern) for name in names)
    ]
