"""The certificates of time-stamping authorities, as a trust file holds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mlspec.errors import TrustFileError
from mlspec.files import StrPath, name_of, read_bytes

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_CERTIFICATE: Final = 65_536
"""The longest certificate that a trust file takes, in bytes."""


@dataclass(frozen=True, slots=True)
class TrustedCertificate:
    """A certificate whose authority is believed about time.

    Attributes:
        der: Its bytes.
        subject: Whose it is (RFC 4514).
        valid_from: From when it counts, inclusive.
        valid_until: Until when it counts, inclusive.
        is_root: Whether it names itself as its issuer. Chains of tokens end in such a one.
    """

    der: bytes
    subject: str
    valid_from: datetime
    valid_until: datetime
    is_root: bool


def read_certificate(der: bytes, path: str) -> TrustedCertificate:
    """Read a certificate that stands at `path` of a policy. Raises TrustFileError."""
    read = parse_certificate(der, path)
    try:
        return TrustedCertificate(
            der,
            read.subject.rfc4514_string(),
            read.not_valid_before_utc,
            read.not_valid_after_utc,
            read.issuer == read.subject,
        )
    except (ValueError, TypeError, LookupError) as error:
        raise _no_certificate(path) from error


def parse_certificate(der: bytes, path: str) -> Certificate:
    """Parse a certificate that stands at `path`. Raises TrustFileError.

    Its parts are parsed when they are asked for, and may still be malformed.
    """
    # Here, because most trust files hold none, and the module takes long to load.
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import InvalidVersion, load_der_x509_certificate

    try:
        return load_der_x509_certificate(der)
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidVersion) as error:
        raise _no_certificate(path) from error


def load_certificate(path: StrPath) -> bytes:
    """Read a certificate from a file in DER or PEM, and return it in DER.

    Raises UnreadableError, LimitError, TrustFileError.
    """
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import InvalidVersion, load_pem_x509_certificates

    data = read_bytes(path, max_bytes=MAX_CERTIFICATE)
    if not data.startswith(b"-----"):
        return read_certificate(data, name_of(path)).der
    try:
        # A second one in the file would be believed by its owner, and by nobody else.
        (found,) = load_pem_x509_certificates(data)
        der = found.public_bytes(Encoding.DER)
    except (ValueError, InvalidVersion) as error:
        raise _no_certificate(name_of(path)) from error
    return read_certificate(der, name_of(path)).der


def _no_certificate(path: str) -> TrustFileError:
    return TrustFileError(
        "must be one X.509 certificate in DER",
        error_id="trust.certificate",
        path=path,
        remedy="Give the certificate that the authority publishes; `openssl x509 -outform DER`"
        " turns PEM into DER.",
    )
