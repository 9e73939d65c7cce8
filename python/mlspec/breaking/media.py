"""Media types that options name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

_TOP: Final = "application|audio|example|font|haptics|image|message|model|multipart|text|video"
_MEDIA_TYPE: Final = re.compile(
    rf"(?:{_TOP})/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*(?:\s*;\s*[\w!#$&^.+-]+=[^;]+)*", re.ASCII
)


def media_types(value: Any) -> frozenset[str]:
    """Return the media types in a text, or in a list of texts."""
    found = value if isinstance(value, tuple) else (value,)
    return frozenset(each for each in found if isinstance(each, str) and _is_one(each))


def changes(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield where a media type of `old` has given way to another one in `new`, in words."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in old.keys() & new.keys():
            yield from changes(old[name], new[name], f"{path}.{name}" if path else name)
        return
    was, now = media_types(old), media_types(new)
    gone, come = sorted(was - now), sorted(now - was)
    if gone and come:
        yield f"{path} was {', '.join(gone)}, is {', '.join(come)}"


def _is_one(text: str) -> bool:
    return len(text) <= 255 and _MEDIA_TYPE.fullmatch(text) is not None
