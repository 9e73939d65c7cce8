"""How a rule changed: tighter, looser, or nobody can say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

TIGHTENED: Final = "RULE_TIGHTENED"
LOOSENED: Final = "RULE_LOOSENED"
CHANGED: Final = "RULE_CHANGED"

_SHOWN = 120
_BEFORE = 40


class Change(NamedTuple):
    """A change of one rule, or of a few that say one thing together.

    Attributes:
        rule_id: `RULE_TIGHTENED`, `RULE_LOOSENED` or `RULE_CHANGED`.
        message: Which rule, what it was and what it is.
    """

    rule_id: str
    message: str


def either(name: str, was: str, now: str, *, refuses: bool, accepts: bool) -> Iterator[Change]:
    """Yield what became of a rule that now `refuses` more, `accepts` more, or both."""
    words = f"{name} was {was}, is {now}"
    if refuses:
        yield Change(TIGHTENED, words)
    if accepts:
        yield Change(LOOSENED, words)


def changed(name: str, was: Any, now: Any) -> Change:
    """Return the change of a rule whose effect nobody can tell; None is no rule."""
    rule_id = LOOSENED if now is None else TIGHTENED if was is None else CHANGED
    before, after = apart(was, now)
    return Change(rule_id, f"{name} was {before}, is {after}")


def apart(was: Any, now: Any) -> tuple[str, str]:
    """Return two values as a message shows them; of long texts the part where they differ."""
    if isinstance(was, str) and isinstance(now, str) and max(len(was), len(now)) > _SHOWN:
        pairs = enumerate(zip(was, now, strict=False))
        shared = next((n for n, (one, other) in pairs if one != other), min(len(was), len(now)))
        if start := max(shared - _BEFORE, 0):
            return f"...{text(was[start:])}", f"...{text(now[start:])}"
    return text(was), text(now)


def text(value: Any) -> str:
    """Return a value as a message shows it, cut short."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        shown = f"[{', '.join(map(text, value))}]"
    else:
        shown = repr(value) if isinstance(value, str | bytes) else str(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def summary(rules: dict[str, Any], names: tuple[str, ...]) -> str:
    """Return those of some rules that are set, for example "gte 1, lt 10"."""
    found = [f"{name} {text(rules[name])}" for name in names if name in rules]
    return ", ".join(found) or "not set"
