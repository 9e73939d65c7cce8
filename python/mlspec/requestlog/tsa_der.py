"""The outer layers of a time-stamp token (RFC 3161, RFC 5652), in DER."""

from __future__ import annotations

from typing import Final, NamedTuple

from mlspec.errors import DecodeError

_SEQUENCE: Final = 0x30
_CERTIFICATES: Final = 0xA0
_CONTENT: Final = 0xA0
_LONG: Final = 0x80
_LENGTH_BYTES: Final = 3
_PARTS: Final = 64
# PKIStatusInfo that says "granted": what a response has before its token.
_GRANTED: Final = bytes.fromhex("3003020100")
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")


class Element(NamedTuple):
    """One element: its tag, its content, and all its bytes."""

    tag: int
    content: bytes
    whole: bytes


def as_response(token: bytes) -> bytes:
    """Return the token as the response that carried it, certificates in DER's order.

    DER sorts the members of a set. Authorities, OpenSSL's among them, write their certificates as
    they come; no signature is over them. Raises DecodeError.
    """
    outer = only(token)
    parts = elements(outer.content)
    if len(parts) != 2 or parts[0].whole != _SIGNED_DATA or parts[1].tag != _CONTENT:
        raise malformed("must be signed data")
    signed = only(parts[1].content)
    layers = [_sorted(each) for each in elements(signed.content)]
    content = encode(parts[1].tag, encode(signed.tag, b"".join(layers)))
    return encode(_SEQUENCE, _GRANTED + encode(outer.tag, parts[0].whole + content))


def token_in(response: bytes) -> bytes:
    """Return the token of a response (TimeStampResp) that was granted. Raises DecodeError."""
    parts = elements(only(response).content)
    if len(parts) != 2 or parts[0].tag != _SEQUENCE:
        raise malformed("must be a response with a token: the authority granted none")
    return parts[1].whole


def only(data: bytes) -> Element:
    """Read the one sequence that `data` is, with nothing behind it. Raises DecodeError."""
    found = elements(data)
    if len(found) != 1 or found[0].tag != _SEQUENCE:
        raise malformed("must be one sequence")
    return found[0]


def elements(data: bytes) -> list[Element]:
    """Read the elements that stand one after the other in `data`. Raises DecodeError."""
    found: list[Element] = []
    start = 0
    while start < len(data):
        if len(found) == _PARTS:
            raise malformed(f"must have at most {_PARTS} parts in one place")
        size, body = _length(data, start + 1)
        end = body + size
        if end > len(data):
            raise malformed("must be whole")
        found.append(Element(data[start], data[body:end], data[start:end]))
        start = end
    return found


def encode(tag: int, content: bytes) -> bytes:
    """Return an element."""
    size = len(content)
    if size < _LONG:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, _LONG | len(length)]) + length + content


def _sorted(part: Element) -> bytes:
    if part.tag != _CERTIFICATES:
        return part.whole
    return encode(part.tag, b"".join(sorted(each.whole for each in elements(part.content))))


def _length(data: bytes, start: int) -> tuple[int, int]:
    """Return the length that stands at `start`, and where the content begins."""
    first = data[start : start + 1]
    if not first:
        raise malformed("must be whole")
    if first[0] < _LONG:
        return first[0], start + 1
    count = first[0] - _LONG
    digits = data[start + 1 : start + 1 + count]
    if not 0 < count <= _LENGTH_BYTES or len(digits) < count:
        raise malformed("must have lengths of DER")
    return int.from_bytes(digits, "big"), start + 1 + count


def malformed(words: str) -> DecodeError:
    """Return the error for bytes that are no token."""
    return DecodeError(
        words,
        error_id="timestamp.syntax",
        path="token",
        remedy="Give the TimeStampToken in DER, as `openssl ts -reply -token_out` writes it.",
    )
