"""A record log whose leaves name records, and a trust file that believes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mlspec import v1
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.requestlog import (
    Checkpoint,
    LogProof,
    MemoryTree,
    NoteKey,
    NoteKeyKind,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    tree_root,
)
from mlspec.sealing import PrivateKey, TrustPolicy, generate_key, trust_edit
from tests.unit import samples
from tests.unit.requestlog import logs

ORIGIN = "bank.example/loans/records"
SIGNER = generate_key()


def digest(number: int) -> bytes:
    """The digest of a record."""
    return bytes([number]) * 32


def record_leaf(number: int, sha256: bytes, origin: str = ORIGIN) -> bytes:
    """The bytes of a leaf that logs a record."""
    reference = v1.RecordReference(
        digest=v1.Digest(sha256=sha256),
        payload_type=RECORD_PAYLOAD_TYPE,
        stage=v1.STAGE_MODEL_TRAINING,
    )
    entry = v1.LogEntry(
        origin=origin, sequence_number=number, nonce=bytes(16), logged_record=reference
    )
    return entry.SerializeToString(deterministic=True)


@dataclass
class RecordLog:
    """A log in memory."""

    leaves: list[bytes]
    origin: str = ORIGIN
    signer: PrivateKey = SIGNER
    tree: MemoryTree = field(default_factory=MemoryTree)

    def __post_init__(self) -> None:
        for leaf in self.leaves:
            self.tree.append(leaf_hash(leaf))

    @property
    def key(self) -> NoteKey:
        """The log's key."""
        return NoteKey(self.origin, NoteKeyKind.LOG, self.signer.public)

    def checkpoint(self, size: int) -> bytes:
        """The signed checkpoint of a size."""
        root = tree_root(self.tree, size)
        return Checkpoint(self.origin, size, root).sign(self.key, self.signer)

    def proof(self, index: int, size: int, note: bytes | None = None) -> LogProof:
        """The proof of a leaf; `note` is the checkpoint with what was added to it."""
        hashes = prove_inclusion(self.tree, index, size)
        return LogProof(index, hashes, note or self.checkpoint(size))

    def consistency(self, old_size: int, size: int) -> tuple[bytes, ...]:
        """The hashes that show that one tree extends the other."""
        return prove_consistency(self.tree, old_size, size)


def record_log(count: int = 6) -> RecordLog:
    """A log of the records 0, 1, 2 ..."""
    return RecordLog([record_leaf(number, digest(number)) for number in range(count)])


def draft(
    *,
    witnesses: Sequence[logs.Witness] = (logs.ANNA, logs.BORIS),
    threshold: int = 2,
    roots: Sequence[bytes] = (),
    kind: v1.LogKind.ValueType = v1.LOG_KIND_RECORDS,
) -> v1.TrustPolicy:
    """A trust file that believes the log, witnesses and authorities."""
    made = samples.policy(samples.ED25519)
    made = trust_edit.add_key(made, SIGNER.public, "log@bank.example")
    made = trust_edit.add_log(made, ORIGIN, SIGNER.keyid, kind=kind, namespace_globs=["loans*"])
    for each in witnesses:
        made = trust_edit.add_key(made, each.signer.public, each.key.name)
        made = trust_edit.add_witness(made, each.signer.keyid)
    if witnesses:
        made.witnesses.threshold = threshold
    made.timestamp_roots.extend(roots)
    return made


def trust(**parts: object) -> TrustPolicy:
    """The same, checked."""
    return TrustPolicy(draft(**parts))  # type: ignore[arg-type]
