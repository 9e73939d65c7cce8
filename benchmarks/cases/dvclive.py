"""DVCLive: the step's parameters and metrics as files, without a commit and a report."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Final

os.environ["DVC_NO_ANALYTICS"] = "true"

from dvclive import Live  # type: ignore[import-not-found]

from benchmarks import sample

Operation = Callable[[], object]


def _whole_step(folder: Path) -> Operation:
    # Away from the repository: it would look into its history.
    os.chdir(folder)
    numbers = count()

    def run() -> None:
        place = str(folder / f"live_{next(numbers)}")
        with Live(place, save_dvc_exp=False, dvcyaml=None, report=None) as live:
            live.log_params(sample.PARAMETERS)
            for name, value in sample.METRICS.items():
                live.log_metric(name, value)
            live.next_step()

    return run


CASES: Final = {"step": _whole_step}
"""Each takes a folder of its own and returns the operation that is measured."""
