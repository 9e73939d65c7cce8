"""Every attack on the list has a test that says which error came, and a twin that passes."""

from __future__ import annotations

import pytest

from tests.attacks import table

TESTS = tuple(table.tests())
GOOD = """
def test_d4_forged():
    read(whole)
    with pytest.raises(MLSpecError) as caught:
        read(forged)
    assert caught.value.id == "role.threshold"
"""


@pytest.mark.parametrize("attack", table.attacks())
def test_each_attack_is_refused_by_a_test(attack: str) -> None:
    """One test carries the id, asserts the id of the error, and passes the unaltered thing."""
    named = [test for test in TESTS if attack in test.ids]
    assert named, f"{attack}: no test is called test_{attack.lower()}_..."
    assert [test for test in named if test.says_which and test.has_twin], (
        f"{attack}: none asserts an error's id and passes the unaltered thing: "
        + ", ".join(test.name for test in named)
    )


def test_ids_on_tests_are_on_the_list() -> None:
    """No test carries an id that stands for nothing."""
    known = table.attacks().keys()
    assert [test.name for test in TESTS if not test.ids <= known] == []


def test_the_words_differ() -> None:
    """Each id has words of its own, on one line."""
    words = list(table.attacks().values())
    assert len(set(words)) == len(words)
    assert all(line and "\n" not in line for line in words)


def test_what_a_test_lacks_is_seen() -> None:
    """Neither an unnamed error nor a missing twin passes for an attack that is tested."""
    [good] = table.tests_in(GOOD, "x")
    assert good == table.Attack("x::test_d4_forged", frozenset({"D4"}), True, True)
    [anonymous] = table.tests_in(GOOD.replace('.id == "role.threshold"', ""), "x")
    assert not anonymous.says_which
    [alone] = table.tests_in(GOOD.replace("read(whole)", "other(whole)"), "x")
    assert not alone.has_twin
