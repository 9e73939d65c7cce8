"""The standard library's logging: an NCSA line with the features behind it, to a file."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks import request as r

Operation = Callable[[], object]

_LINE: Final = (
    '%s - %s [%s] "%s" %d %d "%s" "%s" request_id="%s" model="%s@%s" model_sha256="%s" '
    'pipeline_sha256="%s" data_sha256="%s" deployment_sha256="%s" latency_us="%d" features="%s"'
)


def _logged(folder: Path) -> Operation:
    logger = logging.getLogger("requests")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(logging.FileHandler(folder / "access.log", encoding="utf-8"))

    def run() -> None:
        logger.info(
            _LINE,
            r.HOST,
            r.USER,
            time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
            r.REQUEST_LINE,
            r.STATUS,
            r.ANSWER_BYTES,
            r.REFERRER,
            r.AGENT,
            os.urandom(16).hex(),
            r.MODEL,
            r.VERSION,
            r.SHA256_HEX["model"],
            r.SHA256_HEX["pipeline"],
            r.SHA256_HEX["data"],
            r.SHA256_HEX["deployment"],
            time.perf_counter_ns() // 1000,
            ",".join([repr(feature) for feature in r.FEATURES]),
        )

    return run


CASES: Final = {"line": _logged}
"""Each takes a folder of its own and returns the operation that is measured."""
