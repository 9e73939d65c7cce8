"""Stores of sealed records: append-only, found by content, safe with several processes.

Each name is loaded at its first use: what lists records needs nothing of what verifies them.
"""

import importlib
from typing import TYPE_CHECKING

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
    "stage_label",
    "state_label",
    "verify_lines",
    "verify_store",
]

if TYPE_CHECKING:
    from mlspec.store.facts import Facts, UnverifiedRecord
    from mlspec.store.labels import stage_label, state_label
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
else:
    _HOMES = {
        "DEFAULT_TIMEOUT": "opening",
        "Facts": "facts",
        "Line": "report",
        "LineageNode": "lineage",
        "ObjectRow": "objects",
        "Report": "report",
        "Tally": "report",
        "UnverifiedRecord": "facts",
        "Verdict": "report",
        "open_store": "opening",
        "require_usable_data": "rules",
        "stage_label": "labels",
        "state_label": "labels",
        "verify_lines": "verification",
        "verify_store": "verification",
    }

    def __getattr__(name: str) -> object:
        """Load `name` from the module that defines it, once."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = _HOMES.get(name, "protocol")
        value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """Name what can be used, loaded or not."""
        return sorted({*globals(), *__all__})
