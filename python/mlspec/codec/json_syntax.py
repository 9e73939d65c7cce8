"""JSON text (RFC 8259) to plain data, without the freedoms that parsers take.

Readers differ about duplicate keys, NaN, byte-order marks, lone surrogates and what follows the
value, so that one text could mean two things: here each of them is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, Never

from mlspec.codec.formats import DEFAULT_LIMITS, Limits, check_size
from mlspec.errors import DecodeError, LimitError

_MAX_DIGITS = 400
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the one JSON value that `data` holds, as dicts, lists, strings, numbers and so on.

    Raises LimitError, and DecodeError with "line L, column C" as its path where that is known.
    """
    check_size(data, limits)
    text = decode_utf8(data)
    try:
        value = json.loads(
            text,
            object_pairs_hook=unique_pairs,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_short,
        )
    except json.JSONDecodeError as error:
        raise DecodeError(
            f"must be JSON ({error.msg})",
            error_id="json.syntax",
            path=f"line {error.lineno}, column {error.colno}",
        ) from None
    except RecursionError:
        raise _too_deep("", limits) from None
    check_data(value, limits.max_depth)
    return value


def decode_utf8(data: bytes) -> str:
    """Return `data` as text. Raises DecodeError on bad UTF-8 and on a byte-order mark."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DecodeError(
            "must be UTF-8", error_id="decode.utf8", path=f"byte {error.start}"
        ) from None
    if text.startswith("\ufeff"):
        raise DecodeError(
            "must not start with a byte-order mark",
            error_id="decode.byte_order_mark",
            remedy="Save the file as UTF-8 without a byte-order mark.",
        )
    return text


def unique_pairs(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dict of `pairs`. Raises DecodeError if a key comes twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise DecodeError(
                f"must have each key once (got {key[:64]!r} again)", error_id="json.duplicate_key"
            )
        found[key] = value
    return found


def check_data(value: Any, max_depth: int) -> None:
    """Refuse data nested deeper than `max_depth`, and text that is not Unicode scalar values."""
    _check(value, "", max_depth)


def _check(value: Any, path: str, left: int) -> None:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise DecodeError(
                "must not hold a lone surrogate", error_id="json.surrogate", path=path
            )
    elif isinstance(value, dict | list):
        if left <= 0:
            raise LimitError("must not nest so deep", error_id="limit.depth", path=path)
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if isinstance(key, str):
                _check(key, path, left)
            _check(item, _below(path, key), left - 1)


def _below(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key[:64]}" if path else key[:64]


def _too_deep(path: str, limits: Limits) -> LimitError:
    return LimitError(
        f"must nest at most {limits.max_depth} deep", error_id="limit.depth", path=path
    )


def _refuse_constant(name: str) -> Never:
    raise DecodeError(f"must be JSON, which has no {name}", error_id="json.constant")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or len(text) > _MAX_DIGITS:
        raise DecodeError(f"must be a number in range (got {text[:40]})", error_id="json.number")
    return number


def _short(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise DecodeError(f"must be a number in range (got {text[:40]}...)", error_id="json.number")
    return int(text)
