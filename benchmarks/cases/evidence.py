"""An evidence bundle, verified: envelopes, the log's proofs, and all rules across records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from mlspec.evidence import Bundle, verify
from mlspec.sealing import unseal
from tests.unit.evidence.making import Case, make_case

Operation = Callable[[], object]


def _made(folder: Path) -> tuple[Case, Path]:
    case = make_case(folder / "pipeline")
    return case, case.build(record_log=None)


def _folder(folder: Path) -> Operation:
    case, path = _made(folder)
    trust = case.trust
    return lambda: verify(path, trust)


def _read(folder: Path) -> Operation:
    case, path = _made(folder)
    bundle, trust = Bundle.open(path), case.trust
    return lambda: verify(bundle, trust)


def _records(folder: Path) -> Operation:
    """Return the least that can be done: each envelope by itself, and nothing across them."""
    case, _ = _made(folder)
    trust, sealed = case.trust, list(case.records.values())

    def run() -> None:
        for each in sealed:
            unseal(each, trust)

    return run


CASES: Final = {"folder": _folder, "read": _read, "records": _records}
"""Each takes a folder of its own and returns the operation that is measured."""
