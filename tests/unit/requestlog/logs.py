"""A small log that the tests of this room start from."""

from dataclasses import dataclass
from functools import lru_cache

from mlspec.requestlog import (
    Checkpoint,
    LogProof,
    MemoryTree,
    Note,
    NoteKey,
    NoteKeyKind,
    cosign_text,
    leaf_hash,
    prove_inclusion,
    tree_root,
)
from mlspec.sealing import PrivateKey, generate_key

ORIGIN = "bank.example/loans/requests"
SIGNER = generate_key()
KEY = NoteKey(ORIGIN, NoteKeyKind.LOG, SIGNER.public)


@dataclass(frozen=True)
class Witness:
    """A witness: who signs, and the key that others know."""

    signer: PrivateKey
    key: NoteKey


def witness(name: str) -> Witness:
    """Make a witness with a new key."""
    signer = generate_key()
    return Witness(signer, NoteKey(name, NoteKeyKind.WITNESS, signer.public))


ANNA, BORIS = witness("anna.example/w"), witness("boris.example/w")


def leaf(number: int) -> bytes:
    """The bytes of a leaf."""
    return b"leaf %d" % number


@lru_cache
def tree(size: int) -> MemoryTree:
    """The tree of the first leaves."""
    made = MemoryTree()
    for number in range(size):
        made.append(leaf_hash(leaf(number)))
    return made


def root(size: int) -> bytes:
    """Its root."""
    return tree_root(tree(size), size)


def checkpoint(size: int) -> bytes:
    """Its signed checkpoint."""
    return Checkpoint(ORIGIN, size, root(size)).sign(KEY, SIGNER)


def cosigned(data: bytes, by: Witness, time: int = 1_700_000_000) -> bytes:
    """A checkpoint with one cosignature more."""
    note = Note.from_bytes(data)
    return note.with_signature(cosign_text(note.text, by.key, by.signer, time)).to_bytes()


def proof(index: int, size: int) -> LogProof:
    """The proof of one leaf."""
    return LogProof(index, prove_inclusion(tree(size), index, size), checkpoint(size))
