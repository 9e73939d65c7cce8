"""Releases, the package of the working tree and one of the future, each in its own environment."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from mlspec.records import SPEC_VERSION
from tests.compat import future as later
from tests.compat.reader import Reading
from tools import release, release_kit
from tools.places import ROOT

HERE = Path(__file__).parent
CONSTRAINTS = ROOT / "tools" / "requirements" / "constraints.txt"
RELEASES = {each.version: each for each in release.releases()}
TODAY = "today"


@dataclass(frozen=True)
class Installed:
    """A wheel in an environment of its own, and the version of the specification that it knows."""

    version: str
    python: Path

    def mlspec(self, *arguments: str | Path, code: int = 0) -> str:
        """Run its command, which must exit with `code`; return what it prints, errors too."""
        return release_kit.run(self.python.with_name("mlspec"), *arguments, code=code)

    def script(self, name: str, *arguments: str | Path) -> str:
        """Run a script of this folder, or one of a full path; return what it prints."""
        return release_kit.run(self.python, "-I", HERE / name, *arguments)


@dataclass(frozen=True)
class Records:
    """What the future sealed: a folder, and the SHA-256 of the payload of each case."""

    folder: Path
    digests: dict[str, str]

    def envelope(self, case: str) -> Path:
        """The sealed record of a case."""
        return self.folder / f"{case}.sealed.json"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Installed]:
    """Return what installs a release, or the working tree's package, once."""

    @cache
    def install(name: str) -> Installed:
        scratch = tmp_path_factory.mktemp("installed")
        target = scratch / "environment"
        if name == TODAY:
            wheel = release_kit.build_wheel(ROOT, scratch)
            return Installed(SPEC_VERSION, release_kit.install(wheel, CONSTRAINTS, target))
        kept = RELEASES[name]
        return Installed(name, release_kit.install(kept.wheel, kept.constraints, target))

    return install


@pytest.fixture(scope="session", params=[*RELEASES, TODAY])
def reader(request: pytest.FixtureRequest, installed: Callable[[str], Installed]) -> Installed:
    """Every release, and the working tree's package: all of them older than the future."""
    return installed(request.param)


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository that holds the next minor version of the specification."""
    version = later.next_version(SPEC_VERSION)
    return later.make(tmp_path_factory.mktemp("future") / version, version)


@pytest.fixture(scope="session")
def future(copy: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The package of that version."""
    scratch = tmp_path_factory.mktemp("installed")
    wheel = release_kit.build_wheel(copy, scratch)
    python = release_kit.install(wheel, CONSTRAINTS, scratch / "environment")
    return Installed(copy.name, python)


@pytest.fixture(scope="session")
def records(future: Installed, tmp_path_factory: pytest.TempPathFactory) -> Records:
    """One record of the future for each case, made from what the oldest release knew already."""
    scratch = tmp_path_factory.mktemp("records")
    oldest = next(iter(RELEASES.values()))
    vectors = release_kit.unpack(oldest.vectors, scratch / "vectors") / "v1"
    folder = scratch / "sealed"
    future.script("writer.py", folder, vectors, *dict.fromkeys([*RELEASES, SPEC_VERSION]))
    return Records(folder, json.loads((folder / "cases.json").read_text()))


@pytest.fixture(scope="session")
def trust(reader: Installed, records: Records, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trust file that the reader made itself, for the future's signers and all that it knows."""
    path = tmp_path_factory.mktemp("trust") / "trust.json"
    signer, other = (records.folder / f"{name}.pub" for name in ("ed25519", "ecdsa-p256"))
    who = ("--role", "writer", "--identity")
    reader.mlspec(
        "trust",
        "init",
        path,
        "--expires",
        "9999-12-31",
        "--key",
        signer,
        *who,
        "writer@mlspec.test",
    )
    reader.mlspec("trust", "add", path, "--key", other, *who, "approver@mlspec.test")
    return path


@pytest.fixture(scope="session")
def readings(
    reader: Installed, records: Records, trust: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Reading]:
    """What the reader makes of each record of the future."""
    scratch = tmp_path_factory.mktemp("stores")
    found: dict[str, Reading] = json.loads(
        reader.script("reader.py", records.folder, trust, scratch)
    )
    return found
