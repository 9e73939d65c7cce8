"""Finding and calling a command; turning whatever happens into an exit code and a message."""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, Final

import click

from mlspec.cli import COMMANDS
from mlspec.cli.printing import describe, print_error
from mlspec.errors import MLSpecError

_USAGE: Final = 2
_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141
_INTERNAL: Final = 70


class _Lazy(click.Group):
    """Loads a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"mlspec.cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command


def run(arguments: Sequence[str]) -> int:
    """Run one command line. Returns the exit code; prints errors to standard error."""
    debug = "--debug" in arguments
    as_json = "--json" in arguments
    given = [argument for argument in arguments if argument != "--debug"]
    gc.disable()  # loading makes much that lives and nothing that dies
    group = _Lazy("mlspec", help="Signed records of every stage of a machine-learning lifecycle.")
    try:
        code = group.main(given, prog_name="mlspec", standalone_mode=False)
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - the last stop: everything becomes an exit code
        return _report(error, debug=debug, as_json=as_json)
    except KeyboardInterrupt:
        print("mlspec: interrupted", file=sys.stderr)
        return _INTERRUPTED
    finally:
        gc.enable()
    return code if isinstance(code, int) else 0


def load_done() -> None:
    """Let garbage be collected again: a command is about to do long work."""
    gc.freeze()
    gc.enable()


def _report(error: Exception, *, debug: bool, as_json: bool) -> int:
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        # Nobody reads on. Python would fail once more at exit, flushing what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    if debug:
        traceback.print_exception(error)
    if isinstance(error, click.ClickException):
        print_error(_usage(error), as_json=as_json)
        return _USAGE
    if isinstance(error, click.Abort):
        print("mlspec: interrupted", file=sys.stderr)
        return _INTERRUPTED
    if isinstance(error, MLSpecError):
        print_error(describe(error), as_json=as_json)
        return error.exit_code
    print_error(
        {
            "id": "internal",
            "text": f"mlspec must not fail like this ({type(error).__name__}: {error})",
            "remedy": "Run it again with --debug, and report what it prints.",
        },
        as_json=as_json,
    )
    return _INTERNAL


def _usage(error: click.ClickException) -> dict[str, Any]:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "mlspec"
    return {
        "id": "usage",
        "text": error.format_message(),
        "remedy": f"Try '{path} --help'.",
    }
