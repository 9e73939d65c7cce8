"""Rounds over all rows: a process for each environment and module, asked in turn."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from benchmarks.environments import ROOT
from benchmarks.rows import Row
from benchmarks.sizes import VARIABLE

Progress = Callable[[str], None]

_LAST_WORDS: Final = 200
_FOLDERS: Final = re.compile(r"(?:/[^\s/:\"']+)+/")


class Worker:
    """One `benchmarks.worker` process, until the `with` block ends."""

    def __init__(
        self, python: Path, module: str, logs: Path, scratch: Path, *, small: bool = False
    ) -> None:
        """Start the process.

        Args:
            python: The Python of its environment.
            module: The module of `benchmarks.cases`.
            logs: The folder that what it says is written to.
            scratch: The folder that the operations may write to.
            small: Whether large inputs are made small: to see that it runs.
        """
        size = {VARIABLE: "1"} if small else {}
        paths = [str(ROOT / "python"), str(ROOT)] if python == Path(sys.executable) else [str(ROOT)]
        self._log = (logs / f"{python.parents[1].name}-{module}.log").open("w+b")
        self._process = subprocess.Popen(
            [python, "-m", "benchmarks.worker", f"benchmarks.cases.{module}", scratch],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **size, "PYTHONPATH": os.pathsep.join(paths)},
            text=True,
        )

    def ask(self, case: str, budget: float) -> float:
        """Return the median time of one operation. Raises RuntimeError if it cannot be measured."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps({"case": case, "budget": budget}) + "\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise RuntimeError(f"its process ended: {self._last_line()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(_without_folders(answer["error"]))
        return float(answer["seconds"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the process end by itself: it removes what it wrote."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._log, self._process.stdout:
            try:
                self._process.stdin.close()
                self._process.wait(timeout=30)
            except (OSError, subprocess.TimeoutExpired):
                self._process.kill()
                self._process.wait()

    def _last_line(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return _without_folders(lines[-1][:_LAST_WORDS]) if lines else "it said nothing"


@dataclass(slots=True)
class Measured:
    """What came of measuring.

    Attributes:
        rounds: Seconds of one operation, by row key, a number a round.
        skipped: Why a row was not measured, by row key.
    """

    rounds: dict[str, list[float]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def medians(self) -> dict[str, float]:
        """Return the median over the rounds, in seconds, by row key."""
        return {key: statistics.median(times) for key, times in self.rounds.items()}


def measure(
    rows: Sequence[Row],
    pythons: dict[str, Path],
    scratch: Path,
    *,
    rounds: int,
    budget: float,
    progress: Progress,
    small: bool = False,
) -> Measured:
    """Measure all rows in turn, `rounds` times, each for `budget` seconds a turn.

    Args:
        rows: What to measure.
        pythons: The Python of each environment.
        scratch: Where the operations may write.
        rounds: How often; the order is turned by one row each time.
        budget: Seconds a turn; slower operations run once.
        progress: Told what is being done.
        small: Whether large inputs are made small: to see that it runs.
    """
    measured = Measured()
    workers: dict[tuple[str, str], Worker] = {}
    try:
        for number in range(rounds):
            progress(f"round {number + 1} of {rounds}")
            for row in _turned(rows, number):
                if number % row.every or row.key in measured.skipped:
                    continue
                place = (row.environment, row.module)
                if place not in workers:
                    python = pythons[row.environment]
                    workers[place] = Worker(python, row.module, scratch, scratch, small=small)
                try:
                    seconds = workers[place].ask(row.case, budget)
                except RuntimeError as error:
                    measured.skipped[row.key] = str(error)
                    measured.rounds.pop(row.key, None)
                    progress(f"{row.label}: {error}")
                else:
                    measured.rounds.setdefault(row.key, []).append(seconds)
    finally:
        for worker in workers.values():
            worker.__exit__(None, None, None)
    return measured


def _without_folders(words: str) -> str:
    """Keep the last parts of paths: the folders above name people and machines."""
    return _FOLDERS.sub("", words)


def _turned(rows: Sequence[Row], by: int) -> Iterable[Row]:
    """Return the rows from another one on, so that none always follows the same one's noise."""
    start = by % len(rows)
    return (*rows[start:], *rows[:start])
