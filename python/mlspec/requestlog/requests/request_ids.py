"""Ids of requests: 128 random bits, so that nobody can guess another client's."""

from __future__ import annotations

import os
from collections import deque
from typing import Final

_SIZE: Final = 16
_AT_ONCE: Final = 256

_POOL: Final[deque[str]] = deque()


def new_request_id() -> str:
    """Return a new id, 32 hexadecimal digits.

    Randomness is fetched for many at a time: one call of the system costs more than all else that
    beginning a request does. Threads can share the pool, and no id is given out twice.
    """
    while True:
        try:
            return _POOL.popleft()
        except IndexError:
            digits = os.urandom(_SIZE * _AT_ONCE).hex()
            ends = range(0, len(digits), 2 * _SIZE)
            _POOL.extend(digits[at : at + 2 * _SIZE] for at in ends)


# A child that went on with its parent's pool would give out the same ids.
os.register_at_fork(after_in_child=_POOL.clear)
