"""A virtual environment for each peer, made once under build/bench."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PLACE: Final = ROOT / "build" / "bench"
REQUIREMENTS: Final = Path(__file__).parent / "requirements"

_SECONDS: Final = 600


class NotInstallableError(Exception):
    """A peer cannot be installed here; the text says why."""


def python_of(peer: str) -> Path:
    """Return the Python of a peer's environment, made if need be. Raises NotInstallableError."""
    requirements = REQUIREMENTS / f"{peer}.txt"
    place = PLACE / peer
    python = place / "bin" / "python"
    installed = place / ".installed"
    wanted = requirements.read_text(encoding="utf-8")
    if not (installed.is_file() and installed.read_text(encoding="utf-8") == wanted):
        uv = Path(sys.executable).with_name("uv")
        if not uv.is_file():
            raise NotInstallableError("uv is missing: run `make setup`")
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, place)
        _run(uv, "pip", "install", "--quiet", "--python", python, "-r", requirements)
        installed.write_text(wanted, encoding="utf-8")
    return python


def versions(peer: str) -> str:
    """Return name and version of what the peer's requirements name."""
    lines = (REQUIREMENTS / f"{peer}.txt").read_text(encoding="utf-8").splitlines()
    name = next(line for line in lines if line and line[0] != "#").partition("[")[0]
    for sign in "=<>":
        name = name.partition(sign)[0]
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    python = PLACE / peer / "bin" / "python"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return f"{name} {done.stdout.strip()}"


def _run(*command: str | Path) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.CalledProcessError as error:
        reason = " ".join(line.strip() for line in error.stderr.strip().splitlines()[-3:])
        raise NotInstallableError(reason[:200] or f"exit code {error.returncode}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstallableError(type(error).__name__) from error
