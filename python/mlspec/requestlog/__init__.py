"""Logs that prove what they hold: trees, signed checkpoints, tiles, and a proof for each leaf."""

from mlspec.requestlog.checkpoints import (
    Checkpoint,
    Cosignature,
    VerifiedCheckpoint,
    verify_checkpoint,
)
from mlspec.requestlog.compact_range import CompactRange, root_of
from mlspec.requestlog.entries import proven_entry, read_entry
from mlspec.requestlog.hashing import EMPTY_ROOT, HASH_SIZE, MAX_LEAF, MAX_SIZE, leaf_hash
from mlspec.requestlog.merkle import verify_consistency, verify_inclusion
from mlspec.requestlog.note_keys import NoteKey, NoteKeyKind, public_key
from mlspec.requestlog.note_signing import cosign_text, sign_text
from mlspec.requestlog.notes import Note, NoteSignature
from mlspec.requestlog.proofs import LogProof, ProvenLeaf
from mlspec.requestlog.proving import (
    MemoryTree,
    Nodes,
    prove_consistency,
    prove_inclusion,
    tree_root,
)
from mlspec.requestlog.tile_tree import TileTree
from mlspec.requestlog.tiles import Tile

__all__ = [
    "EMPTY_ROOT",
    "HASH_SIZE",
    "MAX_LEAF",
    "MAX_SIZE",
    "Checkpoint",
    "CompactRange",
    "Cosignature",
    "LogProof",
    "MemoryTree",
    "Nodes",
    "Note",
    "NoteKey",
    "NoteKeyKind",
    "NoteSignature",
    "ProvenLeaf",
    "Tile",
    "TileTree",
    "VerifiedCheckpoint",
    "cosign_text",
    "leaf_hash",
    "prove_consistency",
    "prove_inclusion",
    "proven_entry",
    "public_key",
    "read_entry",
    "root_of",
    "sign_text",
    "tree_root",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
]
