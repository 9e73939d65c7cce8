"""Emitting records: runs, steps, and where they happen."""

from mlspec.emitting.environment import capture_environment
from mlspec.emitting.run import Run
from mlspec.emitting.scrubbing import scrub
from mlspec.emitting.step import Step

__all__ = ["Run", "Step", "capture_environment", "scrub"]
