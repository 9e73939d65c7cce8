"""Verifying time-stamp tokens (RFC 3161)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from mlspec.errors import TamperedError, TrustFileError, UntrustedError, VerificationError
from mlspec.requestlog.proven_time import ProvenTime, TimeMeans, issue_time
from mlspec.requestlog.timestamp_requests import load_client, require_short
from mlspec.requestlog.tsa_der import as_response, malformed
from mlspec.sealing.certificates import parse_certificate
from mlspec.sealing.trust import aware

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name
    from rfc3161_client import TimeStampResponse

MAX_CERTIFICATES: Final = 16
"""The most certificates that a token may bring."""

_SHA256: Final = "2.16.840.1.101.3.4.2.1"
# SHA-256, SHA-384 and SHA-512: what the authority's own signature may rest on.
_DIGESTS: Final = {_SHA256, "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"}
# OpenSSL's words for a chain that does not lead to a root, before it looks at any signature.
_NO_CHAIN: Final = "certificate verify error"
# The library cuts parts of a second off.
_ROUNDED: Final = timedelta(seconds=1)
_VAGUEST: Final = timedelta(days=1)


def verify_token(
    token: bytes, text: bytes, roots: Sequence[bytes], *, now: datetime | None = None
) -> ProvenTime:
    """Verify that an authority saw `text`, and return by when.

    1. The token is one TimeStampToken in DER, of at most `MAX_TOKEN` bytes, signed once.
    2. Its imprint is the SHA-256 of `text`, and of no other algorithm.
    3. Exactly one of its certificates is the one that its signer names. That certificate's
       extended key usage is critical, and is time-stamping alone.
    4. A chain of certificates, each valid at the token's time, leads from there to one of `roots`,
       and the signature fits, over SHA-256 or longer.
    5. The time does not lie ahead.

    The time is the latest that the token allows: its own, its accuracy of at most a day, and a
    second, because parts of a second are not read.

    Args:
        token: The token, from wherever.
        text: What it must be over: a note's text, without signatures.
        roots: Certificates (DER) of the authorities that are believed.
        now: This machine's clock, if it shall not be asked.

    Raises:
        LimitError, DecodeError: Step 1.
        VerificationError: Step 2 ("timestamp.imprint", "timestamp.hash") or step 3
            ("timestamp.usage").
        UntrustedError: No chain leads to a root ("timestamp.untrusted"), or step 5.
        TamperedError: A believed authority is named, and its signature does not fit.
        TrustFileError: One of the roots is no certificate.
        UsageError: The extra `timestamps` is not installed.
    """
    client = load_client()
    said = _read(token, client)
    _require_imprint(said, text)
    signer = _signer(said)
    _require_usage(signer)
    _require_digests(said)
    _require_signature(said, text, roots, client)
    if said.time > (datetime.now(UTC) if now is None else aware(now)):
        raise UntrustedError(
            f"must not lie ahead (got {said.time:%Y-%m-%d %H:%M:%SZ})",
            error_id="timestamp.future",
            path="token",
            remedy="Set this machine's clock, or do not believe this authority.",
        )
    latest = said.time + said.accuracy + _ROUNDED
    return issue_time(latest, TimeMeans.TIMESTAMP, (_holder(signer),))


class _Said(NamedTuple):
    """What a token says, read in one place: the library reads each part when it is asked for."""

    response: TimeStampResponse
    algorithm: str
    imprint: bytes
    time: datetime
    accuracy: timedelta
    digests: frozenset[str]
    certificates: tuple[bytes, ...]
    issuer: Name
    serial_number: int


def _read(token: bytes, client: Any) -> _Said:
    """Step 1."""
    require_short(token)
    response = as_response(token)
    try:
        return _said(client.decode_timestamp_response(response))
    except (ValueError, TypeError, LookupError, OverflowError) as error:
        raise malformed("must be a time-stamp token in DER, signed once") from error


def _said(response: TimeStampResponse) -> _Said:
    info, signed = response.tst_info, response.signed_data
    accuracy: Any = info.accuracy
    (signer,) = signed.signer_infos
    if len(signed.certificates) > MAX_CERTIFICATES:
        raise ValueError(f"more than {MAX_CERTIFICATES} certificates")
    spans = (accuracy.seconds, accuracy.millis, accuracy.micros) if accuracy else ()
    seconds, millis, micros = (span or 0 for span in spans or (0, 0, 0))
    span = timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)
    # A negative one would date the token back.
    if not timedelta(0) <= span <= _VAGUEST:
        raise ValueError("no time at all")
    return _Said(
        response=response,
        algorithm=info.message_imprint.hash_algorithm.dotted_string,
        imprint=info.message_imprint.message,
        time=info.gen_time,
        accuracy=span,
        digests=frozenset(each.dotted_string for each in signed.digest_algorithms),
        certificates=tuple(signed.certificates),
        issuer=signer.issuer,
        serial_number=signer.serial_number,
    )


def _require_imprint(said: _Said, text: bytes) -> None:
    """Step 2."""
    if said.algorithm != _SHA256:
        raise _refused("hash", f"must be over a SHA-256 (got algorithm {said.algorithm})")
    if said.imprint != hashlib.sha256(text).digest():
        raise _refused("imprint", f"must be over this text (is over {said.imprint.hex()[:64]})")


def _signer(said: _Said) -> Certificate:
    """Step 3: the certificate that the token's signer names."""
    try:
        known = [parse_certificate(each, "token") for each in said.certificates]
        found = [
            each
            for each in known
            if (each.issuer, each.serial_number) == (said.issuer, said.serial_number)
        ]
    except (TrustFileError, ValueError, LookupError) as error:
        raise malformed("must bring certificates that can be read") from error
    # Of two that answer to one name, one could be shown and the other be used.
    if len(found) != 1:
        raise _refused("usage", f"must bring its signer's certificate once (got {len(found)})")
    return found[0]


def _holder(certificate: Certificate) -> str:
    try:
        return certificate.subject.rfc4514_string()
    except (ValueError, LookupError) as error:
        raise malformed("must bring certificates that can be read") from error


def _require_usage(certificate: Certificate) -> None:
    from cryptography.x509 import (
        DuplicateExtension,
        ExtendedKeyUsage,
        ExtensionNotFound,
        UnsupportedGeneralNameType,
    )
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        extension = certificate.extensions.get_extension_for_class(ExtendedKeyUsage)
    except ExtensionNotFound as error:
        raise _refused("usage", "must be signed with a certificate for time-stamping") from error
    except (ValueError, LookupError, DuplicateExtension, UnsupportedGeneralNameType) as error:
        raise malformed("must bring certificates that can be read") from error
    if not extension.critical or list(extension.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise _refused(
            "usage", "must be signed with a certificate for time-stamping alone, marked critical"
        )


def _require_digests(said: _Said) -> None:
    if not said.digests <= _DIGESTS:
        raise _refused("hash", f"must be signed over SHA-256 or longer (got {[*said.digests]})")


def _require_signature(said: _Said, text: bytes, roots: Sequence[bytes], client: Any) -> None:
    """Step 4."""
    if not roots:
        raise _untrusted("the trust file names no authority")
    known = [parse_certificate(root, f"roots[{index}]") for index, root in enumerate(roots)]
    verifier = client.VerifierBuilder(roots=known).build()
    try:
        verifier.verify_message(said.response, text)
    except (client.VerificationError, ValueError) as error:
        if _NO_CHAIN in str(error):
            raise _untrusted("no chain of certificates that were valid then") from error
        raise TamperedError(
            "must fit the authority's signature",
            error_id="timestamp.signature",
            path="token",
            remedy="The token was altered: take it as the authority gave it.",
        ) from error


def _untrusted(why: str) -> UntrustedError:
    return UntrustedError(
        f"must be by an authority of the trust file ({why})",
        error_id="timestamp.untrusted",
        path="token",
        remedy="Have the root of the authority added to the trust file (`mlspec trust"
        " timestamps --root`).",
    )


def _refused(what: str, words: str) -> VerificationError:
    return VerificationError(
        words,
        error_id=f"timestamp.{what}",
        path="token",
        remedy="It proves nothing about this text: get a token over it from an authority.",
    )
