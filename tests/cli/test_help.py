"""Help: there for every command, with examples that work."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import mlspec
from mlspec import open_store
from mlspec.cli import COMMANDS
from mlspec.cli.base import Command
from tests.cli.conftest import Call


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command and subcommand with how it is called."""
    for name in COMMANDS:
        command: click.Command = importlib.import_module(f"mlspec.cli.commands.{name}").command
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", each) for sub, each in command.commands.items())


ALL = dict(commands())
EXAMPLES = [
    example
    for command in ALL.values()
    if isinstance(command, Command)
    for example in command.examples
]


def test_every_command_has_examples() -> None:
    """A group has those of its commands."""
    leaves = [each for each in ALL.values() if not isinstance(each, click.Group)]
    assert all(isinstance(each, Command) and each.examples for each in leaves)


@pytest.mark.parametrize("name", ALL)
def test_every_command_explains_itself(call: Call, name: str) -> None:
    """What it does, and every option."""
    for flag in ("--help", "-h"):
        shown = call(*name.split(), flag)
        assert (shown.code, shown.err) == (0, "")
        assert f"mlspec {name}" in shown.out
    command = ALL[name]
    assert command.help
    assert all(
        getattr(option, "help", "") for option in command.params if isinstance(option, click.Option)
    )
    if isinstance(command, Command):
        assert all(example in shown.out for example in command.examples)


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",), ("help",)])
def test_the_overview_names_every_command(call: Call, arguments: tuple[str, ...]) -> None:
    """It is printed without loading the parser; the commands are the same."""
    shown = call(*arguments)
    assert shown.code == 0
    assert all(f"\n  {name}" in shown.out for name in COMMANDS)


def test_the_overview_says_what_each_command_says() -> None:
    """The short words and the long ones are about one thing: each command has its module."""
    folder = Path(mlspec.__file__).parent / "cli" / "commands"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == set(COMMANDS)


def test_the_version_is_printed(call: Call) -> None:
    """And nothing else."""
    assert call("--version").out == f"mlspec {mlspec.__version__}\n"


def test_help_loads_neither_parser_nor_messages() -> None:
    """It should be there at once."""
    code = "import sys; from mlspec.cli import main; main(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "mlspec.cli" in loaded
    assert not loaded & {"click", "google.protobuf", "sqlite3", "cryptography", "mlspec.v1"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_work(bench: Path, example: str, tmp_path: Path) -> None:
    """As they stand there, in the folder of the tests, through a shell."""
    with open_store(bench / "mlspec.db", read_only=True) as store:
        (trained,) = store.records(step="train")
    for word in ("keygen ", "trust init ", "--output "):
        made = example.partition(word)[2].partition(" ")[0]
        for path in (bench / made, (bench / made).with_suffix(".pub")):
            if made not in ("", "-") and "keys/approver" not in made:
                path.unlink(missing_ok=True)
    shim = tmp_path / "bin" / "mlspec"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -m mlspec.cli "$@"\n')
    shim.chmod(0o755)
    environ = os.environ | {
        "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(Path(mlspec.__file__).parent.parent),
        "MLSPEC_KEY_PASSWORD": "correct horse",
    }
    line = example.replace("5f0c12ab", trained.hex[:8])
    done = subprocess.run(line, shell=True, env=environ, capture_output=True, text=True)  # noqa: S602
    assert (done.returncode, done.stderr if done.returncode else "") == (0, "")
