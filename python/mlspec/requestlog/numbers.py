"""Decimal numbers in the one spelling that log files use."""

from __future__ import annotations

import re
from typing import Final

from mlspec.errors import DecodeError
from mlspec.requestlog.hashing import MAX_SIZE

_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_SHOWN: Final = 24


def parse_decimal(text: str, path: str) -> int:
    """Return the number that `text` spells: ASCII digits, no sign, no leading zeros.

    Raises DecodeError, also for what a signed 64-bit number does not hold.
    """
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise DecodeError(
            f"must be a decimal number of 0 to {MAX_SIZE} without leading zeros "
            f"(got {text[:_SHOWN]!r})",
            error_id="log.number",
            path=path,
        )
    return int(text)
