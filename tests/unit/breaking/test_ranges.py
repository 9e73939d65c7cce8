"""Ranges of reserved numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mlspec.breaking import ranges

spans = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 9)).map(lambda pair: (pair[0], sum(pair))),
    max_size=6,
)


def every(some: list[ranges.Range]) -> set[int]:
    """The numbers in ranges, one by one."""
    return {number for first, last in some for number in range(first, last + 1)}


@given(spans, spans)
def test_missing_numbers(old: list[ranges.Range], new: list[ranges.Range]) -> None:
    """However the ranges overlap."""
    assert every(ranges.missing(old, new)) == every(old) - every(new)
    assert every(ranges.merged(old)) == every(old)
    assert all(ranges.holds(old, number) == (number in every(old)) for number in range(45))


def test_words() -> None:
    """As a .proto file writes them."""
    assert ranges.words([(1, 3), (7, 7)]) == "1 to 3, 7"
