"""Base64 (RFC 4648) in exactly one spelling per value."""

from __future__ import annotations

import base64
import binascii

_TO_STANDARD = str.maketrans("-_", "+/")


def decode_base64(text: str, *, url_safe: bool = False) -> bytes:
    """Return the bytes that `text` spells.

    Padding is needed, unused bits are zero, and no other character stands in it, so that no two
    texts mean the same bytes. With `url_safe` the URL-safe alphabet is taken too, but one text
    never mixes the two. Raises ValueError, whose message says what must hold.
    """
    standard = text
    if url_safe and ("-" in text or "_" in text):
        if "+" in text or "/" in text:
            raise ValueError("must use one base64 alphabet, not two")
        standard = text.translate(_TO_STANDARD)
    try:
        data = base64.b64decode(standard, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("must be base64 with padding (RFC 4648)") from None
    if base64.b64encode(data).decode("ascii") != standard:
        raise ValueError("must be base64 in its canonical spelling")
    return data


def encode_base64(data: bytes) -> str:
    """Return `data` in the standard alphabet, padded."""
    return base64.b64encode(data).decode("ascii")
