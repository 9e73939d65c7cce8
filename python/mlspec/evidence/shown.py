"""Leaves that a bundle shows, each proven to be the log's under one verified checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlspec.errors import DecodeError, VerificationError
from mlspec.requestlog import LogProof, leaf_hash, read_entry, verify_inclusion

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.evidence.bundle import Bundle
    from mlspec.requestlog import VerifiedCheckpoint


@dataclass(frozen=True, slots=True)
class Shown:
    """A proven leaf. Only `prove` makes one.

    Attributes:
        index: Where it is.
        leaf: Its bytes.
        leaf_hash: Their hash.
        hashes: What leads from there to the root.
        size: The size of the tree.
    """

    index: int
    leaf: bytes
    leaf_hash: bytes
    hashes: tuple[bytes, ...]
    size: int

    def read(self, origin: str) -> v1.LogEntry:
        """Return the entry that it is. Raises what `read_entry` raises."""
        return read_entry(self.leaf, origin, self.index)


def read_proof(bundle: Bundle, name: str) -> LogProof:
    """Read a proof of the bundle. Raises MLSpecError.

    One with extra data is refused: nothing vouches for what stands there.
    """
    proof = LogProof.from_bytes(bundle.require(name))
    if proof.extra:
        raise DecodeError(
            "must have no extra data",
            error_id="evidence.extra",
            path=name,
            remedy="Somebody added it: ask for the bundle anew.",
        )
    return proof


def prove(leaf: bytes, proof: LogProof, checkpoint: VerifiedCheckpoint, index: int) -> Shown:
    """Verify that the log has these bytes at `index`, by a checkpoint that was verified before.

    Size and root are the checkpoint's. Raises what `verify_inclusion` raises, LimitError.
    """
    if proof.index != index:
        raise VerificationError(
            f"must be {index} (the proof is of {proof.index})",
            error_id="log.index",
            path="index",
            remedy="The proof is that of another leaf: ask for the bundle anew.",
        )
    hashed = leaf_hash(leaf)
    verify_inclusion(hashed, index, checkpoint.size, checkpoint.root, proof.hashes)
    return Shown(index, leaf, hashed, proof.hashes, checkpoint.size)


def shown_leaves(
    bundle: Bundle, folder: str, checkpoint: VerifiedCheckpoint, note: bytes
) -> Iterator[Shown]:
    """Yield the leaves that a folder of the bundle shows, by index, all under one checkpoint.

    Raises MLSpecError.
    """
    proofs = dict(bundle.below(folder, ".tlog"))
    leaves = dict(bundle.below(folder, ".bin"))
    for name in sorted({*proofs, *leaves}, key=int):
        bundle.require(f"{folder}/{name}.bin")
        proof = read_proof(bundle, f"{folder}/{name}.tlog")
        if proof.checkpoint != note:
            # The order of two leaves is known only within one tree.
            raise VerificationError(
                "must be under the checkpoint that the request is under",
                error_id="evidence.checkpoint",
                path=f"{folder}/{name}.tlog",
                remedy="Have the bundle built anew, all its proofs at one size of the log.",
            )
        yield prove(leaves[name], proof, checkpoint, int(name))
