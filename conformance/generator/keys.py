"""The kit's keys: made of their names, so that everybody knows the private ones."""

import base64
import hashlib
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mlspec.sealing import PrivateKey, pae

# The order of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3).
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _seed(name: str) -> bytes:
    return hashlib.sha256(f"mlspec conformance key {name}".encode()).digest()


class KitKey:
    """A key pair of the kit that signs the same bytes alike each time.

    Attributes:
        name: What it is called in the kit.
        private: The key pair.
    """

    def __init__(self, name: str, key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> None:
        """Keep the key under its name."""
        self.name = name
        self._key = key
        self.private = PrivateKey(key)

    @property
    def keyid(self) -> str:
        """The public key's id."""
        return self.private.keyid

    @property
    def pem(self) -> bytes:
        """The private key, PKCS#8."""
        return self.private.to_pem(None)

    def compressed_pem(self) -> str:
        """Return the public key as PEM whose DER has a compressed point, which is refused."""
        # SubjectPublicKeyInfo of id-ecPublicKey and prime256v1 (RFC 5480); the point has 33 bytes.
        prefix = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        body = base64.encodebytes(prefix + point).decode()
        return f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n"

    def sign(self, data: bytes) -> bytes:
        """Sign; ECDSA with the nonce of RFC 6979, so that the kit can be made again."""
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(data)
        return self._key.sign(data, ec.ECDSA(SHA256(), deterministic_signing=True))

    def sign_dsse(self, payload_type: str, payload: bytes) -> bytes:
        """Sign what DSSE says is to be signed."""
        return self.sign(pae(payload_type, payload))


@cache
def ed25519(name: str) -> KitKey:
    """Return the Ed25519 key of this name."""
    return KitKey(name, Ed25519PrivateKey.from_private_bytes(_seed(name)))


@cache
def p256(name: str) -> KitKey:
    """Return the ECDSA P-256 key of this name."""
    number = int.from_bytes(_seed(name), "big") % (_P256_ORDER - 1) + 1
    return KitKey(name, ec.derive_private_key(number, ec.SECP256R1()))
