"""Every true proof verifies, and nothing else does."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.errors import DecodeError, MLSpecError, UsageError, VerificationError
from mlspec.requestlog import (
    EMPTY_ROOT,
    MAX_SIZE,
    CompactRange,
    MemoryTree,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from mlspec.requestlog.hashing import node_hash
from mlspec.requestlog.merkle import consistency_length, inclusion_length
from tests.unit.requestlog import logs

# The eight inputs that tests of Certificate Transparency logs share, and the roots of their trees.
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    bytes(range(96, 112)).hex(),
]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
SIZES = st.integers(1, 300)


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_roots_are_those_that_others_published(size: int, root: str) -> None:
    """The same eight leaves give the same nine roots as in other logs' tests."""
    assert root_of(leaf_hash(bytes.fromhex(each)) for each in INPUTS[:size]).hex() == root


def recursive(hashes: Sequence[bytes]) -> bytes:
    """The definition of the tree's root, as RFC 6962 writes it."""
    if len(hashes) == 1:
        return hashes[0]
    middle = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(recursive(hashes[:middle]), recursive(hashes[middle:]))


@given(SIZES)
def test_all_ways_to_a_root_agree(size: int) -> None:
    """The compact range, the tree in memory and the definition."""
    hashes = [leaf_hash(logs.leaf(number)) for number in range(size)]
    assert root_of(hashes) == logs.root(size) == recursive(hashes)


@given(SIZES, st.integers(0, 50))
def test_a_compact_range_continues_where_it_stopped(size: int, more: int) -> None:
    """Its few hashes are all that growing needs."""
    first = CompactRange()
    for number in range(size):
        first.append(leaf_hash(logs.leaf(number)))
    assert len(first.hashes) == size.bit_count()
    again = CompactRange(first.size, first.hashes)
    for number in range(size, size + more):
        again.append(leaf_hash(logs.leaf(number)))
    assert again.root() == logs.root(size + more)


def test_a_compact_range_refuses_what_does_not_fit() -> None:
    """As many hashes as the size has bits, of 32 bytes; and no leaf beyond the last."""
    with pytest.raises(DecodeError, match="must be 2"):
        CompactRange(3, [bytes(32)])
    with pytest.raises(DecodeError, match="must be 32 bytes"):
        CompactRange(1, [bytes(31)])
    with pytest.raises(UsageError):
        CompactRange(-1)
    full = CompactRange(MAX_SIZE, [bytes(32)] * 63)
    with pytest.raises(UsageError):
        full.append(bytes(32))


@given(SIZES, st.data())
def test_every_inclusion_proof_verifies(size: int, data: st.DataObject) -> None:
    """For any leaf of any tree, with the number of hashes that was foretold."""
    index = data.draw(st.integers(0, size - 1))
    hashes = prove_inclusion(logs.tree(size), index, size)
    assert len(hashes) == inclusion_length(index, size)
    verify_inclusion(leaf_hash(logs.leaf(index)), index, size, logs.root(size), hashes)


@given(st.integers(0, 300), st.data())
def test_every_consistency_proof_verifies(size: int, data: st.DataObject) -> None:
    """For any older tree, the empty one included."""
    old = data.draw(st.integers(0, size))
    hashes = prove_consistency(logs.tree(size), old, size)
    assert len(hashes) == consistency_length(old, size)
    verify_consistency(old, logs.root(old), size, logs.root(size), hashes)


def altered(hashes: tuple[bytes, ...], data: st.DataObject) -> tuple[bytes, ...]:
    """The hashes flipped, cut, extended, permuted or of another length; never the same."""
    made = list(hashes)
    how = data.draw(st.sampled_from(["flip", "cut", "extend", "swap", "shorten"]))
    at = data.draw(st.integers(0, max(len(made) - 1, 0)))
    if how == "extend" or len(made) < 2:
        made.insert(at, bytes(32))
    elif how == "flip":
        bit = data.draw(st.integers(0, 255))
        made[at] = (int.from_bytes(made[at], "big") ^ 1 << bit).to_bytes(32, "big")
    elif how == "cut":
        made.pop(at)
    elif how == "swap":
        made[at - 1], made[at] = made[at], made[at - 1]
    else:
        made[at] = made[at][:-1]
    return tuple(made)


@settings(max_examples=300)
@given(SIZES, st.data())
def test_l4_altered_hashes_are_refused(size: int, data: st.DataObject) -> None:
    """Extra, missing, permuted, flipped and mis-sized hashes, in both kinds of proof."""
    index = data.draw(st.integers(0, size - 1))
    hashes = prove_inclusion(logs.tree(size), index, size)
    root = logs.root(size)
    verify_inclusion(leaf_hash(logs.leaf(index)), index, size, root, hashes)
    with pytest.raises((DecodeError, VerificationError)):
        verify_inclusion(leaf_hash(logs.leaf(index)), index, size, root, altered(hashes, data))
    shown = prove_consistency(logs.tree(size), index, size)
    with pytest.raises((DecodeError, VerificationError)):
        verify_consistency(index, logs.root(index), size, root, altered(shown, data))


@settings(max_examples=300)
@given(SIZES, st.integers(-2, 310), st.data())
def test_l3_another_index_is_refused(size: int, wrong: int, data: st.DataObject) -> None:
    """Wrong, negative or too large: the same hashes prove one index only."""
    index = data.draw(st.integers(0, size - 1))
    hashes = prove_inclusion(logs.tree(size), index, size)
    leaf, root = leaf_hash(logs.leaf(index)), logs.root(size)
    verify_inclusion(leaf, index, size, root, hashes)
    if wrong != index:
        with pytest.raises((DecodeError, VerificationError)):
            verify_inclusion(leaf, wrong, size, root, hashes)


@pytest.mark.parametrize("index", [-1, 8, 2**63, 2**200])
def test_l3_an_index_outside_the_tree_has_its_own_error(index: int) -> None:
    """It is refused before any hash is looked at; the last index passes."""
    hashes = prove_inclusion(logs.tree(8), 7, 8)
    verify_inclusion(leaf_hash(logs.leaf(7)), 7, 8, logs.root(8), hashes)
    with pytest.raises(VerificationError) as caught:
        verify_inclusion(leaf_hash(logs.leaf(7)), index, 8, logs.root(8), hashes)
    assert caught.value.id == "log.index"


def test_l2_an_interior_node_is_no_leaf() -> None:
    """Two hashes shown as a leaf, with the rest of a proof: leaves are hashed as leaves."""
    left, right = leaf_hash(logs.leaf(0)), leaf_hash(logs.leaf(1))
    path = prove_inclusion(logs.tree(4), 0, 4)
    verify_inclusion(left, 0, 4, logs.root(4), path)
    # The node itself is two levels below the root of a tree half as large.
    verify_inclusion(node_hash(left, right), 0, 2, logs.root(4), path[1:])
    for forged in (left + right, b"\x01" + left + right):
        with pytest.raises(VerificationError) as caught:
            verify_inclusion(leaf_hash(forged), 0, 2, logs.root(4), path[1:])
        assert caught.value.id == "log.inclusion"


def test_l6_a_smaller_tree_is_a_rollback() -> None:
    """However it is proven; the same tree the other way round passes."""
    hashes = prove_consistency(logs.tree(9), 5, 9)
    verify_consistency(5, logs.root(5), 9, logs.root(9), hashes)
    for shown in (hashes, ()):
        with pytest.raises(VerificationError) as caught:
            verify_consistency(9, logs.root(9), 5, logs.root(5), shown)
        assert caught.value.id == "log.rollback"


@pytest.mark.parametrize("old", [0, 1, 4, 5, 9])
def test_l7_another_history_is_a_fork(old: int) -> None:
    """A tree that differs in one early leaf extends nothing of the log, and the log does."""
    forked = MemoryTree()
    for number in range(9):
        forked.append(leaf_hash(b"forged" if number == 0 else logs.leaf(number)))
    hashes = prove_consistency(forked, old, 9)
    verify_consistency(old, tree_root(forked, old), 9, tree_root(forked, 9), hashes)
    seen = logs.root(old) if old else bytes(32)
    with pytest.raises(VerificationError) as caught:
        verify_consistency(old, seen, 9, tree_root(forked, 9), hashes)
    assert caught.value.id == "log.fork"


def test_l7_equal_sizes_ask_for_equal_roots() -> None:
    """Also those of no leaves."""
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
    with pytest.raises(VerificationError) as caught:
        verify_consistency(0, EMPTY_ROOT, 0, bytes(32), ())
    assert caught.value.id == "log.fork"


def test_proofs_of_the_largest_tree_are_short() -> None:
    """Bounds hold where counts are largest: nothing depends on the size but its bits."""
    assert inclusion_length(0, MAX_SIZE) == 63
    assert consistency_length(MAX_SIZE - 1, MAX_SIZE) <= 64
    assert consistency_length(1, MAX_SIZE) == 63


@given(
    st.integers(),
    st.integers(),
    st.binary(max_size=40),
    st.lists(st.binary(max_size=33), max_size=9),
)
def test_anything_gives_an_error_of_ours(
    index: int, size: int, value: bytes, hashes: list[bytes]
) -> None:
    """No foreign exception, whatever is given, and no false proof."""
    with pytest.raises(MLSpecError):
        verify_inclusion(value, index, size, bytes(32), hashes)
    with pytest.raises(MLSpecError):
        verify_consistency(index, value, size, bytes(32), hashes)


@pytest.mark.parametrize(("first", "size"), [(-1, 4), (5, 4), (0, -1), (0, 2**63)])
def test_proofs_of_nothing_are_not_made(first: int, size: int) -> None:
    """A caller that asks for what no tree has is told so."""
    with pytest.raises(UsageError):
        prove_inclusion(logs.tree(4), first, size)
    with pytest.raises(UsageError):
        prove_consistency(logs.tree(4), first, size)


def test_a_tree_in_memory_has_full_subtrees_only() -> None:
    """What is not complete has no hash yet."""
    assert logs.tree(4).node(2, 0) == logs.root(4)
    for level, index in ((2, 1), (3, 0), (-1, 0), (0, -1)):
        with pytest.raises(UsageError):
            logs.tree(4).node(level, index)
