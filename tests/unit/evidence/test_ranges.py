"""Two proofs and the leaves between them show that nothing is left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlspec.errors import DecodeError, MLSpecError, VerificationError
from mlspec.evidence.ranges import pack_leaves, unpack_leaves, verify_between
from mlspec.evidence.shown import Shown, prove
from mlspec.requestlog import verify_checkpoint
from tests.unit import samples
from tests.unit.requestlog import logs


def shown(index: int, size: int) -> Shown:
    """A leaf of a small log, proven."""
    checkpoint = verify_checkpoint(logs.checkpoint(size), logs.KEY)
    return prove(logs.leaf(index), logs.proof(index, size), checkpoint, index)


def between(first: int, last: int) -> list[bytes]:
    """All leaves between two others."""
    return [logs.leaf(index) for index in range(first + 1, last)]


SIZES = st.integers(2, 70)


@given(size=SIZES, how=st.data())
def test_all_leaves_between_two_are_shown(size: int, how: st.DataObject) -> None:
    """Wherever the two are, in a tree of any size."""
    last = how.draw(st.integers(1, size - 1))
    first = how.draw(st.integers(0, last - 1))
    verify_between(shown(first, size), shown(last, size), between(first, last))


@given(size=SIZES, how=st.data())
def test_one_leaf_more_fewer_or_other_is_noticed(size: int, how: st.DataObject) -> None:
    """And two leaves in the other order."""
    last = how.draw(st.integers(1, size - 1))
    first = how.draw(st.integers(0, last - 1))
    leaves = between(first, last)
    at = how.draw(st.integers(0, len(leaves)))
    changed = [[*leaves[:at], b"added", *leaves[at:]], leaves[:at] + leaves[at + 1 :]]
    changed += [[*leaves[:at], b"other", *leaves[at + 1 :]], leaves[::-1]]
    for each in changed:
        if each != leaves:
            with pytest.raises(VerificationError) as raised:
                verify_between(shown(first, size), shown(last, size), each)
            assert raised.value.id == "evidence.between"


def test_leaves_of_two_trees_have_no_order() -> None:
    """A log could show each of them another history."""
    with pytest.raises(VerificationError):
        verify_between(shown(1, 8), shown(4, 9), between(1, 4))
    with pytest.raises(VerificationError):
        verify_between(shown(4, 9), shown(1, 9), [])


@given(leaves=st.lists(st.binary(max_size=300), max_size=20))
def test_packed_leaves_come_back(leaves: list[bytes]) -> None:
    """As many as there are, and no other number."""
    data = pack_leaves(leaves)
    assert unpack_leaves(data, len(leaves)) == leaves
    for count in (len(leaves) - 1, len(leaves) + 1, -1, 2**40):
        if count != len(leaves):
            with pytest.raises(DecodeError):
                unpack_leaves(data, count)


@given(data=st.binary(max_size=200), count=st.integers(0, 5))
def test_any_bytes_are_leaves_or_refused(data: bytes, count: int) -> None:
    """In one spelling."""
    found = samples.attempt(lambda: unpack_leaves(data, count))
    assert isinstance(found, MLSpecError) or pack_leaves(found) == data
