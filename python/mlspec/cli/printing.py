"""What commands print: tables and lines for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from mlspec.errors import DecodeError, InputError, LimitError, MLSpecError

# Controls, and marks that turn the direction of writing round.
_RANGES = ((0, 9), (11, 32), (127, 160), (0x2028, 0x202F), (0x2066, 0x206A), (0xD800, 0xE000))
_NEVER_SHOWN = {code: "\ufffd" for start, end in _RANGES for code in range(start, end)}

_REMEDIES = {
    DecodeError: "Check that the file is whole, and of the type and format that it is read as.",
    LimitError: "Keep bulk in artifacts, which records name by digest.",
    InputError: "Correct it, and try again.",
}


def plain(text: object) -> str:
    """Return text without characters that would control the terminal: it comes from strangers."""
    return str(text).translate(_NEVER_SHOWN)


def one_line(text: object) -> str:
    """Return plain text without line breaks: a name or a reason must not make a line of its own."""
    return plain(text).replace("\n", " ").replace("\t", " ")


def say(text: str = "") -> None:
    """Print a line to standard output."""
    click.echo(plain(text))


def note(text: str) -> None:
    """Print a line to standard error, beside what a pipe carries on."""
    click.echo(plain(text), err=True)


def say_json(value: Any) -> None:
    """Print a value as indented JSON to standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def say_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns as wide as they need to be."""
    cells = [[plain(cell).replace("\n", " ") for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())


def describe(error: MLSpecError) -> dict[str, Any]:
    """Return what `print_error` prints of an error, with a remedy for kinds that bring none."""
    found = error.to_dict() | {"text": str(error)}
    for kind, remedy in _REMEDIES.items():
        if isinstance(error, kind):
            found.setdefault("remedy", remedy)
    return found


def print_error(error: dict[str, Any], *, as_json: bool) -> None:
    """Print what is wrong, where, and what to do, to standard error."""
    if as_json:
        known = {name: value for name, value in error.items() if name != "text"}
        known.setdefault("message", error["text"])
        click.echo(json.dumps({"error": known}, ensure_ascii=False, indent=2), err=True)
        return
    click.echo(plain(f"mlspec: {error['text']}"), err=True)
    if error.get("remedy"):
        click.echo(plain(f"  {error['remedy']}"), err=True)


def may_draw() -> bool:
    """Tell whether a person watches standard error."""
    return sys.stderr.isatty()
