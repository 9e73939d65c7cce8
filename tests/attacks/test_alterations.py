"""Nothing that was altered verifies, however: it is refused by an error of ours, or says the same.

To say the same is to be what was signed: a blank in JSON, a key id, a signature that nobody needs
may differ, the payload and who vouches for it may not. What is spliced from two whole things may
come out as either of them. Proofs, notes and entries have their own such tests beside the units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.errors import MLSpecError
from mlspec.requestlog import LogProof, Tile, TileTree, leaf_hash, tree_root, verify_checkpoint
from mlspec.requestlog.tiles import (
    ENTRIES,
    bundle_bytes,
    bundle_entries,
    tile_bytes,
    tile_hashes,
    verify_bundle,
)
from mlspec.sealing import Sealed, TrustPolicy, seal, unseal
from tests.attacks.altering import altered
from tests.attacks.refusing import ONE, TRUST, TWO
from tests.unit import samples
from tests.unit.requestlog import logs

Facts = object
SIZE = 200
BOTH = samples.trust(ONE, TWO, threshold=2)
SEALED, OTHER = (seal(samples.record(), ONE).countersign(TWO) for _ in range(2))


def verified(sealed: Sealed, trust: TrustPolicy) -> Facts:
    """The payload, and who vouches for it in which role."""
    found = unseal(sealed, trust)
    return found.sha256, {signer.keyid for signer in found.signers}, found.roles


def from_json(data: bytes) -> Facts:
    """An envelope from JSON, for which two must vouch."""
    return verified(Sealed.from_json(data), BOTH)


def from_binary(data: bytes) -> Facts:
    """An envelope from the protobuf form, for which two must vouch."""
    return verified(Sealed.from_bytes(data), BOTH)


def from_anything(data: bytes) -> Facts:
    """An envelope in whichever form; one signature is enough, so the other may be damaged."""
    return unseal(Sealed.from_any(data), TRUST).sha256


def checkpoint(data: bytes) -> Facts:
    """What the log's signature vouches for."""
    return verify_checkpoint(data, logs.KEY).checkpoint


def proof(data: bytes) -> Facts:
    """Where the proof shows leaf 5 to be, and in which tree."""
    found = LogProof.from_bytes(data).verify(logs.leaf(5), logs.KEY)
    return found.index, found.leaf, found.checkpoint.checkpoint


def entries(data: bytes) -> Facts:
    """The entries of a bundle, beside the hashes that the tree has of them."""
    tile = Tile(ENTRIES, 0, SIZE)
    found = bundle_entries(tile, data)
    verify_bundle(tile, found, [leaf_hash(logs.leaf(number)) for number in range(SIZE)])
    return found


def hashes(data: bytes) -> Facts:
    """The root of a tree whose only tile this is; another root is refused by its checkpoint."""
    root = tree_root(TileTree(SIZE, lambda _tile: data), SIZE)
    whole = logs.checkpoint(SIZE)
    if verify_checkpoint(whole, logs.KEY).checkpoint.root != root:
        tile_hashes(Tile(0, 0, SIZE), data)
        raise MLSpecError("root must be the checkpoint's", error_id="log.root")
    return data


def _tile(first: int) -> bytes:
    return tile_bytes([leaf_hash(logs.leaf(first + number)) for number in range(SIZE)])


def _bundle(first: int) -> bytes:
    return bundle_bytes([logs.leaf(first + number) for number in range(SIZE)])


KINDS: dict[str, tuple[Callable[[bytes], Facts], bytes, bytes]] = {
    "envelope in JSON": (from_json, SEALED.to_json(), OTHER.to_json()),
    "envelope in protobuf": (from_binary, SEALED.to_bytes(), OTHER.to_bytes()),
    "envelope with one signature too many": (from_anything, SEALED.to_bytes(), OTHER.to_json()),
    "checkpoint": (checkpoint, logs.checkpoint(13), logs.checkpoint(12)),
    "proof": (proof, logs.proof(5, 13).to_bytes(), logs.proof(5, 12).to_bytes()),
    "entry bundle": (entries, _bundle(0), _bundle(7)),
    "tile": (hashes, _tile(0), _tile(7)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_altered_verifies(kind: str) -> None:
    """Flipped, cut, doubled, moved, spliced: refused, or as it was signed."""
    show, whole, other = KINDS[kind]
    signed = [show(whole)]
    accepted = samples.attempt(lambda: show(other))
    if not isinstance(accepted, MLSpecError):
        signed.append(accepted)

    @settings(max_examples=300, deadline=None)
    @given(altered(whole, other))
    def refused_or_the_same(data: bytes) -> None:
        found = samples.attempt(lambda: show(data))
        assert isinstance(found, MLSpecError) or found in signed

    refused_or_the_same()


@pytest.mark.parametrize("kind", KINDS)
def test_no_single_bit_is_free(kind: str) -> None:
    """Each bit of a short piece, one after the other; what still verifies says the same."""
    show, whole, _ = KINDS[kind]
    expected = show(whole)
    for place in range(0, len(whole), max(1, len(whole) // 97)):
        for bit in range(8):
            data = whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
            found = samples.attempt(partial(show, data))
            assert isinstance(found, MLSpecError) or found == expected


@settings(max_examples=200, deadline=None)
@given(st.permutations(range(6)), st.integers(0, 5))
def test_a_proof_has_its_hashes_in_one_order(order: list[int], drop: int) -> None:
    """Any other order, or one left out, is refused."""
    whole = logs.proof(5, 50)
    count = len(whole.hashes)
    assert count == len(order)
    moved = replace(whole, hashes=tuple(whole.hashes[place] for place in order))
    found = samples.attempt(lambda: moved.verify(logs.leaf(5), logs.KEY))
    assert isinstance(found, MLSpecError) == (list(order) != list(range(count)))
    short = replace(whole, hashes=whole.hashes[:drop] + whole.hashes[drop + 1 :])
    assert isinstance(samples.attempt(lambda: short.verify(logs.leaf(5), logs.KEY)), MLSpecError)
