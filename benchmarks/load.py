"""The process that is under load: threads that log requests, each call timed.

Standard library only, Python 3.10 or newer: it runs in the environments of the peers. Prints one
JSON object.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Operation = Callable[[], object]


def drive(operation: Operation, threads: int, count: int, pause: float) -> dict[str, Any]:
    """Call `operation` in each of several threads; return what it took.

    Args:
        operation: What is measured.
        threads: How many clients there are at once.
        count: How often each of them calls.
        pause: Seconds that a client does something else between two calls.
    """
    times: list[list[float]] = [[] for _ in range(threads)]
    begin = threading.Barrier(threads + 1)

    def client(own: list[float]) -> None:
        begin.wait()
        for _ in range(count):
            start = time.perf_counter()
            operation()
            own.append(time.perf_counter() - start)
            if pause:
                time.sleep(pause)

    clients = [threading.Thread(target=client, args=(own,)) for own in times]
    for thread in clients:
        thread.start()
    begin.wait()
    start = time.perf_counter()
    for thread in clients:
        thread.join()
    seconds = time.perf_counter() - start
    every = sorted(each for own in times for each in own)
    return {
        "count": len(every),
        "seconds": seconds,
        **{name: every[int(len(every) * part)] for name, part in PARTS.items()},
    }


PARTS = {"p50": 0.5, "p99": 0.99, "p999": 0.999}


def resident() -> int:
    """Return the bytes of memory that the process has. Linux."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def main(arguments: list[str]) -> None:
    """Measure one case: module, case, folder, threads, calls of each, pause, rounds."""
    module, case, folder, threads, count, pause, rounds = arguments
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as scratch:
        operation = importlib.import_module(module).CASES[case](Path(scratch))
        drive(operation, int(threads), 1_000, 0.0)
        found = []
        for _ in range(int(rounds)):
            found.append(drive(operation, int(threads), int(count), float(pause)))
            found[-1]["resident"] = resident()
        print(json.dumps(found), flush=True)
        os._exit(0)  # what still waits to be written is not measured


if __name__ == "__main__":
    main(sys.argv[1:])
