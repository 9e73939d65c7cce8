"""The hold-back set under lock: encrypted from the moment it is read, released only on the record.

Encryption stands in for what a bank has: another department's storage. What matters is the order:
nobody gets the bytes unless a `HoldoutOpened` record, signed by the custodian, is already in the
store.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from examples.loan_approval.folder import Folder
from examples.loan_approval.job import Past
from mlspec import digests, v1
from mlspec.requestlog import leaf_hash, root_of

Keys = Callable[[bytes], list[bytes]]
"""What names each row of a CSV file."""

SEALED, SEALED_CLEAN = "custody/raw.csv.sealed", "custody/holdout.csv.sealed"
KEY, SALT = "custody/holdout.key", "custody/holdout.salt"
_NONCE_BYTES = 12


class NotReleasedError(Exception):
    """No record that counts says that this set was opened."""


@dataclass(frozen=True)
class HeldBack:
    """What may be known of a sealed set."""

    digest: v1.Digest
    row_count: int
    salt_digest: v1.Digest
    root: bytes
    """Head of the tree over the salted hashes of its rows, sorted (docs/spec/holdout_opened.md)."""


def seal_holdout(folder: Folder, content: bytes) -> None:
    """Encrypt the set; key and salt stay with the custodian."""
    for name, secret in (
        (KEY, AESGCM.generate_key(bit_length=256)),
        (SALT, secrets.token_bytes(32)),
    ):
        descriptor = os.open(folder.at(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
    _close(folder, SEALED, content)


def transform(folder: Folder, operation: Callable[[bytes], bytes]) -> int:
    """Run an operation over the sealed set and seal what comes out.

    Return the number of rows, no more.
    """
    content = operation(_open(folder, SEALED))
    _close(folder, SEALED_CLEAN, content)
    return len(rows_of(content))


def _close(folder: Folder, name: str, content: bytes) -> None:
    nonce, key = secrets.token_bytes(_NONCE_BYTES), folder.at(KEY).read_bytes()
    folder.at(name).write_bytes(nonce + AESGCM(key).encrypt(nonce, content, None))


def _open(folder: Folder, name: str) -> bytes:
    sealed, key = folder.at(name).read_bytes(), folder.at(KEY).read_bytes()
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)


def rows_of(content: bytes) -> list[bytes]:
    """The rows of a CSV file, without its header."""
    return content.rstrip(b"\n").split(b"\n")[1:]


def salted_hash(salt: bytes, row: bytes) -> bytes:
    """What stands for a row: without the salt it tells nothing of it."""
    return hmac.new(salt, row, hashlib.sha256).digest()


def describe(folder: Folder, name: str) -> HeldBack:
    """The custodian's statement about the set: its digest, its size, and the root over its rows."""
    content, salt = _open(folder, name), folder.at(SALT).read_bytes()
    rows = rows_of(content)
    hashes = [leaf_hash(each) for each in sorted(salted_hash(salt, row) for row in rows)]
    return HeldBack(
        digest=digests.digest_bytes(content),
        row_count=len(rows),
        salt_digest=digests.digest_bytes(salt),
        root=root_of(hashes),
    )


def size_bytes(folder: Folder) -> int:
    """The size of the raw set, unencrypted."""
    return len(_open(folder, SEALED))


def verdict(folder: Folder, fits: Callable[[bytes], bool]) -> v1.Verdict.ValueType:
    """The custodian's answer to a question about the clean set: yes or no, and nothing more."""
    return v1.VERDICT_PASS if fits(_open(folder, SEALED_CLEAN)) else v1.VERDICT_FAIL


def count(folder: Folder, keys: Keys, others: set[bytes]) -> tuple[int, int]:
    """How many distinct keys the clean set has, and how many of these are among others.

    The keys stay inside.
    """
    held = set(keys(_open(folder, SEALED_CLEAN)))
    return len(held), len(held & others)


def release(folder: Folder, opening: Past[v1.HoldoutOpened]) -> bytes:
    """The set's bytes.

    Raises:
        NotReleasedError: The opening is not the custodian's, or is of another set.
    """
    if v1.TRUST_POWER_RELEASE_HOLDOUT not in opening.verified.powers:
        raise NotReleasedError(
            "the opening must be signed by a key that may release hold-back sets"
        )
    content = _open(folder, SEALED_CLEAN)
    if opening.body.holdout.digest != digests.digest_bytes(content):
        raise NotReleasedError("the opening must name the digest of this set")
    return content
