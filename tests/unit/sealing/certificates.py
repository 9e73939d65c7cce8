"""A certificate such as a trust file may hold."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID


def certificate(name: str = "time.example", until: datetime = datetime(2040, 1, 1)) -> bytes:
    """Return a certificate that signed itself, in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = Name([NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(until.replace(tzinfo=UTC))
    )
    return made.sign(key, SHA256()).public_bytes(Encoding.DER)
