"""Start a package as a service would, answer its samples, and print what that took, as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

ANSWER_COUNT = 200


def probe(package: Path) -> dict[str, float]:
    """Load and answer; memory in bytes, times in seconds."""
    started = time.perf_counter()
    from examples.loan_approval.scoring import Scorer

    scorer = Scorer(package)
    samples = [json.loads(p.read_text()) for p in sorted(package.glob("samples/*.request.json"))]
    scorer.answer(samples[0]["features"])
    startup = time.perf_counter() - started
    started = time.perf_counter()
    for number in range(ANSWER_COUNT):
        scorer.answer(samples[number % len(samples)]["features"])
    answered = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "startup_seconds": startup,
        "requests_per_second": ANSWER_COUNT / answered,
        "peak_memory_bytes": peak * (1 if sys.platform == "darwin" else 1024),
    }


if __name__ == "__main__":
    print(json.dumps(probe(Path(sys.argv[1]))))
