"""Rules about numbers: bounds, lists and single values together say which pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mlspec.breaking.constraints.change import Change, either, summary
from mlspec.breaking.constraints.domain import INFINITY, Cut, Domain, bounded, listed

Rules = dict[str, Any]

_32: Final = (-(2**31), 2**31 - 1)
_64: Final = (-(2**63), 2**63 - 1)
_U32: Final = (0, 2**32 - 1)
_U64: Final = (0, 2**64 - 1)

WHOLE: Final = {
    **dict.fromkeys(("int32", "sint32", "sfixed32", "enum"), _32),
    **dict.fromkeys(("int64", "sint64", "sfixed64"), _64),
    **dict.fromkeys(("uint32", "fixed32"), _U32),
    **dict.fromkeys(("uint64", "fixed64", "length"), _U64),
    "bool": (0, 1),
    "wide": (-(2**95), 2**95),
    # In nanoseconds. Their own ranges are narrower; no rule can widen them.
    "duration": (-(2**95), 2**95),
    "timestamp": (-(2**95), 2**95),
}
"""The kinds of whole numbers with their ends."""

FLOATS: Final = ("float", "double")
KINDS: Final = (*WHOLE, *FLOATS)

NAMES: Final = ("const", "in", "not_in", "gt", "gte", "lt", "lte", "finite")
"""The rules that are judged together."""


def domain(kind: str, rules: Rules) -> Domain:
    """Return the numbers of a kind that pass `rules`."""
    whole = kind in WHOLE
    low, high = _low(rules), _high(rules)
    found = bounded(low, high, whole=whole)
    if whole:
        first, last = WHOLE[kind]
        ends = bounded(Cut(first, above=False), Cut(last, above=True), whole=True)
        found = found.intersect(ends)
    elif low is None and high is None:
        found = Domain(found.intervals, nan=not rules.get("finite"))
    if rules.get("finite"):
        ends = bounded(Cut(-INFINITY, above=True), Cut(INFINITY, above=False), whole=False)
        found = found.intersect(ends)
    if "const" in rules:
        found = found.intersect(listed([rules["const"]], whole=whole))
    if "in" in rules:
        found = found.intersect(listed(rules["in"], whole=whole))
    return found.without(rules.get("not_in", ()), whole=whole)


def _low(rules: Rules) -> Cut | None:
    if "gt" in rules:
        return Cut(rules["gt"], above=True)
    return Cut(rules["gte"], above=False) if "gte" in rules else None


def _high(rules: Rules) -> Cut | None:
    if "lt" in rules:
        return Cut(rules["lt"], above=False)
    return Cut(rules["lte"], above=True) if "lte" in rules else None


def compare_numbers(name: str, kind: str, old: Rules, new: Rules) -> Iterator[Change]:
    """Yield whether numbers are refused that passed, or the other way round."""
    if all(old.get(each) == new.get(each) for each in NAMES):
        return
    was, now = domain(kind, old), domain(kind, new)
    yield from either(
        name,
        summary(old, NAMES),
        summary(new, NAMES),
        refuses=not was.within(now),
        accepts=not now.within(was),
    )


def compare_lengths(
    name: str, old: Rules, new: Rules, exact: str, least: str, most: str
) -> Iterator[Change]:
    """Yield what became of a length: rules named `exact`, `least` and `most` bound it."""
    names = (exact, least, most)
    if all(old.get(each) == new.get(each) for each in names):
        return
    was, now = lengths(old, *names), lengths(new, *names)
    yield from either(
        name,
        summary(old, names),
        summary(new, names),
        refuses=not was.within(now),
        accepts=not now.within(was),
    )


def lengths(rules: Rules, exact: str, least: str, most: str) -> Domain:
    """Return the lengths that pass. A least length above the most lets none pass."""
    if least in rules and most in rules and rules[least] > rules[most]:
        return Domain(())
    found = {"const": exact, "gte": least, "lte": most}
    return domain("length", {rule: rules[name] for rule, name in found.items() if name in rules})
