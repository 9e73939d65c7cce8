"""Names of files that mean the same on every system, and one thing each.

Systems differ about separators, control characters, case and Unicode form: a folder that uses what
they differ about is another folder elsewhere, so that no manifest could bind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from mlspec.errors import InputError

MAX_PATH: Final = 4096
"""The longest path within a folder that is looked for, in characters."""

_NO_TEXT: Final = "must have a name in UTF-8"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


class Siblings:
    """The names of one folder, each in one spelling."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def add(self, name: str, path: str) -> None:
        """Take in the name at `path`. Raises InputError if it is there in other letters."""
        twin = self._names.setdefault(_folded(name), name)
        if twin != name:
            raise _twins(path, twin)


def check_twins(paths: Iterable[str]) -> None:
    """Raise InputError if two of the paths, or folders on their way, are one in other letters."""
    # With the separator lowest, all that lies in one folder stands together.
    ordered = sorted((_folded(path).replace("/", "\0"), path) for path in paths)
    for (folded, first), (other, second) in pairwise(ordered):
        parts = zip(first.split("/"), second.split("/"), strict=False)
        same = zip(folded.split("\0"), other.split("\0"), parts, strict=False)
        for one, two, (name, twin) in same:
            if one != two:
                break
            if name != twin:
                raise _twins(second, name)


def check_name(name: str, path: str) -> None:
    """Raise InputError if the name of a file, at `path`, would not mean the same everywhere."""
    words = _fault(name)
    if words is not None:
        raise _bad(path, words)


def check_text(name: str) -> None:
    """Raise InputError if a name is no text: names of files may be any bytes."""
    if not name.isascii() and _SURROGATE.search(name):
        raise _bad(name, _NO_TEXT)


def check_path(path: str) -> list[str]:
    """Return the parts of a path that a stranger gave, if it stays within its folder.

    Raises InputError for what is absolute, or has an empty part, `.`, `..`, a backslash, a
    control character or more than 4096 characters.
    """
    if len(path) > MAX_PATH:
        raise _bad(path[:80], f"must be at most {MAX_PATH} characters (got {len(path)})")
    parts = path.split("/")
    for part in parts:
        if part in ("", ".", ".."):
            raise _bad(path, "must stay within its folder, without empty parts, '.' and '..'")
        check_name(part, path)
    return parts


def _fault(name: str) -> str | None:
    # Before the others: what is no text cannot be looked at as text.
    if not name.isascii() and _SURROGATE.search(name):
        return _NO_TEXT
    if "\\" in name:
        return "must have no backslash in its name"
    if _CONTROL.search(name):
        return "must have no control character in its name"
    return None


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


def _twins(path: str, twin: str) -> InputError:
    return _bad(path, f"must differ from {twin!r} in more than case or Unicode form")


def _bad(path: str, words: str) -> InputError:
    shown = path.encode("utf-8", "replace").decode()
    return InputError(words, error_id="digest.name", path=repr(shown), remedy="Rename the file.")
