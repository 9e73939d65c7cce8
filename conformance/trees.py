"""JSON trees, compared."""

import json
import math
from collections.abc import Iterable
from typing import Any


def read(text: str | bytes) -> Any:
    """Parse JSON; `-0`, which is a number without a point, stays negative."""
    return json.loads(text, parse_int=lambda digits: -0.0 if digits == "-0" else int(digits))


def difference(wanted: Any, got: Any, path: str = "$") -> str:
    """Say where two JSON trees differ first. Empty: they are the same.

    Numbers are compared as doubles (1.0 is 1), and -0 is not 0.
    """
    pairs: Iterable[tuple[Any, Any, str]]
    if isinstance(wanted, dict) and isinstance(got, dict):
        if odd := sorted(wanted.keys() ^ got.keys()):
            return f"at {path}: {'lacks' if odd[0] in wanted else 'has'} {odd[0]!r}"
        pairs = ((wanted[key], got[key], f"{path}.{key}") for key in wanted)
    elif isinstance(wanted, list) and isinstance(got, list):
        if len(wanted) != len(got):
            return f"at {path}: must have {len(wanted)} items (got {len(got)})"
        pairs = ((a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(wanted, got, strict=True)))
    else:
        return "" if _same(wanted, got) else f"at {path}: must be {wanted!r} (got {got!r})"[:200]
    return next((found for pair in pairs if (found := difference(*pair))), "")


def _same(wanted: Any, got: Any) -> bool:
    if not (_is_number(wanted) and _is_number(got)):
        return type(wanted) is type(got) and bool(wanted == got)
    one, other = float(wanted), float(got)
    return one == other and math.copysign(1, one) == math.copysign(1, other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
