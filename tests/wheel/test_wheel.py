"""The built wheel, installed in a clean environment beside each protobuf line, does its work."""

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from tools.places import PROTO, ROOT

pytestmark = pytest.mark.wheel

UV = Path(sys.executable).with_name("uv")
PROBE = Path(__file__).with_name("probe.py")
RECORDS = ROOT / "vectors" / "v1" / "data_splitting"
RUNTIMES = {"4.25.9": "==4.25.9", "5": "==5.*", "6": "==6.*", "7": "==7.*"}
"""The oldest protobuf that is promised, and the newest of each later line."""


def run(*command: str | Path, code: int = 0) -> str:
    """Run a program outside the working tree's influence; return what it prints.

    It must exit with `code`.
    """
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        env=clean,
        cwd=tempfile.gettempdir(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the working tree."""
    folder = tmp_path_factory.mktemp("wheel")
    run(UV, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_ships_types_rules_and_sources(wheel: Path) -> None:
    """py.typed, the descriptor set and every .proto file are in it; nothing outside mlspec is."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"mlspec/py.typed", "mlspec/schema/mlspec.binpb"} <= names
    sources = {path.relative_to(PROTO).as_posix() for path in PROTO.rglob("*.proto")}
    assert {f"mlspec/schema/{name}" for name in sources} <= names
    roots = {name.split("/")[0] for name in names}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"mlspec"}


@pytest.mark.parametrize("line", RUNTIMES)
def test_the_installed_wheel_validates(line: str, wheel: Path, tmp_path: Path) -> None:
    """Beside this protobuf, a valid record passes and an invalid one is refused."""
    python = tmp_path / "bin" / "python"
    run(UV, "venv", "--quiet", "--python", sys.executable, tmp_path)
    run(UV, "pip", "install", "--quiet", "--python", python, wheel, f"protobuf{RUNTIMES[line]}")
    invalid = sorted(RECORDS.glob("*_fail.txtpb"))[0]
    printed = run(python, "-I", PROBE, RECORDS / "minimal.txtpb", invalid)
    assert printed.startswith(line)
    mlspec = python.with_name("mlspec")
    run(mlspec, "validate", RECORDS / "minimal.txtpb")
    refusal = run(mlspec, "validate", invalid, code=1)
    assert re.search(r"^  data_splitting\S*: ", refusal, re.MULTILINE), refusal
