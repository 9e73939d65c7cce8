"""Sets of numbers: what passes the bounds, and which of two sets is the narrower."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.breaking.constraints.change import LOOSENED, TIGHTENED
from mlspec.breaking.constraints.numbers import compare_lengths, compare_numbers, domain

INF, NAN = float("inf"), float("nan")

numbers = st.integers(-4, 4)
bounds = st.fixed_dictionaries(
    {},
    optional={
        "const": numbers,
        "in": st.lists(numbers, min_size=1, max_size=4).map(tuple),
        "not_in": st.lists(numbers, min_size=1, max_size=4).map(tuple),
    },
).flatmap(
    lambda rules: st.tuples(
        st.sampled_from(["gt", "gte", ""]), numbers, st.sampled_from(["lt", "lte", ""]), numbers
    ).map(lambda ends: rules | {k: v for k, v in ((ends[0], ends[1]), (ends[2], ends[3])) if k})
)


def passes(rules: dict[str, Any], number: float) -> bool:
    """What the documentation of the rules says, a number at a time."""
    low = rules.get("gt", rules.get("gte", -INF))
    high = rules.get("lt", rules.get("lte", INF))
    above = number > low if "gt" in rules else number >= low
    below = number < high if "lt" in rules else number <= high
    inside = (above or below) if low > high else (above and below)
    return (
        inside
        and number == rules.get("const", number)
        and number in rules.get("in", (number,))
        and number not in rules.get("not_in", ())
    )


@given(bounds, st.integers(-6, 6))
def test_a_number_is_in_the_domain_if_it_passes_the_rules(
    rules: dict[str, Any], number: int
) -> None:
    """Bounds, lists and single values together, also bounds the wrong way round."""
    assert (number in domain("int32", rules)) == passes(rules, number)
    assert (number + 0.5 in domain("double", rules)) == passes(rules, number + 0.5)


@given(bounds, bounds)
def test_narrower_is_what_refuses_more(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Numbers beyond the bounds behave as the nearest ones do."""
    changes = {change.rule_id for change in compare_numbers("n", "int32", old, new)}
    sample = range(-6, 7)
    assert (TIGHTENED in changes) == any(passes(old, n) and not passes(new, n) for n in sample)
    assert (LOOSENED in changes) == any(passes(new, n) and not passes(old, n) for n in sample)


@given(bounds, bounds, st.sampled_from(["int32", "uint64", "double", "timestamp"]))
def test_tightening_and_loosening_are_mirrors(
    old: dict[str, Any], new: dict[str, Any], kind: str
) -> None:
    """What was tightened one way was loosened the other way."""
    there = {change.rule_id for change in compare_numbers("n", kind, old, new)}
    back = {change.rule_id for change in compare_numbers("n", kind, new, old)}
    mirror = {TIGHTENED: LOOSENED, LOOSENED: TIGHTENED}
    assert {mirror[rule] for rule in there} == back


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("uint32", {}, {"gte": 0}),
        ("int32", {"gt": 0}, {"gte": 1}),
        ("int32", {"in": (1, 2, 3)}, {"gte": 1, "lte": 3}),
        ("bool", {}, {"in": (False, True)}),
        ("int64", {"gt": 5, "lt": 5}, {"in": (1,), "not_in": (1,)}),
        ("double", {}, {"not_in": (NAN,)}),
    ],
)
def test_other_words_for_the_same_numbers_are_no_change(
    kind: str, old: dict[str, Any], new: dict[str, Any]
) -> None:
    """The types' own ends count, and whole numbers have no halves between them."""
    assert list(compare_numbers("n", kind, old, new)) == []


def test_infinity_and_nan() -> None:
    """`finite` refuses both; any bound refuses NaN, which is beside every number."""
    assert INF in domain("double", {})
    assert NAN in domain("double", {})
    assert INF not in domain("double", {"finite": True})
    assert NAN not in domain("double", {"finite": True})
    assert INF in domain("double", {"gte": 0.0})
    assert NAN not in domain("double", {"gte": 0.0})
    assert NAN not in domain("double", {"const": NAN})


def test_lengths() -> None:
    """An exact length is one between two bounds; a least one above the most lets none pass."""
    names = ("len", "min_len", "max_len")
    assert list(compare_lengths("s", {"len": 3}, {"min_len": 3, "max_len": 3}, *names)) == []
    assert list(compare_lengths("s", {}, {"min_len": 0}, *names)) == []
    impossible = list(compare_lengths("s", {}, {"min_len": 3, "max_len": 2}, *names))
    assert [change.rule_id for change in impossible] == [TIGHTENED]
