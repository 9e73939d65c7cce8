"""Logging requests from eight threads at once: `python -m benchmarks.under_load`.

Shows how long a request's own thread takes in the worst of a thousand calls, how many requests a
second get through when nobody pauses, and what that does to memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import environments, machine
from benchmarks.rows import OURS

_CONTESTANTS: Final = (
    ("mlspec, buffered", "requests", "bounded", OURS),
    ("structlog + orjson", "structlogging", "structlog", "structlog"),
    ("logging, NCSA line", "stdlib_logging", "line", OURS),
    ("OpenTelemetry, batches", "opentelemetry_logs", "emit", "opentelemetry"),
)
_THREADS: Final = 8
_MIB: Final = 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all contestants, and print what came of it."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.under_load", description=__doc__)
    parser.add_argument("--calls", type=int, default=4_000, help="of each thread, with pauses")
    parser.add_argument("--records", type=int, default=1_000_000, help="without pauses")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="only MLSpec")
    options = parser.parse_args(given)
    environments.PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=environments.PLACE) as scratch:
        print(f"{_THREADS} threads, a call each 1 ms: the call itself")
        print(f"  {'':<24}{'p50':>12}{'p99':>12}{'p99.9':>12}{'p99 / p50':>12}")
        for label, module, case, environment in _CONTESTANTS:
            if environment == OURS or options.peers:
                found = _run(module, case, environment, scratch, options.calls, 0.001, 1)[0]
                print(f"  {label:<24}{_shares(found)}")
        print(f"\n{_THREADS} threads without a pause, all in bounded memory")
        label, module, case, environment = _CONTESTANTS[0]
        tenth = options.records // 10 // _THREADS
        rounds = _run(module, case, environment, scratch, tenth, 0.0, 10)
        count = sum(each["count"] for each in rounds)
        speed = count / sum(each["seconds"] for each in rounds)
        print(f"  {label}: {count:,} requests, {speed:,.0f} a second until on disk")
        memory = [each["resident"] / _MIB for each in rounds]
        print("  resident MiB after each tenth: " + " ".join(f"{each:.0f}" for each in memory))
    print("\n" + "\n".join(f"{name}: {value}" for name, value in machine.facts().items()))
    print(" ".join(["command: python -m benchmarks.under_load", *given]))
    return 0


def _shares(found: dict[str, Any]) -> str:
    times = "".join(f"{found[name] * 1e6:>9,.1f} us" for name in ("p50", "p99", "p999"))
    return f"{times}{found['p99'] / found['p50']:>10.1f} x"


def _run(
    module: str,
    case: str,
    environment: str,
    scratch: str,
    count: int,
    pause: float,
    rounds: int,
) -> list[dict[str, Any]]:
    """Measure one case in its environment."""
    ours = environment == OURS
    python = Path(sys.executable) if ours else environments.python_of(environment)
    paths = [str(environments.ROOT / "python")] if ours else []
    done = subprocess.run(
        [
            python,
            "-m",
            "benchmarks.load",
            f"benchmarks.cases.{module}",
            case,
            scratch,
            *map(str, (_THREADS, count, pause, rounds)),
        ],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*paths, str(environments.ROOT)])},
        text=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
