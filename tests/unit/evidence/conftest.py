"""One pipeline and one bundle for all tests of the room."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from mlspec.evidence import Bundle
from mlspec.sealing import TrustPolicy
from tests.unit.evidence.making import Case, make_case
from tests.unit.evidence.people import witnessed_policy

NAMED = ("bash", "sha256sum", "jq", "base64", "xxd", "openssl")
PLAIN = ("cat", "cut", "sed", "grep", "tr", "mktemp", "wc", "tail", "basename")


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """The pipeline, its logs and its trust file."""
    return make_case(tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="session")
def folder(case: Case) -> Path:
    """The bundle of one request, with its side record."""
    return case.build("bundle", with_side=True)


@pytest.fixture(scope="session")
def bundle(folder: Path) -> Bundle:
    """The same, read."""
    return Bundle.open(folder)


@pytest.fixture(scope="session")
def witnessed(case: Case) -> Bundle:
    """The same, built for a trust file with witnesses, who saw the record log."""
    trust = TrustPolicy(witnessed_policy())
    return Bundle.open(case.build("for-witnesses", with_side=True, trust=trust))


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the programs that the README names, and of no mlspec."""
    missing = [tool for tool in (*NAMED, *PLAIN) if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: the README says so too")
    folder = tmp_path_factory.mktemp("tools")
    for tool in (*NAMED, *PLAIN):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    (folder / "protoc").symlink_to(Path(sys.executable).parent / "protoc")
    return folder
