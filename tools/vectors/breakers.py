"""For each kind of rule, a value that breaks it."""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tools.vectors.sites import Site
from tools.vectors.wire import Piece, long_list, long_value, repeated

_MISFITS = ("", " ", "!", "é", "..", "/", "http://[", "%zz", "a://b:c@d", "A", "x" * 70)

Edit = Callable[[Any], None]


def _plain(site: Site, field: Any) -> Iterator[Any]:
    """Yield single values that should break the rule; the caller sees which of them does."""
    name, limit = site.limit if isinstance(site.limit, tuple) else ("", None)
    match name:
        case "min_len" | "len" if field.type == field.TYPE_BYTES:
            yield b"a" * (limit - 1)
        case "min_len":
            yield "a" * (limit - 1)
        case "max_len" if field.type == field.TYPE_BYTES:
            yield b"a" * (limit + 1)
        case "max_len" | "max_bytes":
            yield "a" * (limit + 1)
        case "gt" | "lt":
            yield limit
        case "gte":
            yield from (limit - 1, -math.inf, math.nan)
        case "lte":
            yield from (limit + 1, math.inf, math.nan)
        case "finite":
            yield math.inf
        case "in" | "not_in" | "defined_only" | "const" if field.type != field.TYPE_STRING:
            yield from (*limit, 0, 9_999) if name == "not_in" else (0, 1, 2, 9_999)
        case _:
            yield from _MISFITS


def _compound(site: Site, field: Any) -> Iterator[Edit]:
    """Yield edits for messages that rules treat as values: timestamps and durations."""
    name, limit = site.limit
    beyond = limit.seconds - 1 if name in ("gte", "gt") else limit.seconds + 1

    def edit(message: Any) -> None:
        value = getattr(message, field.name)
        value.seconds, value.nanos = beyond, 0

    yield edit


def edits(site: Site, field: Any) -> Iterator[Edit]:
    """Yield edits of a message that should break the rule of `site` at `field`."""
    name = site.limit[0] if isinstance(site.limit, tuple) else ""
    if site.rule == "required" or name == "min_items":
        yield lambda message: message.ClearField(field.name)
    elif name == "unique":
        yield lambda message: _append(message, field, getattr(message, field.name)[0])
    elif field.message_type is not None:
        if name and not site.in_items:
            yield from _compound(site, field)
    else:
        for value in _plain(site, field):
            yield partial(_put, field=field, value=value)


def _append(message: Any, field: Any, value: Any) -> None:
    getattr(message, field.name).append(value)


def _put(message: Any, field: Any, value: Any) -> None:
    if repeated(field):
        message.ClearField(field.name)
        _append(message, field, value)
    else:
        setattr(message, field.name, value)


def oversized(site: Site, message: Any, field: Any) -> list[Piece] | None:
    """Return the encoding, in pieces, of a message whose `field` is too large; None if small.

    Args:
        site: A site whose rule bounds a size from above.
        message: A valid message, with an element in `field` if it is repeated.
        field: The field's descriptor.
    """
    name, limit = site.limit if isinstance(site.limit, tuple) else ("", None)
    if name not in ("max_len", "max_bytes", "max_items") or (limit < 16 and name != "max_items"):
        return None
    rest = type(message)()
    rest.CopyFrom(message)
    rest.ClearField(field.name)
    if name == "max_items":
        one = type(message)()
        _append_first(one, message, field)
        value = long_list(field, one.SerializeToString(deterministic=True), limit + 1)
    else:
        value = long_value(field, limit + 1)
    return [Piece(rest.SerializeToString(deterministic=True)), *value]


def _append_first(target: Any, source: Any, field: Any) -> None:
    value = getattr(source, field.name)[0]
    if field.message_type is not None:
        getattr(target, field.name).add().CopyFrom(value)
    else:
        getattr(target, field.name).append(value)
