"""The command line, as far as an allow-list lets it through."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import PurePath
from typing import Final

from mlspec.emitting.scrubbing import REDACTED, is_random, is_secret_name, scrub

_MAX_ARGUMENTS: Final = 256
_MAX_LENGTH: Final = 4096
# Names of options hold no data; their values may. Only these values are kept unasked, and only
# as plain numbers or words.
_KNOWN_FLAGS: Final = frozenset(
    {
        "--batch-size",
        "--debug",
        "--epochs",
        "--folds",
        "--jobs",
        "--learning-rate",
        "--lr",
        "--max-iter",
        "--quiet",
        "--seed",
        "--steps",
        "--verbose",
        "--workers",
    }
)
_FLAG: Final = re.compile(r"--[a-z][a-z-]{0,62}\Z|-[A-Za-z]\Z")
_NUMBER: Final = re.compile(r"[+-]?(\d{1,7}|\d{0,7}\.\d{1,12}|\d(\.\d+)?e[+-]?\d{1,3})\Z", re.I)
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")
_INTERPRETER_FLAGS: Final = frozenset("bBdEhiIOPqsSuvx")


def capture_command(argv: Sequence[str], allowed: Collection[str] = ()) -> list[str]:
    """Return a command line in which everything that is not on the allow-list is redacted.

    Kept are the names of program, script and module, the names of options, plain numbers after a
    few common options such as --seed, and the values of the options in `allowed` (unless they look
    like secrets all the same).

    Args:
        argv: The command as given, the interpreter included (`sys.orig_argv`).
        allowed: Options whose values may be kept, for example "--data".
    """
    if not argv:
        return []
    kept = [_file_name(argv[0])]
    rest = list(argv[1:])
    if PurePath(argv[0]).name.lower().startswith(("python", "pypy")):
        head, rest = _interpreter_part(rest)
        kept += head
    kept += _arguments(rest, allowed)
    return [argument[:_MAX_LENGTH] for argument in kept[:_MAX_ARGUMENTS]]


def _interpreter_part(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split off what belongs to Python, up to and with the script or module."""
    kept: list[str] = []
    while arguments:
        argument, *arguments = arguments
        if argument == "-m" and arguments:
            module = arguments[0]
            named = module if _MODULE.match(module) else REDACTED
            return [*kept, "-m", named], arguments[1:]
        if argument == "-c":
            return [*kept, "-c", REDACTED], arguments[1:]
        if argument in ("-X", "-W") and arguments:
            kept += [argument, REDACTED]
            arguments = arguments[1:]
        elif argument.startswith("-") and set(argument[1:]) <= _INTERPRETER_FLAGS:
            kept.append(argument)
        else:
            return [*kept, _file_name(argument)], arguments
    return kept, []


def _arguments(arguments: list[str], allowed: Collection[str]) -> list[str]:
    kept: list[str] = []
    flag = ""
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if _FLAG.match(name) and not is_random(name):
            kept.append(name + (f"={_value(name, value, allowed)}" if equals else ""))
            flag = "" if equals else name
        else:
            kept.append(_value(flag, argument, allowed))
            flag = ""
    return kept


def _value(flag: str, value: str, allowed: Collection[str]) -> str:
    if not flag or is_secret_name(flag):
        return REDACTED
    if flag in allowed:
        return value if value == scrub(value) else REDACTED
    return value if flag in _KNOWN_FLAGS and _NUMBER.match(value) else REDACTED


def _file_name(path: str) -> str:
    """Keep the last part: the folders above it name people and machines."""
    name = PurePath(path).name
    return name if name and not is_random(name) and name == scrub(name) else REDACTED
