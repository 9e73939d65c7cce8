"""Sets of numbers, as bounds and lists of values describe them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

Number = int | float

INFINITY: Final = math.inf


class Cut(NamedTuple):
    """A point between numbers: just below `at`, or, if `above`, just above it."""

    at: Number
    above: bool


Interval = tuple[Cut, Cut]


@dataclass(frozen=True, slots=True)
class Domain:
    """A set of numbers: intervals in order that do not touch.

    Attributes:
        intervals: Each from a cut to a cut.
        nan: Whether NaN is in it, which no comparison of numbers can say.
    """

    intervals: tuple[Interval, ...]
    nan: bool = False

    @classmethod
    def of(cls, intervals: Iterable[Interval], *, whole: bool, nan: bool = False) -> Self:
        """Return the union of intervals; `whole`: only whole numbers are meant."""
        exact = (_whole(each) for each in intervals) if whole else intervals
        found: list[Interval] = []
        for low, high in sorted(each for each in exact if each[0] < each[1]):
            if found and low <= found[-1][1]:
                found[-1] = (found[-1][0], max(high, found[-1][1]))
            else:
                found.append((low, high))
        return cls(tuple(found), nan)

    def within(self, other: Domain) -> bool:
        """Tell whether every number of this set is in the other."""
        if self.nan and not other.nan:
            return False
        return all(
            any(low >= start and high <= end for start, end in other.intervals)
            for low, high in self.intervals
        )

    def __contains__(self, number: Number) -> bool:
        """Tell whether a number is in the set."""
        if number != number:
            return self.nan
        low, high = point(number)
        return any(start <= low and high <= end for start, end in self.intervals)

    def intersect(self, other: Domain) -> Domain:
        """Return the numbers that are in both sets."""
        found = [
            (max(low, start), min(high, end))
            for low, high in self.intervals
            for start, end in other.intervals
        ]
        return Domain.of(found, whole=False, nan=self.nan and other.nan)

    def without(self, numbers: Iterable[Number], *, whole: bool) -> Domain:
        """Return the set without some numbers."""
        left = list(self.intervals)
        for number in numbers:
            if number != number:  # no number equals NaN, so that nothing is left out
                continue
            below, above = point(number)
            left = [
                part
                for low, high in left
                for part in ((low, min(high, below)), (max(low, above), high))
            ]
        return Domain.of(left, whole=whole, nan=self.nan)


def listed(numbers: Iterable[Number], *, whole: bool) -> Domain:
    """Return the set of just these numbers; NaN equals nothing, so that it is in no such set."""
    return Domain.of([point(number) for number in numbers if number == number], whole=whole)


def point(number: Number) -> Interval:
    """Return the interval that holds one number."""
    return Cut(number, above=False), Cut(number, above=True)


def bounded(low: Cut | None, high: Cut | None, *, whole: bool) -> Domain:
    """Return what lies above `low` and below `high`; if they are the wrong way round, outside.

    A missing bound is infinity. That bounds the wrong way round mean the outside is how validators
    read them.
    """
    floor, ceiling = Cut(-INFINITY, above=False), Cut(INFINITY, above=True)
    if low is not None and high is not None and low.at > high.at:
        return Domain.of([(floor, high), (low, ceiling)], whole=whole)
    return Domain.of([(low or floor, high or ceiling)], whole=whole)


def _whole(interval: Interval) -> Interval:
    """Return the interval of the same whole numbers whose ends lie just below whole numbers."""
    low, high = interval
    return _up(low), _up(high)


def _up(cut: Cut) -> Cut:
    if math.isinf(cut.at):
        return cut
    first = math.floor(cut.at) + 1 if cut.above else math.ceil(cut.at)
    return Cut(first, above=False)
