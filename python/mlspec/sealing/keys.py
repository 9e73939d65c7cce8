"""Key pairs: Ed25519 (RFC 8032) and ECDSA over P-256 with SHA-256 (FIPS 186-5).

The only module that makes and checks signatures with cryptography. Private keys are PKCS#8 in PEM,
encrypted (PBES2) unless a caller says otherwise; public keys are SubjectPublicKeyInfo in PEM (RFC
7468).
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from mlspec.errors import KeyFileError, UsageError

Algorithm = Literal["ed25519", "ecdsa-p256"]
ALGORITHMS: Final[tuple[Algorithm, ...]] = ("ed25519", "ecdsa-p256")

_ECDSA: Final = ec.ECDSA(SHA256())
_ED25519_SIZE: Final = 64
_DER_SIZES: Final = range(8, 73)
_DER_SEQUENCE: Final = 0x30
_KINDS: Final = "Ed25519 or ECDSA P-256"


class PublicKey:
    """A key that signatures are checked with.

    Attributes:
        algorithm: The one algorithm that it is good for.
        keyid: Lower-case hex SHA-256 of the key's DER SubjectPublicKeyInfo.
    """

    __slots__ = ("_key", "algorithm", "keyid")

    def __init__(self, key: object) -> None:
        """Take a public key of cryptography's. Raises KeyFileError for other kinds and curves."""
        if isinstance(key, Ed25519PublicKey):
            self.algorithm: Algorithm = "ed25519"
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            self.algorithm = "ecdsa-p256"
        else:
            raise _wrong_kind(key)
        self._key: Ed25519PublicKey | ec.EllipticCurvePublicKey = key
        self.keyid = hashlib.sha256(self.to_der()).hexdigest()

    def fits(self, signature: bytes, data: bytes) -> bool:
        """Tell whether this key made `signature` over `data`."""
        key = self._key
        try:
            if isinstance(key, Ed25519PublicKey):
                if len(signature) != _ED25519_SIZE:
                    return False
                key.verify(signature, data)
            else:
                if len(signature) not in _DER_SIZES or signature[0] != _DER_SEQUENCE:
                    return False
                key.verify(signature, data, _ECDSA)
        except InvalidSignature:
            return False
        return True

    def to_der(self) -> bytes:
        """Return the key as DER, with a named curve and an uncompressed point."""
        return self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def to_pem(self) -> str:
        """Return the key as PEM."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @classmethod
    def from_pem(cls, data: bytes) -> PublicKey:
        """Read a key from PEM. Raises KeyFileError.

        One key must not get a second id by another spelling of its DER, so there is one spelling.
        """
        try:
            key = cls(load_pem_public_key(data))
            if not _holds(data, key.to_der()):
                raise ValueError("another spelling of the key")
            return key
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyFileError(
                "must be a public key in PEM (SubjectPublicKeyInfo)",
                error_id="key.syntax",
                remedy=f"Make keys with `mlspec keygen`, or with openssl ({_KINDS}).",
            ) from error


class PrivateKey:
    """A key that signs; a `Signer`. It shows itself to nobody, except through `to_pem`.

    Attributes:
        public: The key that its signatures are checked with.
    """

    __slots__ = ("_key", "public")

    def __init__(self, key: object) -> None:
        """Take a private key of cryptography's. Raises KeyFileError for other kinds and curves."""
        if not isinstance(key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
            raise _wrong_kind(key)
        self._key = key
        self.public = PublicKey(key.public_key())

    @classmethod
    def generate(cls, algorithm: Algorithm = "ed25519") -> PrivateKey:
        """Make a new key. Raises UsageError for an unknown algorithm."""
        if algorithm == "ed25519":
            return cls(Ed25519PrivateKey.generate())
        if algorithm == "ecdsa-p256":
            return cls(ec.generate_private_key(ec.SECP256R1()))
        raise UsageError(
            f"must be one of {', '.join(ALGORITHMS)} (got {algorithm!r})", error_id="key.algorithm"
        )

    @property
    def keyid(self) -> str:
        """The public key's id."""
        return self.public.keyid

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm that it signs with."""
        return self.public.algorithm

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`: 64 bytes for Ed25519, DER for ECDSA."""
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(data)
        return self._key.sign(data, _ECDSA)

    def to_pem(self, password: bytes | None) -> bytes:
        """Return the key as PKCS#8 in PEM, encrypted unless `password` is None."""
        encryption: KeySerializationEncryption = NoEncryption()
        if password is not None:
            if not password:
                raise KeyFileError(
                    "must have a password that is not empty", error_id="key.password"
                )
            encryption = BestAvailableEncryption(password)
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    @classmethod
    def from_pem(cls, data: bytes, password: bytes | None) -> PrivateKey:
        """Read a key from PKCS#8 in PEM; `password` only matters if it is encrypted.

        Raises KeyFileError.
        """
        encrypted = is_encrypted(data)
        if encrypted and password is None:
            raise _password("must be opened with a password")
        try:
            return cls(load_pem_private_key(data, password if encrypted else None))
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            if encrypted:
                raise _password("must be an encrypted key that this password opens") from error
            raise KeyFileError(
                "must be a private key in PEM (PKCS#8)",
                error_id="key.syntax",
                remedy=f"Make keys with `mlspec keygen`, or with openssl ({_KINDS}).",
            ) from error

    def __repr__(self) -> str:
        return f"PrivateKey({self.algorithm}, keyid={self.keyid[:16]}...)"


def is_encrypted(data: bytes) -> bool:
    """Tell whether `data` is an encrypted private key in PEM."""
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data


def _holds(pem: bytes, der: bytes) -> bool:
    """Tell whether PEM, whatever stands around it and however its lines are broken, holds `der`."""
    return base64.b64encode(der) in b"".join(pem.split())


def _wrong_kind(key: object) -> KeyFileError:
    curve = getattr(getattr(key, "curve", None), "name", "")
    return KeyFileError(
        f"must be {_KINDS} (got {curve or type(key).__name__})", error_id="key.kind"
    )


def _password(words: str) -> KeyFileError:
    return KeyFileError(
        words,
        error_id="key.password",
        remedy="Give the right password, or put it into the variable MLSPEC_KEY_PASSWORD.",
    )
