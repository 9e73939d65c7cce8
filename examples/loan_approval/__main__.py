"""Run the whole job: `python -m examples.loan_approval [--output FOLDER] [--input CSV]`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from examples.loan_approval.folder import NotOursError, start_clean
from examples.loan_approval.source import packaged_table


def main() -> int:
    """Run all stages, print what came of them, and return an exit code."""
    arguments = parse()
    try:
        folder = start_clean(arguments.output)
    except NotOursError as error:
        print(error, file=sys.stderr)
        return 2
    from examples.loan_approval import ending, stranger
    from examples.loan_approval.stages import run_all

    started = time.perf_counter()
    job = run_all(folder, arguments.input, Progress())
    ending.print_records(job)
    ending.print_criteria(job)
    request = ending.print_lineage(job)
    good = ending.print_verification(job) and stranger.convince(job, request)
    took = time.perf_counter() - started
    print(f"\nAll is in {arguments.output}. It took {took:.0f} s.")
    return 0 if good else 1


def parse() -> argparse.Namespace:
    """The arguments; the environment says the same to whoever runs `make demo`."""
    parser = argparse.ArgumentParser(prog="python -m examples.loan_approval", description=__doc__)
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(os.environ.get("LOAN_DEMO_OUTPUT", "build/demo")),
        help="folder for all that is made; wiped if an earlier run made it",
    )
    parser.add_argument(
        "--input",
        type=Path,
        default=Path(os.environ.get("LOAN_DEMO_INPUT", packaged_table())),
        help="the mortgage table, as .csv or .csv.bz2",
    )
    return parser.parse_args()


class Progress:
    """One line for each stage, with the time that it took."""

    def __call__(self, words: str, work: Callable[[], object]) -> None:
        """Do some work and say so."""
        print(f"{words:<58}", end="", flush=True)
        started = time.perf_counter()
        work()
        print(f"{time.perf_counter() - started:6.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
