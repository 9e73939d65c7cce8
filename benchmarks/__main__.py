"""The command `python -m benchmarks`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import environments, machine, rows, table
from benchmarks.measuring import Measured, measure

_ROUNDS, _QUICK_ROUNDS = 24, 2
_BUDGET, _QUICK_BUDGET = 0.05, 0.002


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 whether or not the targets were met."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    wanted = [row for row in rows.ROWS if options.section in ("all", _slug(row.section))]
    pythons, skipped = _environments(peers=options.peers)
    facts = machine.facts() | _versions(pythons)
    environments.PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=environments.PLACE) as scratch:
        found = measure(
            [row for row in wanted if row.environment in pythons],
            pythons,
            Path(scratch),
            rounds=options.rounds or (_QUICK_ROUNDS if options.quick else _ROUNDS),
            budget=_QUICK_BUDGET if options.quick else _BUDGET,
            progress=_progress,
            small=options.quick,
        )
    _note(found, wanted, skipped)
    command = " ".join(["python -m benchmarks", *given])
    if options.json:
        print(json.dumps(table.as_data(found, facts, command), indent=2))
    else:
        print(table.as_text(found, facts, command), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="two short rounds over small inputs: does it run?"
    )
    parser.add_argument("--rounds", type=int, help=f"how many rounds (default: {_ROUNDS})")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="only MLSpec")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--section",
        choices=["all", *map(_slug, rows.SECTIONS)],
        default="all",
        help="measure one part (default: all)",
    )
    return parser


def _slug(section: str) -> str:
    return {
        rows.RECORD: "record",
        rows.DURABLE: "durable",
        rows.REQUEST: "request",
        rows.VALIDATION: "validation",
        rows.START_UP: "start-up",
        rows.BREAKING: "breaking",
        rows.VERIFYING: "verifying",
        rows.HASHING: "hashing",
        rows.LOGS: "logs",
    }[section]


def _environments(*, peers: bool) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the Python of each environment, and why a peer has none."""
    pythons, skipped = {rows.OURS: Path(sys.executable)}, {}
    for peer in rows.peers() if peers else ():
        _progress(f"environment of {peer}")
        try:
            pythons[peer] = environments.python_of(peer)
        except environments.NotInstallableError as error:
            skipped[peer] = str(error)
            _progress(f"{peer} is skipped: {error}")
    return pythons, skipped


def _versions(pythons: dict[str, Path]) -> dict[str, str]:
    peers = [environments.versions(peer) for peer in pythons if peer != rows.OURS]
    return {"peers": ", ".join(peers)} if peers else {}


def _note(found: Measured, wanted: Sequence[rows.Row], skipped: dict[str, str]) -> None:
    """Name the rows of peers that are not here."""
    for row in wanted:
        if row.environment in skipped:
            found.skipped[row.key] = skipped[row.environment]


def _progress(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
