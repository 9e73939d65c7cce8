"""The tree of RFC 6962 over leaves, and signed checkpoints of it as C2SP signed notes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from mlspec.sealing import PublicKey, Signer

ED25519_NOTE = b"\x01"
"""The signature type byte of plain Ed25519 in a signed note's key id."""


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256 of a zero byte and the leaf (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes in order; of none, the hash of nothing (RFC 6962, section 2.1)."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    inner = root_of(hashes[:half]) + root_of(hashes[half:])
    return hashlib.sha256(b"\x01" + inner).digest()


def checkpoint(origin: str, size: int, root: bytes, signer: Signer, public: PublicKey) -> str:
    """A signed checkpoint (C2SP tlog-checkpoint): origin, size, root, and one signature line."""
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = note_key_hash(origin, public) + signer.sign(body.encode())
    return f"{body}\n— {origin} {base64.b64encode(signature).decode()}\n"


def note_key_hash(name: str, public: PublicKey) -> bytes:
    """The four bytes that name a key in a signed note (C2SP signed-note)."""
    pem = "".join(line for line in public.to_pem().splitlines() if not line.startswith("-"))
    raw = base64.b64decode(pem)[-32:]
    return hashlib.sha256(name.encode() + b"\n" + ED25519_NOTE + raw).digest()[:4]
