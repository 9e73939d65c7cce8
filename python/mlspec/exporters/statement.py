"""What an in-toto Statement v1 of ours looks like.

Source: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from mlspec import v1
from mlspec.exporters.subjects import Subject
from mlspec.records import stage_name

STATEMENT_JSON: Final = "application/vnd.in-toto+json"
"""What an in-toto statement is signed under."""

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
"""The form of the statement, as its `_type` says."""

PREDICATES: Final = "https://github.com/mlspec/mlspec/predicate/"
"""What our predicate types start with: a name that nobody else uses, not a place to look at."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a statement says. Whether to believe it is for the signature on it to tell.

    Attributes:
        subjects: What it is about.
        predicate_type: What it says about that.
        predicate: What it says, as JSON data.
        record: The record that it is a copy of. None: it is no copy of one.
        record_sha256: The identity of the sealed record. Empty: it is no copy of one.
    """

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: dict[str, Any]
    record: v1.Record | None = None
    record_sha256: bytes = b""


def predicate_type(stage: int) -> str:
    """Return the predicate type of a stage, for this version of the specification."""
    return f"{PREDICATES}{stage_name(stage)}/v1"
