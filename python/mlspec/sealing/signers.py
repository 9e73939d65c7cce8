"""Who signs: key files, and whatever else has an id and signs bytes (a KMS, an HSM)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

from mlspec.errors import KeyFileError, MLSpecError, SigningError, UsageError
from mlspec.files import StrPath, read_bytes, write_bytes
from mlspec.sealing.dsse import MAX_KEYID, MAX_SIGNATURE, Signature, pae
from mlspec.sealing.keys import PrivateKey, PublicKey, is_encrypted

PASSWORD_VARIABLE: Final = "MLSPEC_KEY_PASSWORD"  # noqa: S105 - the name of a variable
_MAX_KEY_FILE: Final = 64 * 1024

Password = str | bytes | Callable[[], str | bytes] | None


@runtime_checkable
class Signer(Protocol):
    """Something that signs with one key."""

    @property
    def keyid(self) -> str:
        """Lower-case hex SHA-256 of the public key's DER SubjectPublicKeyInfo."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`: raw for Ed25519, DER for ECDSA."""


SignerSource = StrPath | bytes | Signer


def load_signer(source: SignerSource, password: Password = None) -> Signer:
    """Return a signer: a key file's, that of a PEM text in bytes, or `source` itself if it is one.

    Raises KeyFileError, UnreadableError, UsageError.
    """
    if isinstance(source, bytes):
        return _private_key(source, password)
    if isinstance(source, str | os.PathLike):
        return load_private_key(source, password)
    if isinstance(source, Signer):
        return source
    raise UsageError(
        f"must be a path, a key in PEM, or a signer (got {type(source).__name__})",
        error_id="signer",
    )


def sign_envelope(signer: Signer, payload_type: str, payload: bytes) -> Signature:
    """Sign what DSSE says is to be signed. Raises SigningError, whatever the signer raised."""
    try:
        sig = signer.sign(pae(payload_type, payload))
        keyid = signer.keyid
    except MLSpecError:
        raise
    except Exception as error:  # signers are plugged in: theirs can be any
        raise SigningError(
            f"the signer must sign ({type(error).__name__}: {error})",
            remedy="Check that the key service is reachable and lets this key sign.",
        ) from error
    if not isinstance(sig, bytes) or not 0 < len(sig) <= MAX_SIGNATURE:
        raise SigningError(f"the signer must return 1 to {MAX_SIGNATURE} bytes")
    if not isinstance(keyid, str) or len(keyid) > MAX_KEYID:
        raise SigningError(f"the signer's keyid must be text of at most {MAX_KEYID} characters")
    return Signature(sig, keyid)


def generate_key(algorithm: str = "ed25519") -> PrivateKey:
    """Make a new key pair: "ed25519" or "ecdsa-p256". Raises UsageError."""
    return PrivateKey.generate(algorithm)  # type: ignore[arg-type]


def write_private_key(key: PrivateKey, path: StrPath, password: Password) -> None:
    """Write a key for its owner's eyes only (mode 0600), whole or not at all, over no other file.

    `password` None writes it unencrypted. Raises InputError if the file exists, UnreadableError.
    """
    secret = None if password is None else _resolve(password)
    write_bytes(key.to_pem(secret), path, mode=0o600)


def write_public_key(key: PublicKey, path: StrPath) -> None:
    """Write a public key, over no other file. Raises InputError if it exists, UnreadableError."""
    write_bytes(key.to_pem().encode(), path)


def load_private_key(path: StrPath, password: Password = None) -> PrivateKey:
    """Read a private key.

    An encrypted one is opened with `password`: text, or something to call for it; without either
    with the variable MLSPEC_KEY_PASSWORD. Raises KeyFileError, UnreadableError.
    """
    data = read_bytes(path, max_bytes=_MAX_KEY_FILE)
    try:
        return _private_key(data, password)
    except KeyFileError as error:
        error.from_source(os.fspath(path))
        raise


def load_public_key(path: StrPath) -> PublicKey:
    """Read a public key. Raises KeyFileError, UnreadableError."""
    data = read_bytes(path, max_bytes=_MAX_KEY_FILE)
    try:
        return PublicKey.from_pem(data)
    except KeyFileError as error:
        error.from_source(os.fspath(path))
        raise


def _private_key(data: bytes, password: Password) -> PrivateKey:
    secret = None
    if is_encrypted(data):
        given = os.environ.get(PASSWORD_VARIABLE) if password is None else password
        secret = None if given is None else _resolve(given)
    return PrivateKey.from_pem(data, secret)


def _resolve(password: str | bytes | Callable[[], str | bytes]) -> bytes:
    given = password() if callable(password) else password
    return given.encode("utf-8") if isinstance(given, str) else given
