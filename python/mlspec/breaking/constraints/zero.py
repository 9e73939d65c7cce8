"""Whether a field that nobody set passes its rules: an old writer sets no new field."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any, Final

from mlspec.breaking.constraints import cel, numbers, texts

Rules = dict[str, Any]

_TEXT: Final[dict[str, str | bytes]] = {"string": "", "bytes": b""}
# Formats that nothing at all is an example of; of other formats (`uri_ref`) it can be.
_EMPTY_IS_ONE: Final = ("uri_ref", "well_known_regex 2")
_KNOWN: Final = ("ignore", "required", "example", *cel.NAMES)


def zero_passes(rules: Rules) -> bool | None:
    """Tell whether zero, an empty string or an empty list passes; None: cannot be decided."""
    verdicts = list(_verdicts(rules))
    if False in verdicts:
        return False
    return None if None in verdicts else True


def _verdicts(rules: Rules) -> Iterator[bool | None]:
    if cel.expressions(rules):
        yield None
    for kind, inner in rules.items():
        if kind in _KNOWN:
            continue
        if any(name.startswith("[") or name == "unread" for name in inner):
            yield None
        if kind in numbers.KINDS:
            yield 0 in numbers.domain(kind, inner)
        elif kind in _TEXT:
            yield from _text(_TEXT[kind], inner)
        elif kind in ("repeated", "map"):
            yield not (inner.get("min_items") or inner.get("min_pairs"))


def _text(empty: str | bytes, rules: Rules) -> Iterator[bool | None]:
    for names in (("len", "min_len", "max_len"), ("len_bytes", "min_bytes", "max_bytes")):
        yield 0 in numbers.lengths(rules, *names)
    yield texts.choice(rules).holds(empty)
    yield not any(rules.get(part) for part in ("prefix", "suffix", "contains"))
    yield rules.get("not_contains") != ""
    if asked := texts.format_of(rules):
        yield asked in _EMPTY_IS_ONE
    if "pattern" in rules:
        yield _matches_nothing(rules["pattern"])


def _matches_nothing(pattern: str) -> bool | None:
    """Tell whether a pattern matches the empty string; None if Python cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.search(pattern, "") is not None
    except (re.error, Warning, RecursionError, OverflowError):
        return None
