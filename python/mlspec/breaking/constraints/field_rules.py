"""The rules of a field, and of the items, keys and values inside of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from mlspec.breaking.constraints import cel, numbers, texts
from mlspec.breaking.constraints.change import Change, changed, either, text
from mlspec.breaking.constraints.zero import zero_passes

Rules = dict[str, Any]

ALWAYS: Final = 3
"""`IGNORE_ALWAYS`: no rule binds."""

_IGNORE: Final = {0: "IGNORE_UNSPECIFIED", 1: "IGNORE_IF_ZERO_VALUE", ALWAYS: "IGNORE_ALWAYS"}
_ABOUT: Final = ("ignore", "required", "example", *cel.NAMES)
_TEXT_LENGTHS: Final = (("len", "min_len", "max_len"), ("len_bytes", "min_bytes", "max_bytes"))
_TEXT: Final = (*texts.CHOICE, *texts.FORMATS, *sum(_TEXT_LENGTHS, ()), "strict", "pattern",
    "prefix", "suffix", "contains", "not_contains")  # fmt: skip


def effective(rules: Rules, *, grouped: bool = False) -> Rules:
    """Return rules as they bind: none if always ignored.

    A field that a message rule puts in a group (`grouped`) is not judged while it is zero, unless
    it says otherwise itself.
    """
    if rules.get("ignore") == ALWAYS:
        return {"ignore": ALWAYS}
    return {"ignore": 1, **rules} if grouped else rules


def compare_field(
    old: Rules, new: Rules, *, presence: bool, prefix: str = "", element: bool = False
) -> Iterator[Change]:
    """Yield what became of the rules of a field.

    Args:
        old: The rules before, as `effective` gives them.
        new: The rules after.
        presence: Whether the field tells unset from zero. Rules then bind only what is set.
        prefix: What stands before the names of the rules.
        element: Whether they are rules of an item, a key or a value, which is always there.
    """
    if (old.get("ignore") == ALWAYS) != (new.get("ignore") == ALWAYS):
        stops = new.get("ignore") == ALWAYS
        names = (_IGNORE.get(each.get("ignore", 0), "other") for each in (old, new))
        yield from either(f"{prefix}ignore", *names, refuses=not stops, accepts=stops)
        return
    if not element:
        yield from _flag(f"{prefix}required", old.get("required"), new.get("required"))
    if not presence:
        yield from _ignore(prefix, old, new)
    yield from cel.compare_cel(prefix, old, new)
    yield from _numbers(prefix, old, new)
    for kind, compare in _KINDS.items():
        if old.get(kind) != new.get(kind):
            yield from compare(prefix + kind, old.get(kind, {}), new.get(kind, {}))
    yield from _others(prefix, old, new, (*_ABOUT, *numbers.KINDS, *_KINDS))


def _ignore(prefix: str, old: Rules, new: Rules) -> Iterator[Change]:
    """A zero value that is no longer judged, or is again; nothing if it passes anyway."""
    was, now = (bool(rules.get("ignore")) for rules in (old, new))
    rules = new if was else old
    if was != now and zero_passes(rules) is not True:
        names = (_IGNORE.get(each.get("ignore", 0), "other") for each in (old, new))
        yield from either(f"{prefix}ignore", *names, refuses=was, accepts=now)


def _flag(name: str, was: Any, now: Any) -> Iterator[Change]:
    """A rule that is there or not."""
    if bool(was) != bool(now):
        words = (text(bool(was)), text(bool(now)))
        yield from either(name, *words, refuses=bool(now), accepts=bool(was))


def _others(prefix: str, old: Rules, new: Rules, known: tuple[str, ...]) -> Iterator[Change]:
    """Rules that no function here knows: predefined ones, and those of a newer schema."""
    for name in sorted((old.keys() | new.keys()) - set(known)):
        if old.get(name) != new.get(name):
            yield changed(prefix + name, old.get(name), new.get(name))


def _numbers(prefix: str, old: Rules, new: Rules) -> Iterator[Change]:
    was, now = ([kind for kind in numbers.KINDS if kind in rules] for rules in (old, new))
    if len(was) == len(now) == 1 and was != now:
        # The type of the field has changed, which is told elsewhere: only its bounds count here.
        kind = "wide" if {*was, *now} <= numbers.WHOLE.keys() else "double"
        yield from _number(f"{prefix}{now[0]}", kind, old[was[0]], new[now[0]])
        return
    for kind in dict.fromkeys(was + now):
        if old.get(kind) != new.get(kind):
            yield from _number(prefix + kind, kind, old.get(kind, {}), new.get(kind, {}))


def _number(name: str, kind: str, old: Rules, new: Rules) -> Iterator[Change]:
    yield from numbers.compare_numbers(name, kind, old, new)
    for flag in ("defined_only", "lt_now", "gt_now"):
        yield from _flag(f"{name}.{flag}", old.get(flag), new.get(flag))
    was, now = old.get("within"), new.get("within")
    if was != now:
        refuses = now is not None and (was is None or now < was)
        yield from either(
            f"{name}.within", text(was), text(now), refuses=refuses, accepts=not refuses
        )
    known = (*numbers.NAMES, "defined_only", "lt_now", "gt_now", "within", "example")
    yield from _others(f"{name}.", old, new, known)


def _string(name: str, old: Rules, new: Rules) -> Iterator[Change]:
    for names in _TEXT_LENGTHS:
        yield from numbers.compare_lengths(name, old, new, *names)
    yield from texts.compare_choice(name, old, new)
    yield from texts.compare_parts(name, old, new)
    yield from texts.compare_pattern(name, old, new)
    yield from texts.compare_format(name, old, new)
    yield from _others(f"{name}.", old, new, (*_TEXT, "example"))


def _any(name: str, old: Rules, new: Rules) -> Iterator[Change]:
    yield from texts.compare_choice(name, old, new)
    yield from _others(f"{name}.", old, new, (*texts.CHOICE, "example"))


def _field_mask(name: str, old: Rules, new: Rules) -> Iterator[Change]:
    was, now = old.get("const"), new.get("const")
    if was != now:
        yield from either(
            f"{name}.const", text(was), text(now), refuses=now is not None, accepts=was is not None
        )
    listed = [{k: v for k, v in rules.items() if k != "const"} for rules in (old, new)]
    yield from _any(name, *listed)


def _repeated(name: str, old: Rules, new: Rules) -> Iterator[Change]:
    yield from numbers.compare_lengths(name, old, new, "", "min_items", "max_items")
    yield from _flag(f"{name}.unique", old.get("unique"), new.get("unique"))
    yield from _inner(name, "items", old, new)
    yield from _others(f"{name}.", old, new, ("min_items", "max_items", "unique", "items"))


def _map(name: str, old: Rules, new: Rules) -> Iterator[Change]:
    yield from numbers.compare_lengths(name, old, new, "", "min_pairs", "max_pairs")
    yield from _inner(name, "keys", old, new)
    yield from _inner(name, "values", old, new)
    yield from _others(f"{name}.", old, new, ("min_pairs", "max_pairs", "keys", "values"))


def _inner(name: str, part: str, old: Rules, new: Rules) -> Iterator[Change]:
    was, now = (effective(rules.get(part, {})) for rules in (old, new))
    yield from compare_field(was, now, presence=False, prefix=f"{name}.{part}.", element=True)


_KINDS: Final[dict[str, Callable[[str, Rules, Rules], Iterator[Change]]]] = {
    "string": _string,
    "bytes": _string,
    "any": _any,
    "field_mask": _field_mask,
    "repeated": _repeated,
    "map": _map,
}
