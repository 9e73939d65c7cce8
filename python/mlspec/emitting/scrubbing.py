"""Taking secrets and personal data out of text before it is sealed for ever.

What is cut here cannot be had back, and what is kept can never be removed: in doubt text is cut.
The person at the terminal still sees the whole of it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final
from urllib.parse import urlsplit, urlunsplit

REDACTED: Final = "[redacted]"

_MAX_INPUT: Final = 8_192
_SECRETIVE: Final = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|credential|bearer|authorization|cookie|"
    r"session|api[-_.]?key|access[-_.]?key|private[-_.]?key|account[-_.]?key|signature|"
    r"(?<![a-z])(?:pass|key|auth|sig|sas|pin|ssn|iban|dsn|salt|otp)(?![a-z]))"
)
_SECRET_NAME: Final = re.compile(_SECRETIVE, re.IGNORECASE)
_PEM: Final = re.compile(
    r"-----BEGIN [^-\n]{1,64}-----.*?(-----END [^-\n]{1,64}-----|\Z)", re.DOTALL
)
_URL: Final = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,31}://[^\s'\"<>\\^`{|}]+")
_PAIR: Final = re.compile(
    rf"(?P<name>[\w.-]{{0,40}}?{_SECRETIVE}[\w.-]{{0,40}})(?P<mid>[\"']?\s{{0,3}}[=:]\s{{0,3}})"
    r"(?:\"[^\"\n]*\"|'[^'\n]*'|(?:Bearer|Basic)\s+\S+|[^\s,;&)\]}]+)",
    re.IGNORECASE,
)
_AUTH: Final = re.compile(r"\b(Bearer|Basic|Digest)\s+[A-Za-z0-9+/=._~-]{6,}", re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_QUOTED: Final = re.compile(r"(?<![\w])(['\"`])(?:(?!\1)[^\\\n]|\\.){1,1024}?\1(?!\w)")
_HOME: Final = re.compile(r"(/home/|/Users/|[A-Za-z]:\\Users\\)[^/\\\s:'\"]+")
_NUMBERS: Final = re.compile(r"(?<![\w.])(?:\+?\d[ -]?){8,19}(?![\w.])|\b\d{3}-\d{2}-\d{4}\b")
_ADDRESS: Final = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
_KNOWN: Final = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_\w{16,}|"
    r"\bxox[abprs]-[\w-]{8,}|\bsk-[\w-]{12,}|\bhf_[A-Za-z0-9]{16,}|\bglpat-[\w-]{12,}|"
    r"\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}|\bAIza[\w-]{20,}"
)
_WORD: Final = re.compile(r"[A-Za-z0-9+/=_~-]{20,}")
_CASE_CHANGE: Final = re.compile(r"(?<=[a-z])[A-Z]|(?<=[A-Z])[a-z]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SHORTEST_KEY: Final = 20
_MANY_BITS: Final = 3.2
_LETTERS_PER_CHANGE: Final = 4


def scrub(text: str, *, limit: int = 4096) -> str:
    """Return `text` without what looks like a secret or like personal data, cut to `limit`.

    Quoted text goes too: in the messages of data libraries it is the value of a cell.
    """
    text = _CONTROL.sub(" ", text[:_MAX_INPUT])
    text = _PEM.sub(REDACTED, text)
    text = _URL.sub(lambda match: cut_credentials(match[0]), text)
    text = _AUTH.sub(rf"\1 {REDACTED}", text)
    text = _PAIR.sub(rf"\g<name>\g<mid>{REDACTED}", text)
    text = _QUOTED.sub(lambda match: f"{match[1]}{REDACTED}{match[1]}", text)
    for pattern in (_KNOWN, _MAIL, _NUMBERS, _ADDRESS):
        text = pattern.sub(REDACTED, text)
    text = _HOME.sub("~", text)
    text = _WORD.sub(lambda match: REDACTED if is_random(match[0]) else match[0], text)
    return text.strip()[:limit]


def cut_credentials(url: str) -> str:
    """Return a URL without user, password, query and fragment: those carry keys and signatures."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return REDACTED
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def is_secret_name(name: str) -> bool:
    """Tell whether a name says that its value is a secret."""
    return _SECRET_NAME.search(name) is not None


def is_random(word: str) -> bool:
    """Tell whether a word is long and irregular enough to be a key.

    Names of classes are not: their capitals begin words of several letters. Nor are paths, unless
    they change case all the time.
    """
    letters = sum(map(str.isalpha, word))
    if len(word) < _SHORTEST_KEY or not letters:
        return False
    bits = -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values())
    if bits < _MANY_BITS:
        return False
    if len(_CASE_CHANGE.findall(word)) > letters / _LETTERS_PER_CHANGE:
        return True
    return "/" not in word and any(map(str.isdigit, word))
