"""Asking an authority for a time-stamp token (RFC 3161). The door to rfc3161-client."""

from __future__ import annotations

from typing import Any, Final

from mlspec.errors import LimitError, UsageError
from mlspec.requestlog.tsa_der import token_in

MAX_TOKEN: Final = 65_536
"""The longest token, in bytes: as much as a record's field for one holds."""


def request_for(text: bytes) -> bytes:
    """Return a TimeStampReq (DER) for the SHA-256 of a note's text, to be sent to an authority.

    It asks for the authority's certificate, and holds a random nonce. Raises UsageError if the
    extra `timestamps` is not installed.
    """
    client = load_client()
    builder = client.TimestampRequestBuilder(data=text, hash_algorithm=client.HashAlgorithm.SHA256)
    made: bytes = builder.build().as_bytes()
    return made


def token_of(response: bytes) -> bytes:
    """Return the token of an authority's answer (TimeStampResp), as it is kept; not verified.

    Raises LimitError, and DecodeError if it is no answer, or the authority granted no token.
    """
    require_short(response)
    return token_in(response)


def load_client() -> Any:
    """Return the module `rfc3161_client`. Raises UsageError if it is not installed."""
    try:
        import rfc3161_client
    except ImportError as error:
        raise UsageError(
            "must have rfc3161-client to handle time-stamp tokens",
            error_id="extra.missing",
            remedy="Install it with `pip install 'mlspec-protobuf[timestamps]'`.",
        ) from error
    return rfc3161_client


def require_short(data: bytes) -> None:
    """Raise LimitError for what is longer than a token may be."""
    if len(data) > MAX_TOKEN:
        raise LimitError(
            f"must be at most {MAX_TOKEN} bytes (got {len(data)})",
            error_id="timestamp.size",
            path="token",
        )
