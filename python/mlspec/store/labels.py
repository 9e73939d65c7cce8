"""What people call a record."""

from __future__ import annotations

from functools import cache

from mlspec.store.facts import Facts


def label_of(facts: Facts) -> str:
    """Return the stage, and step and attempt if there are any: "model_training train#1"."""
    name = stage_label(facts.stage)
    return f"{name} {facts.step_name}#{facts.step_attempt}" if facts.step_name else name


def stage_label(stage: int) -> str:
    """Return a stage's name in snake case, or "stage 42", without loading any stage's messages."""
    return _names().get(stage, f"stage {stage}")


@cache
def _names() -> dict[int, str]:
    from mlspec.v1.stage_pb2 import Stage

    return {int(number): name.removeprefix("STAGE_").lower() for name, number in Stage.items()}
