"""The rules of a message and of a oneof: about several fields at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any, Final, NamedTuple

from mlspec.breaking.constraints.cel import NAMES, compare_cel
from mlspec.breaking.constraints.change import LOOSENED, TIGHTENED, Change, changed, either

Rules = dict[str, Any]

NEWLY_REQUIRED: Final = "FIELD_NEWLY_REQUIRED"


class Group(NamedTuple):
    """Fields of which at most one may be set, or exactly one if `required`."""

    fields: frozenset[str]
    required: bool

    @property
    def words(self) -> str:
        """The group as a sentence says it."""
        count = "exactly one" if self.required else "at most one"
        return f"{count} of {', '.join(sorted(self.fields))}"


def groups(rules: Rules) -> list[Group]:
    """Return the groups that the rules of a message make."""
    return [
        Group(frozenset(each.get("fields", ())), bool(each.get("required")))
        for each in rules.get("oneof", ())
    ]


def grouped(rules: Rules) -> frozenset[str]:
    """Return the names of all fields that are in a group."""
    return frozenset().union(*(group.fields for group in groups(rules)))


def compare_message(
    old: Rules,
    new: Rules,
    fresh: Collection[str],
    harmless: Callable[[str], bool] = lambda _source: False,
) -> Iterator[Change]:
    """Yield what became of the rules of a message; `fresh` names the fields that are new.

    An added expression is passed over if `harmless` says that no old message can break it.
    """
    yield from compare_cel("", old, new, harmless)
    yield from _compare_groups(old, new, frozenset(fresh))
    for name in sorted((old.keys() | new.keys()) - {*NAMES, "oneof"}):
        if old.get(name) != new.get(name):
            yield changed(name, old.get(name), new.get(name))


def compare_oneof(old: Rules, new: Rules) -> Iterator[Change]:
    """Yield whether one field of a oneof must be set, and need not before."""
    was, now = bool(old.get("required")), bool(new.get("required"))
    if was != now:
        words = ("optional", "required")
        yield from either("oneof", words[was], words[now], refuses=now, accepts=was)
    for name in sorted((old.keys() | new.keys()) - {"required"}):
        if old.get(name) != new.get(name):
            yield changed(name, old.get(name), new.get(name))


def _compare_groups(old: Rules, new: Rules, fresh: frozenset[str]) -> Iterator[Change]:
    gone, come = groups(old), groups(new)
    for before in list(gone):
        after = max(come, key=lambda group: _likeness(before, group), default=None)
        if after is not None and before.fields & after.fields:
            gone.remove(before)
            come.remove(after)
            yield from _compare(before, after, fresh)
    for before in gone:
        yield Change(LOOSENED, f"{before.words} was a rule, and no longer is")
    for after in come:
        known = after.fields - fresh
        if not known and after.required:
            yield Change(NEWLY_REQUIRED, f"{after.words} is a rule, and all of them are new")
        elif after.required or len(known) > 1:
            yield Change(TIGHTENED, f"{after.words} is a rule, and was none")


def _likeness(one: Group, other: Group) -> tuple[float, bool]:
    shared = len(one.fields & other.fields)
    return shared / max(len(one.fields | other.fields), 1), one.required == other.required


def _compare(old: Group, new: Group, fresh: frozenset[str]) -> Iterator[Change]:
    # A writer that does not know a field cannot set it, as with a new field of a oneof.
    added = bool(new.fields - old.fields - fresh)
    removed = bool(old.fields - new.fields)
    refuses = added or (removed and new.required) or (new.required and not old.required)
    accepts = removed or (added and old.required) or (old.required and not new.required)
    yield from either("rule", old.words, new.words, refuses=refuses, accepts=accepts)
