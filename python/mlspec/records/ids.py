"""Ids of records, runs and objects: UUID version 7 (RFC 9562), which sort by time."""

from __future__ import annotations

import os
import re
import threading
import time
from datetime import UTC, datetime
from typing import Final

from mlspec.errors import InputError

_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_VERSION: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62
_RANDOM: Final = (1 << 62) - 1


class _Clock:
    """A clock of 1/4096 millisecond that never shows one moment twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def tick(self) -> int:
        milliseconds, rest = divmod(time.time_ns(), 1_000_000)
        now = milliseconds << 12 | rest * 4096 // 1_000_000
        with self._lock:
            self._last = max(now, self._last + 1)
            return self._last


_CLOCK: Final = _Clock()


def new_id() -> str:
    """Return a new UUID version 7 in lower case, greater than every other made in this process.

    The bits after the milliseconds are a finer clock (RFC 9562, section 6.2, method 3), the other
    62 are random.
    """
    tick = _CLOCK.tick()
    random = int.from_bytes(os.urandom(8), "big") & _RANDOM
    text = f"{(tick >> 12) << 80 | _VERSION | (tick & 0xFFF) << 64 | _VARIANT | random:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Tell whether `text` is a UUID version 7 in lower case with its hyphens."""
    return _ID.match(text) is not None


def id_time(text: str) -> datetime:
    """Return when the id was made, to the millisecond, by its maker's clock. Raises InputError."""
    if not is_id(text):
        raise InputError(f"must be a UUID version 7 (got {text[:64]!r})", error_id="record.id")
    milliseconds = int(text[:8] + text[9:13], 16)
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise InputError("must be of a year up to 9999", error_id="record.id") from None
