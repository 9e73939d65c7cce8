"""Compare every stage record of a run with what is computed again."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

from examples.loan_approval.recompute import data_stages, live_stages, model_stages, origin
from examples.loan_approval.recompute.book import Book

NEEDED = 10
STAGES = (
    "objectives",
    "ingest",
    "analyse",
    "transform",
    "validate",
    "split",
    "train",
    "evaluate",
    "holdout-test",
    "package",
    "serve",
    "monitor",
    "log",
)


def main() -> int:
    """Print how many numbers of each stage agree, and each that does not; `--json` prints all."""
    arguments = [each for each in sys.argv[1:] if each != "--json"]
    book = Book(Path(arguments[0] if arguments else "build/demo"))
    for again in (*origin.ALL, *data_stages.ALL, *model_stages.ALL, *live_stages.ALL):
        again(book)
    counts, differing = book.counts(), book.differing()
    enough = all(counts[stage] >= NEEDED for stage in STAGES)
    if "--json" in sys.argv:
        print(json.dumps([dataclasses.asdict(each) for each in book.comparisons], default=str))
        return 0 if enough and not differing else 1
    for stage in STAGES:
        wrong = sum(each.stage == stage for each in differing)
        print(f"{stage:<14} {counts[stage] - wrong:4} of {counts[stage]:4} agree")
    for each in differing:
        print(f"DIFFERS  {each.stage}: {each.what}: {each.recorded} was {each.computed}")
    return 0 if enough and not differing else 1


if __name__ == "__main__":
    sys.exit(main())
