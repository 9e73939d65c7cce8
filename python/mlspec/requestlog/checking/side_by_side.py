"""Working on stretches of a log in several processes, with the results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import Final, TypeVar

from mlspec.errors import UsageError

J = TypeVar("J")
R = TypeVar("R")

MAX_PROCESSES: Final = 64
_AHEAD: Final = 3


def in_order(work: Callable[[J], R], jobs: Iterator[J], processes: int) -> Iterator[tuple[J, R]]:
    """Yield each job with what `work` makes of it, in order; only a few are under way at a time.

    With one process, or one job, everything happens in this one. `work` is a function of a
    module, and jobs and results can be pickled.

    Raises UsageError for a number of processes that makes no sense, and what `work` raises.
    """
    if not 1 <= processes <= MAX_PROCESSES:
        raise UsageError(
            f"must be 1 to {MAX_PROCESSES} (got {processes})", error_id="usage", path="processes"
        )
    first = list(islice(jobs, 2))
    if processes == 1 or len(first) < 2:
        yield from ((job, work(job)) for job in chain(first, jobs))
        return
    # Forking would copy the locks of whatever program calls this, held by threads that are gone.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        rest = chain(first, jobs)
        waiting = [(job, pool.submit(work, job)) for job in islice(rest, processes * _AHEAD)]
        while waiting:
            job, future = waiting.pop(0)
            yield job, future.result()
            waiting += [(more, pool.submit(work, more)) for more in islice(rest, 1)]
