"""The conformance kit's command line: `python -m conformance run|generate --help`."""

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from conformance import cases, programs, table, wrong
from conformance.cases import LoadedCase
from conformance.generator import writing
from conformance.judging import Mark
from conformance.programs import ProgramSpec
from conformance.running import group, run
from tools.places import ToolError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    runs = commands.add_parser("run", help="drive programs through the cases and print a table")
    runs.add_argument("programs", nargs="*", help="folders of programs (default: all)")
    runs.add_argument("--cases", action="append", default=[], help="glob on case ids; repeatable")
    runs.add_argument("--no-build", action="store_true", help="run what was built before")
    runs.add_argument("--require-all", action="store_true", help="fail if a program is skipped")
    runs.set_defaults(function=_run)
    generates = commands.add_parser("generate", help="write the cases, the same bytes each time")
    generates.add_argument("--check", action="store_true", help="compare instead of writing")
    generates.set_defaults(function=lambda arguments: writing.main(check=arguments.check))
    return parser


def _usable(spec: ProgramSpec, *, build: bool) -> bool:
    if spec.missing:
        print(f"skipped: {spec.name}, for want of {', '.join(spec.missing)}")
        return False
    if build and spec.build:
        print(f"building {spec.name}", file=sys.stderr, flush=True)
        spec.make()
    return True


class _Progress:
    """A counter on standard error, when a person watches."""

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total, self._done = name, total, 0

    def __call__(self, _case: LoadedCase) -> None:
        self._done += 1
        if sys.stderr.isatty() and (self._done % 50 == 0 or self._done == self._total):
            print(f"\r{self._name}: {self._done}/{self._total}", end="", file=sys.stderr)
            if self._done == self._total:
                print(file=sys.stderr)


def _run(arguments: argparse.Namespace) -> int:
    found = cases.load(wanted=tuple(arguments.cases))
    if not found:
        raise ToolError(f"--cases: must fit some case (got {arguments.cases})")
    specs = programs.find(tuple(arguments.programs))
    usable = [spec for spec in specs if _usable(spec, build=not arguments.no_build)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(lambda s: run(s, found, _Progress(s.name, len(found))), usable))
    totals = Counter(group(case.id) for case in found)
    print(table.render(outcomes, dict(totals)))
    print()
    print(table.remarks(outcomes))
    fooled = _deliberately_wrong(usable)
    failed = sum(len(outcome.problems) for outcome in outcomes)
    skipped = len(specs) - len(usable)
    print(
        f"{len(found)} cases, {len(usable)} programs ({skipped} skipped): "
        f"{failed} failures; deliberately wrong cases that were let pass: {fooled}"
    )
    return 1 if failed or fooled or (skipped and arguments.require_all) else 0


def _deliberately_wrong(specs: list[ProgramSpec]) -> int:
    """Let every program fail the wrong cases; return how many passed, or one that failed none."""
    made = list(wrong.altered(cases.load()))
    let_pass = 0
    for spec in specs:
        outcome = run(replace(spec, cases=()), made, lambda _case: None)
        marks = Counter(mark for counts in outcome.counts.values() for mark in counts.elements())
        let_pass += marks[Mark.PASS] or not marks[Mark.FAIL]
        print(f"{spec.name}: deliberately wrong cases: {marks[Mark.FAIL]} of {len(made)} fail")
    return let_pass


def main() -> int:
    """Run the command line; return the exit code."""
    arguments = _parser().parse_args()
    try:
        code: int = arguments.function(arguments)
    except ToolError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return code


if __name__ == "__main__":
    sys.exit(main())
