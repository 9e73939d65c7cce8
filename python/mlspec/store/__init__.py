"""Stores of sealed records: append-only, found by content, safe with several processes."""

from mlspec.store.facts import Facts, UnverifiedRecord
from mlspec.store.lineage import LineageNode
from mlspec.store.objects import ObjectRow
from mlspec.store.opening import DEFAULT_TIMEOUT, open_store
from mlspec.store.protocol import (
    ArtifactUse,
    DeprecatedObjectWarning,
    DigestLike,
    Direction,
    Entry,
    Fault,
    Outcome,
    Store,
)
from mlspec.store.report import Line, Report, Tally, Verdict
from mlspec.store.rules import require_usable_data
from mlspec.store.verification import verify_lines, verify_store

__all__ = [
    "DEFAULT_TIMEOUT",
    "ArtifactUse",
    "DeprecatedObjectWarning",
    "DigestLike",
    "Direction",
    "Entry",
    "Facts",
    "Fault",
    "Line",
    "LineageNode",
    "ObjectRow",
    "Outcome",
    "Report",
    "Store",
    "Tally",
    "UnverifiedRecord",
    "Verdict",
    "open_store",
    "require_usable_data",
    "verify_lines",
    "verify_store",
]
