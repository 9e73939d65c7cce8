"""The command `mlspec`. Commands are loaded when they are called, one file each."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "keygen": "make a key pair",
    "trust": "make, change, sign and check trust files: whom to believe",
    "new": "print a commented template of a stage's record",
    "validate": "check files against the rules of the specification",
    "convert": "turn a message into another format",
    "show": "print a sealed record for people",
    "sign": "seal a record, or countersign one",
    "verify": "check a sealed record, or all of a store, against a trust file",
    "records": "list the records of a store",
    "lineage": "show what a record rests on, or what rests on it",
    "log": "verify, prove, read, erase from and export request logs",
    "evidence": "build or verify the evidence for one request, offline",
    "export": "write sealed records in the forms of other tools",
    "breaking": "tell what an edit of .proto files breaks, and for whom",
}

_OVERVIEW = """\
Usage: mlspec COMMAND [ARGUMENTS]

Signed, typed records of every stage of a machine-learning lifecycle.

Commands:
{commands}

Options:
  --version  print the version
  -h, --help print this, or after a command its own help

Exit codes: 0 it holds; 1 it does not (invalid, failed, tampered); 2 wrong usage or
unreadable input; 3 nothing is forged, but nobody trusted vouches for it; 4 undecided.

Example:
  mlspec verify mlspec.db --trust trust.json
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Answered here, because loading the parser alone would take as long as Python's own start.
    if not given or given in (["--help"], ["-h"], ["help"]):
        return _say(overview())
    if given == ["--version"]:
        from mlspec import __version__

        return _say(f"mlspec {__version__}\n")
    from mlspec.cli.running import run

    return run(given)


def overview() -> str:
    """Return what `mlspec --help` prints."""
    lines = (f"  {name:<9}{words}" for name, words in COMMANDS.items())
    return _OVERVIEW.format(commands="\n".join(lines))


def _say(text: str) -> int:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough; Python would complain once more when it closes the file.
        sys.stdout = None
    return 0
