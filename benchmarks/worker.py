"""The process that measures: one module of cases in one environment, asked line by line.

Standard library only, Python 3.10 or newer: it runs in the environments of the peers. A request is
a JSON line with `case` and `budget` (seconds), the answer one with `seconds` (the median time of
one operation) or `error`.
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

Operation = Callable[[], object]
_MOST = 5_000
_WORDS = 300


def measure(operation: Operation, budget: float) -> float:
    """Return the median time of `operation` in seconds, over as many calls as fit `budget`."""
    times: list[float] = []
    spent = 0.0
    while not times or (spent < budget and len(times) < _MOST):
        start = perf_counter()
        operation()
        times.append(perf_counter() - start)
        spent += times[-1]
    return statistics.median(times)


def serve(module: str, folder: Path) -> None:
    """Answer requests from standard input until it ends."""
    # Whatever the libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    prepared: dict[str, Operation] = {}
    for line in sys.stdin:
        try:
            answer = _answer(json.loads(line), module, folder, prepared)
        except Exception as error:  # noqa: BLE001 - a row that cannot run is named with its reason
            answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())[:_WORDS]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answer(
    request: dict[str, Any], module: str, folder: Path, prepared: dict[str, Operation]
) -> dict[str, Any]:
    case = request["case"]
    if case not in prepared:
        place = folder / case.replace("/", "-").replace(" ", "-")
        place.mkdir()
        prepared[case] = importlib.import_module(module).CASES[case](place)
        prepared[case]()
        if request["budget"]:
            measure(prepared[case], request["budget"])
    return {"seconds": measure(prepared[case], request["budget"])}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[2], ignore_cleanup_errors=True) as scratch:
        serve(sys.argv[1], Path(scratch))
