"""Values of enums as people read them, whatever number somebody wrote there."""

from __future__ import annotations

from typing import Any


def value_name(enum: Any, number: int) -> str:
    """Return the name of an enum's value, or its number if it is of a newer version."""
    known = enum.DESCRIPTOR.values_by_number.get(number)
    return str(number) if known is None else str(known.name)
