"""The logs of the vectors: of records and of requests, witnessed, the same bytes each time."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlspec import v1
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
from tools.vectors.provenance import people
from tools.vectors.provenance.story import START, Story

RECORDS = "bank.example/loans/records"
WITNESSES = ("anna.example/w", "boris.example/w")
DAY = 86_400
SEEN = START + DAY
"""When the witnesses saw what they signed: a day after the story began."""


@dataclass(frozen=True)
class Shown:
    """A leaf that logs a record, and its proof."""

    proof: bytes
    leaf: bytes


def trust() -> v1.TrustPolicy:
    """Return the trust file that all vectors are judged by, each with requirements of its own."""
    made = people.trust()
    for name in ("record-log", *WITNESSES):
        public = people.key(name).public
        made.keys.add(
            keyid=public.keyid,
            public_key=public.to_pem(),
            algorithm=v1.KEY_ALGORITHM_ED25519,
            identity=name,
        )
    made.roles.add(
        name="keeper",
        keyids=[people.key("operator").keyid],
        threshold=1,
        stages=[v1.STAGE_LOGGING],
        namespace_globs=["loans"],
    )
    made.logs.add(
        origin=RECORDS,
        keyid=people.key("record-log").keyid,
        namespace_globs=["loans"],
        kind=v1.LOG_KIND_RECORDS,
    )
    made.witnesses.keyids.extend(people.key(name).keyid for name in WITNESSES)
    made.witnesses.threshold = 2
    return made


def record_log(story: Story, names: Sequence[str], witnesses: Sequence[str]) -> list[Shown]:
    """Return the proofs of these records, in a log that holds them and nothing else."""
    leaves = [_leaf(index, story.ref(name)) for index, name in enumerate(names)]
    tree = MemoryTree()
    for leaf in leaves:
        tree.append(leaf_hash(leaf))
    size = len(leaves)
    note = checkpoint(RECORDS, "record-log", size, tree_root(tree, size), witnesses)
    return [
        Shown(LogProof(index, prove_inclusion(tree, index, size), note).to_bytes(), leaf)
        for index, leaf in enumerate(leaves)
    ]


def request_log(witnesses: Sequence[str]) -> bytes:
    """Return a checkpoint of the request log, over one leaf."""
    root = leaf_hash(b"the requests are not looked at here")
    return checkpoint(people.LOG_ORIGIN, "log", 1, root, witnesses)


def checkpoint(origin: str, signer: str, size: int, root: bytes, witnesses: Sequence[str]) -> bytes:
    """Return a signed checkpoint with the cosignatures of these witnesses."""
    key = NoteKey(origin, NoteKeyKind.LOG, people.key(signer).public)
    note = Note.from_bytes(Checkpoint(origin, size, root).sign(key, people.key(signer)))
    for name in witnesses:
        witness = NoteKey(name, NoteKeyKind.WITNESS, people.key(name).public)
        note = note.with_signature(cosign_text(note.text, witness, people.key(name), SEEN))
    return note.to_bytes()


def _leaf(index: int, reference: v1.RecordReference) -> bytes:
    entry = v1.LogEntry(
        origin=RECORDS, sequence_number=index, nonce=bytes(16), logged_record=reference
    )
    return entry.SerializeToString(deterministic=True)
