"""What people call a record.

The names stand here a second time, as a test sees to, because loading protobuf for them would take
`mlspec records` longer than all the rest of what it does.
"""

from __future__ import annotations

from typing import Final

from mlspec.store.facts import Facts

STAGES: Final = (
    "unspecified",
    "objectives",
    "data_ingestion",
    "data_analysis",
    "data_transformation",
    "data_validation",
    "data_splitting",
    "model_training",
    "model_evaluation",
    "holdout_test",
    "model_packaging",
    "model_serving",
    "monitoring",
    "logging",
    "object_event",
    "gate_decision",
    "holdout_opened",
    "run_manifest",
)
"""The stages by number, as `mlspec.v1.Stage` has them."""

STATES: Final = ("unspecified", "succeeded", "failed", "skipped", "cached")
"""How steps end, as `mlspec.v1.RecordState` has it."""


def label_of(facts: Facts) -> str:
    """Return the stage, and step and attempt if there are any: "model_training train#1"."""
    name = stage_label(facts.stage)
    return f"{name} {facts.step_name}#{facts.step_attempt}" if facts.step_name else name


def stage_label(stage: int) -> str:
    """Return a stage's name in snake case, or "stage 42"."""
    return STAGES[stage] if 0 < stage < len(STAGES) else f"stage {stage}"


def state_label(state: int) -> str:
    """Return how a step ended, as a word, or "state 42"."""
    return STATES[state] if 0 < state < len(STATES) else f"state {state}"
