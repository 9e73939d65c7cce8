"""What happens when somebody changes one byte of one record: in a copy, a FAIL becomes a PASS."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from examples.loan_approval.job import Past
from mlspec import v1

VERDICT_TAG = 0x18
"""Field 3 of `CriterionResult`, a varint: its verdict."""


@dataclass(frozen=True)
class Tampered:
    """The changed copy: which byte of which record's envelope, and what it said."""

    store: Path
    record: str
    criterion: str
    offset: int


def tamper(store: Path, copy: Path, evaluation: Past[v1.ModelEvaluation]) -> Tampered:
    """Copy the store and turn the verdict of a criterion that failed, by one byte.

    Raises:
        LookupError: No criterion failed.
    """
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    payload = evaluation.verified.payload
    failed = next(
        (r for r in evaluation.body.outcome.required_results if r.verdict == v1.VERDICT_FAIL), None
    )
    if failed is None:
        raise LookupError("some criterion must have failed")
    encoded = failed.SerializeToString()
    in_payload = payload.index(encoded) + encoded.index(bytes((VERDICT_TAG, v1.VERDICT_FAIL))) + 1
    with closing(sqlite3.connect(copy)) as database:
        query = "SELECT sequence, envelope FROM records WHERE sha256 = ?"
        row, envelope = database.execute(query, (evaluation.verified.sha256,)).fetchone()
        offset = bytes(envelope).index(payload) + in_payload
        # Writing into a value in place is no UPDATE: the store's own guards do not see it.
        with database.blobopen("records", "envelope", row) as blob:
            blob[offset] = v1.VERDICT_PASS
        database.commit()
    return Tampered(copy, evaluation.verified.hex, failed.criterion_id, offset)
