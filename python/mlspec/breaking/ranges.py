"""Ranges of numbers that a message or an enum reserves or leaves to extensions."""

from __future__ import annotations

from collections.abc import Iterable

Range = tuple[int, int]
"""The first and the last number."""


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Return the same numbers as few ranges in order."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def missing(old: Iterable[Range], new: Iterable[Range]) -> list[Range]:
    """Return the numbers of `old` that `new` lacks."""
    kept = merged(new)
    lost = []
    for first, last in merged(old):
        at = first
        for start, end in kept:
            if end < at or start > last:
                continue
            if start > at:
                lost.append((at, start - 1))
            at = end + 1
        if at <= last:
            lost.append((at, last))
    return lost


def holds(ranges: Iterable[Range], number: int) -> bool:
    """Tell whether a number is in one of the ranges."""
    return any(first <= number <= last for first, last in ranges)


def words(ranges: Iterable[Range]) -> str:
    """Return the ranges as a .proto file writes them."""
    return ", ".join(
        str(first) if first == last else f"{first} to {last}" for first, last in ranges
    )
