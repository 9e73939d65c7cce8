"""How long whole programs take from start to end. Standard library only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

Operation = Callable[[], object]

MLSPEC: Final = "import sys; from mlspec.cli import main; sys.exit(main())"


def program(*arguments: str) -> Operation:
    """Return the operation that runs this Python with `arguments`; it must exit with 0."""
    return command(sys.executable, *arguments)


def command(*words: str) -> Operation:
    """Return the operation that runs a command; it must exit with 0.

    Compiled files may be written and used, as in any installation.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def run() -> None:
        done = subprocess.run(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise RuntimeError(f"exit code {done.returncode}: {''.join(last)}")

    return run


def _help(_: Path) -> Operation:
    return program("-c", MLSPEC, "--help")


def _verify(folder: Path) -> Operation:
    """Verify a store of one run with three steps."""
    from benchmarks.cases.fixtures import small_store

    store, trust = small_store(folder)
    return program("-c", MLSPEC, "verify", str(store), "--trust", str(trust))


def _validate(folder: Path) -> Operation:
    from benchmarks.cases.fixtures import record_file

    return program("-c", MLSPEC, "validate", str(record_file(folder)))


CASES: Final = {
    "python": lambda _: program("-c", "pass"),
    "click": lambda _: program("-c", "import click"),
    "mlspec --help": _help,
    "mlspec verify": _verify,
    "mlspec validate": _validate,
    "mlflow --version": lambda _: program("-m", "mlflow", "--version"),
    "dvc --version": lambda _: program("-m", "dvc", "--version"),
}
"""Each takes a folder of its own and returns the operation that is measured."""
