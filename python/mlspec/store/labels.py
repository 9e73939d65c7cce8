"""What people call a record."""

from __future__ import annotations

from mlspec import records
from mlspec.store.facts import Facts


def label_of(facts: Facts) -> str:
    """Return the stage, and step and attempt if there are any: "model_training train#1"."""
    name = records.stage_name(facts.stage)
    return f"{name} {facts.step_name}#{facts.step_attempt}" if facts.step_name else name
