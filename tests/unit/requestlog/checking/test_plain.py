"""The quick way of reading leaves finds nothing plain that the slow way would refuse."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.codec import decode
from mlspec.errors import MLSpecError
from mlspec.requestlog.checking.folding import full_root, leaf_hashes, stacked_root
from mlspec.requestlog.checking.plain import (
    NO_REQUEST,
    framed,
    glimpses,
    plain_entries,
    plain_starts,
)
from mlspec.requestlog.compact_range import root_of
from mlspec.requestlog.hashing import EMPTY_ROOT, leaf_hash
from tests.unit.requestlog.checking import folders

LEAVES = folders.leaves_of([*folders.plain(6), v1.LogEntry(opened=v1.LogOpened())])


@pytest.mark.parametrize("start", [0, 1, 100, 127, 128, 16_383, 16_384, 2_097_151, 2**35, 2**62])
def test_leaves_start_with_origin_and_place(start: int) -> None:
    """As protobuf writes them, whatever the number of bytes of an index."""
    expected = []
    for index in range(start, start + 300):
        entry = v1.LogEntry(origin="bank.example/é", sequence_number=index, nonce=b"n" * 16)
        expected.append(entry.SerializeToString().removesuffix(b"n" * 16))
    assert plain_starts("bank.example/é", start, 300) == expected


def test_a_bundle_is_parsed_at_once() -> None:
    """Each entry is what it is by itself."""
    entries = plain_entries(framed(LEAVES))
    assert entries is not None
    assert list(entries) == [v1.LogEntry.FromString(leaf) for leaf in LEAVES]


@settings(max_examples=300, deadline=None)
@given(
    number=st.integers(0, len(LEAVES) - 1),
    at=st.integers(0, 400),
    cut=st.integers(0, 3),
    put=st.binary(max_size=6),
)
def test_what_is_plain_is_what_the_strict_reader_takes(
    number: int, at: int, cut: int, put: bytes
) -> None:
    """Whatever was done to a leaf: no unknown field and none twice comes through."""
    leaf = LEAVES[number]
    at = min(at, len(leaf))
    altered = leaf[:at] + put + leaf[at + cut :]
    entries = plain_entries(framed([*LEAVES, altered]))
    if entries is None:
        return
    assert len(entries) == len(LEAVES) + 1
    try:
        assert decode(v1.LogEntry, altered) == entries[-1]
    except MLSpecError as error:
        raise AssertionError(f"{altered.hex()} came through") from error


def test_glimpses_are_the_same_for_what_says_the_same() -> None:
    """Of requests: outcome, deployment and model; of other leaves nothing."""
    entries = [folders.request(number) for number in range(6)]
    entries[2].inference.outcome = v1.INFERENCE_OUTCOME_FAILED
    entries[3] = folders.request(3, folders.OTHER)
    entries[4] = folders.request(4, version="x" * 200)
    entries[5] = folders.change()
    data = framed(folders.leaves_of(entries))
    seen = glimpses(data, 6)
    assert seen[0] == seen[1]
    assert len(set(seen)) == 5
    assert seen[5] == NO_REQUEST
    assert glimpses(framed(folders.leaves_of(entries[:2])), 2) == [seen[0]] * 2
    assert glimpses(framed(folders.leaves_of([folders.change()] * 3)), 3) == [NO_REQUEST] * 3


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 300, 511, 512])
def test_many_hashes_at_once_are_those_one_by_one(size: int) -> None:
    """Leaf hashes, the root of a full tile, and of rows of tiles with what is left over."""
    leaves = [b"leaf %d" % number for number in range(size)]
    hashes = leaf_hashes(leaves)
    assert hashes == [leaf_hash(leaf) for leaf in leaves]
    full = [full_root(hashes[at : at + 256]) for at in range(0, size - size % 256, 256)]
    assert stacked_root([hashes[size - size % 256 :], full]) == root_of(hashes)
    assert stacked_root([[], []]) == EMPTY_ROOT
