"""Validation rules: reading them, and telling tighter from looser."""

from mlspec.breaking.constraints.change import Change
from mlspec.breaking.constraints.field_rules import compare_field, effective
from mlspec.breaking.constraints.group_rules import compare_message, compare_oneof, grouped
from mlspec.breaking.constraints.reading import Reader, Tree
from mlspec.breaking.constraints.zero import zero_passes

__all__ = [
    "Change",
    "Reader",
    "Tree",
    "compare_field",
    "compare_message",
    "compare_oneof",
    "effective",
    "grouped",
    "zero_passes",
]
