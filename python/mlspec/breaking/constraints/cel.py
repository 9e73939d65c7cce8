"""CEL expressions: whether two are equivalent cannot be decided, so any change counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mlspec.breaking.constraints.change import CHANGED, LOOSENED, TIGHTENED, Change, apart, text

Rules = dict[str, Any]

NAMES = ("cel", "cel_expression")


class Expression(NamedTuple):
    """An expression with the id that violations carry. Its message is for people, and left out."""

    id: str
    source: str


def expressions(rules: Rules) -> Counter[Expression]:
    """Return the expressions of a field or a message; the short form is its own id."""
    found = Counter(
        Expression(each.get("id", ""), each.get("expression", "")) for each in rules.get("cel", ())
    )
    found.update(Expression(each, each) for each in rules.get("cel_expression", ()))
    return found


def compare_cel(
    prefix: str, old: Rules, new: Rules, harmless: Callable[[str], bool] = lambda _source: False
) -> Iterator[Change]:
    """Yield expressions that were added (tighter), removed (looser) or changed (undecided).

    An added one is passed over if `harmless` says that nothing old can break it.
    """
    was, now = expressions(old), expressions(new)
    gone, come = sorted((was - now).elements()), sorted((now - was).elements())
    for same in ("id", "source"):
        for before in list(gone):
            after = next((c for c in come if getattr(c, same) == getattr(before, same)), None)
            if after is not None:
                gone.remove(before)
                come.remove(after)
                yield _changed(f"{prefix}cel", before, after)
    for before in gone:
        yield Change(LOOSENED, f"{prefix}cel {_words(before)} was removed")
    for after in come:
        if harmless(after.source):
            continue
        yield Change(TIGHTENED, f"{prefix}cel {_words(after)} was added")


def _changed(name: str, old: Expression, new: Expression) -> Change:
    was, now = apart(old.source, new.source)
    return Change(CHANGED, f"{name} was {_named(old, was)}, is {_named(new, now)}")


def _named(expression: Expression, shown: str) -> str:
    return shown if expression.id in ("", expression.source) else f"{expression.id} {shown}"


def _words(expression: Expression) -> str:
    return _named(expression, text(expression.source))
