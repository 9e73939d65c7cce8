"""What is kept of a release beside its image: its wheel, its vectors, and records that it sealed.

Everything is made from the repository at `source`. The records come from the wheel itself, in an
environment of its own, so that what later versions verify is what users of the release have.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tools.places import ToolError

WHEEL = "*.whl"
VECTORS = "vectors.tar.xz"
SEALED = "sealed.tar.xz"
CONSTRAINTS = "constraints.txt"
PARTS = (WHEEL, VECTORS, SEALED, CONSTRAINTS)
"""The files of a kit, as patterns: each fits exactly one."""

_UV = Path(sys.executable).with_name("uv")
_SAMPLES = Path(__file__).with_name("release_samples.py")
# The oldest time that a zip archive, and so a wheel, can hold.
_EPOCH = 315532800


def run(*command: str | Path, code: int = 0, folder: Path | None = None) -> str:
    """Run a program in a folder, or away from any, so that it sees only what is installed.

    Returns what it prints, errors too. Raises ToolError if it exits with anything but `code`.
    """
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        env=clean | {"SOURCE_DATE_EPOCH": str(_EPOCH)},
        cwd=folder or tempfile.gettempdir(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != code:
        words = " ".join(str(part) for part in command)
        raise ToolError(f"{words}: must exit with {code} (got {done.returncode})\n{done.stdout}")
    return done.stdout


def build_wheel(source: Path, target: Path) -> Path:
    """Build the wheel of the repository at `source` into the folder `target`; return its path.

    Raises:
        ToolError: it could not be built.
    """
    run(_UV, "build", "--quiet", "--wheel", "--out-dir", target, source)
    # Left behind for whoever would commit the folder.
    (target / ".gitignore").unlink(missing_ok=True)
    (path,) = target.glob(WHEEL)
    return path


def install(wheel: Path, constraints: Path, target: Path) -> Path:
    """Make an environment that holds a wheel and what it needs; return the path of its Python.

    Raises:
        ToolError: it could not be made.
    """
    python = target / "bin" / "python"
    run(_UV, "venv", "--quiet", "--python", sys.executable, target)
    run(_UV, "pip", "install", "--quiet", "--python", python, "-c", constraints, wheel)
    return python


def pack(folder: Path, archive: Path) -> None:
    """Write the files of a folder into an archive that says nothing of when, where or by whom."""
    with tarfile.open(archive, "w:xz", preset=9) as tar:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = path.stat().st_size
            with path.open("rb") as content:
                tar.addfile(entry, content)


def unpack(archive: Path, folder: Path) -> Path:
    """Write what an archive holds into a folder, and return the folder."""
    with tarfile.open(archive, "r:xz") as tar:
        tar.extractall(folder, filter="data")
    return folder


def make(source: Path, target: Path) -> None:
    """Write the kit of the repository at `source` into the new folder `target`.

    Raises:
        ToolError: the wheel could not be built or installed, or did not seal.
    """
    target.mkdir(parents=True)
    wheel = build_wheel(source, target)
    shutil.copyfile(source / "tools" / "requirements" / CONSTRAINTS, target / CONSTRAINTS)
    pack(source / "vectors", target / VECTORS)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        python = install(wheel, target / CONSTRAINTS, scratch / "environment")
        run(python, "-I", _SAMPLES, source / "vectors" / "v1", scratch / "sealed")
        pack(scratch / "sealed", target / SEALED)
