"""Rules of fields, oneofs and messages, as data: tighter, looser, or undecided."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.breaking.constraints import compare_field, compare_message, compare_oneof, zero_passes
from mlspec.breaking.constraints.change import CHANGED, LOOSENED, TIGHTENED
from mlspec.breaking.constraints.group_rules import NEWLY_REQUIRED

T, L, C = [TIGHTENED], [LOOSENED], [CHANGED]
BOTH = [TIGHTENED, LOOSENED]

Rules = dict[str, Any]


def ids(old: Rules, new: Rules, *, presence: bool = False) -> list[str]:
    """The changes between two sets of rules of a field."""
    return [change.rule_id for change in compare_field(old, new, presence=presence)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"prefix": "ab"}, T),
        ({"prefix": "ab"}, {"prefix": "a"}, L),
        ({"suffix": "ab"}, {"suffix": "xab"}, T),
        ({"contains": "ab"}, {"contains": "b"}, L),
        ({"contains": "ab"}, {"contains": "cd"}, BOTH),
        ({"not_contains": "ab"}, {"not_contains": "a"}, T),
        ({"not_contains": "ab"}, {"not_contains": "abc"}, L),
        ({"prefix": ""}, {}, []),
        ({"in": ("a", "b")}, {"const": "a"}, T),
        ({"const": "a"}, {"in": ("a", "b")}, L),
        ({"const": "a"}, {"const": "b"}, BOTH),
        ({"not_in": ("a",)}, {"not_in": ("a", "b")}, T),
        ({"not_in": ("a",)}, {"in": ("b",)}, T),
        ({"in": ("a", "b"), "not_in": ("b",)}, {"const": "a"}, []),
        ({"pattern": "a"}, {}, L),
        ({"uuid": True}, {}, L),
        ({"uuid": False}, {}, []),
        ({"ipv6": True}, {"address": True}, L),
        ({"uri_ref": True}, {"uri": True}, T),
        ({"uuid": True}, {"tuuid": True}, C),
        ({"well_known_regex": 1}, {"well_known_regex": 2}, C),
        ({"well_known_regex": 1}, {"well_known_regex": 1, "strict": False}, L),
        ({"len_bytes": 3}, {"max_bytes": 3}, L),
        ({"example": ("a",)}, {"example": ("b",)}, []),
        ({"[own.rule]": 1}, {"[own.rule]": 2}, C),
        ({}, {"unread": ("99: 1",)}, T),
    ],
)
def test_rules_of_a_string(old: Rules, new: Rules, expected: list[str]) -> None:
    """Each rule by itself; those about one thing together."""
    assert ids({"string": old}, {"string": new}) == expected
    mirror = {TIGHTENED: LOOSENED, LOOSENED: TIGHTENED, CHANGED: CHANGED}
    assert sorted(ids({"string": new}, {"string": old})) == sorted(mirror[e] for e in expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"any": {"in": ("a",)}}, {"any": {"in": ("a", "b")}}, L),
        ({"field_mask": {"in": ("a", "b")}}, {"field_mask": {"in": ("a",)}}, T),
        (
            {"field_mask": {"const": {"paths": ("a",)}}},
            {"field_mask": {"const": {"paths": ("b",)}}},
            BOTH,
        ),
        ({"timestamp": {"within": 5}}, {"timestamp": {"within": 9}}, L),
        ({"timestamp": {"within": 5}}, {"timestamp": {}}, L),
        ({"timestamp": {}}, {"timestamp": {"gt_now": True}}, T),
        ({"int32": {"gte": 1}}, {"int64": {"gte": 1}}, []),
        ({"int32": {"gte": 1}}, {"double": {"gte": 0.5}}, L),
        ({"int32": {"gte": 1}}, {"string": {"min_len": 1}}, [LOOSENED, TIGHTENED]),
        ({"repeated": {"items": {"ignore": 3}}}, {"repeated": {}}, T),
        ({"map": {"values": {"cel": ({"id": "a", "expression": "x"},)}}}, {"map": {}}, L),
        ({"enum": {"const": 1}}, {"enum": {"in": (1, 2)}}, L),
        ({"bool": {"const": True}}, {"bool": {"const": False}}, BOTH),
        ({"newer": {"a": 1}}, {"newer": {"a": 2}}, C),
    ],
)
def test_rules_of_other_kinds(old: Rules, new: Rules, expected: list[str]) -> None:
    """Also those of items, keys and values, and those that are not known here."""
    assert ids(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "presence", "expected"),
    [
        ({}, {"required": True}, True, T),
        ({"required": True}, {"required": False}, True, L),
        ({"string": {"min_len": 1}}, {"string": {"min_len": 1}, "ignore": 1}, False, L),
        ({"string": {"min_len": 1}}, {"string": {"min_len": 1}, "ignore": 1}, True, []),
        ({"string": {"max_len": 1}}, {"string": {"max_len": 1}, "ignore": 1}, False, []),
        ({"int32": {"gte": 1}, "ignore": 1}, {"int32": {"gte": 1}}, False, T),
        ({"ignore": 3}, {"ignore": 3}, False, []),
        ({"ignore": 3}, {"int32": {"gte": 1}}, False, T),
        ({"int32": {"gte": 1}}, {"ignore": 3}, True, L),
    ],
)
def test_when_rules_bind(old: Rules, new: Rules, presence: bool, expected: list[str]) -> None:
    """Whether a field must be set, and whether zero is judged."""
    assert ids(old, new, presence=presence) == expected


def cel(*pairs: tuple[str, str], message: str = "") -> Rules:
    """Rules with CEL expressions, by id."""
    return {"cel": tuple({"id": i, "expression": e, "message": message} for i, e in pairs)}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (cel(), cel(("a", "x")), T),
        (cel(("a", "x")), cel(), L),
        (cel(("a", "x")), cel(("a", "y")), C),
        (cel(("a", "x")), cel(("b", "x")), C),
        (cel(("a", "x")), cel(("b", "y")), [LOOSENED, TIGHTENED]),
        (cel(("a", "x"), message="one"), cel(("a", "x"), message="two"), []),
        (cel(("a", "x"), ("b", "y")), cel(("b", "y"), ("a", "x")), []),
        (cel(("x", "x")), {"cel_expression": ("x",)}, []),
        (cel(("a", "x")), {"cel_expression": ("x",)}, C),
    ],
)
def test_expressions(old: Rules, new: Rules, expected: list[str]) -> None:
    """Any change of one counts, but for its order and its message."""
    assert ids(old, new) == expected
    assert [change.rule_id for change in compare_message(old, new, ())] == expected


def group(*fields: str, required: bool = False) -> Rules:
    """Rules of a message with one group of fields."""
    return {"oneof": ({"fields": fields, "required": required},)}


@pytest.mark.parametrize(
    ("old", "new", "fresh", "expected"),
    [
        ({}, group("a", "b"), (), T),
        (group("a", "b"), {}, (), L),
        ({}, group("a", "n"), ("n",), []),
        ({}, group("n", "m"), ("n", "m"), []),
        ({}, group("n", "m", required=True), ("n", "m"), [NEWLY_REQUIRED]),
        ({}, group("a", "n", required=True), ("n",), T),
        (group("a", "b"), group("b", "a"), (), []),
        (group("a", "b"), group("a", "b", "n"), ("n",), []),
        (group("a", "b"), group("a"), (), L),
        (group("a", "b", required=True), group("a", required=True), (), BOTH),
        (group("a", "b", required=True), group("a", "b"), (), L),
        ({"newer": 1}, {"newer": 2}, (), C),
    ],
)
def test_groups_of_a_message(
    old: Rules, new: Rules, fresh: tuple[str, ...], expected: list[str]
) -> None:
    """Fields of which one may be set; a new field is one that old writers never set."""
    assert [change.rule_id for change in compare_message(old, new, fresh)] == expected


def test_rules_of_a_oneof() -> None:
    """That one of its fields must be set."""
    required = {"required": True}
    assert [change.rule_id for change in compare_oneof({}, required)] == T
    assert [change.rule_id for change in compare_oneof(required, {})] == L
    assert [change.rule_id for change in compare_oneof({"newer": 1}, {"newer": 2})] == C


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, True),
        ({"string": {"max_len": 3}}, True),
        ({"string": {"min_len": 1}}, False),
        ({"string": {"len_bytes": 4}}, False),
        ({"string": {"in": ("a",)}}, False),
        ({"string": {"not_in": ("",)}}, False),
        ({"string": {"const": ""}}, True),
        ({"string": {"prefix": "a"}}, False),
        ({"string": {"email": True}}, False),
        ({"string": {"uri_ref": True}}, True),
        ({"string": {"pattern": "^a*$"}}, True),
        ({"string": {"pattern": "^a+$"}}, False),
        ({"string": {"pattern": "\\pL"}}, None),
        ({"string": {"[own.rule]": True}}, None),
        ({"bytes": {"const": b"x"}}, False),
        ({"bytes": {"ip": True}}, False),
        ({"int32": {"gte": 1}}, False),
        ({"int32": {"gt": 5, "lt": 2}}, True),
        ({"double": {"not_in": (0.0,)}}, False),
        ({"bool": {"const": True}}, False),
        ({"enum": {"in": (1, 2)}}, False),
        ({"repeated": {"min_items": 1}}, False),
        ({"repeated": {"items": {"string": {"min_len": 1}}}}, True),
        ({"map": {"min_pairs": 2}}, False),
        ({"cel_expression": ("this != ''",)}, None),
        ({"cel_expression": ("this != ''",), "string": {"min_len": 1}}, False),
    ],
)
def test_whether_what_nobody_sent_passes(rules: Rules, expected: bool | None) -> None:
    """Zero, an empty string, an empty list; an expression is not run, so it does not decide."""
    assert zero_passes(rules) is expected


texts = st.sampled_from(["", "a", "b", "ab", "ba", "aba"])
string_rules = st.fixed_dictionaries(
    {},
    optional={
        "min_len": st.integers(0, 3),
        "max_len": st.integers(0, 3),
        "prefix": texts,
        "suffix": texts,
        "contains": texts,
        "not_contains": texts,
        "in": st.lists(texts, min_size=1, max_size=3).map(tuple),
        "not_in": st.lists(texts, min_size=1, max_size=3).map(tuple),
    },
)


@given(string_rules, string_rules)
def test_rules_of_strings_mirror_each_other(old: Rules, new: Rules) -> None:
    """What was tightened one way was loosened the other way."""
    mirror = {TIGHTENED: LOOSENED, LOOSENED: TIGHTENED}
    there, back = ids({"string": old}, {"string": new}), ids({"string": new}, {"string": old})
    assert sorted(mirror[rule] for rule in there) == sorted(back)


def test_of_long_expressions_the_difference_is_shown() -> None:
    """Not only how they begin, which is the same."""
    long = " || ".join(f"has(this.field_{number})" for number in range(40))
    (change,) = compare_message(cel(("a", long)), cel(("a", f"{long} || true")), ())
    assert change.message.endswith(" || true'")
    assert len(change.message) < 300
