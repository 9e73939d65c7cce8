"""What was deleted from its file, and where it has gone."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from mlspec.breaking.report import Place, place

if TYPE_CHECKING:
    from mlspec.breaking.report import Report
    from mlspec.breaking.tree import Element, Tree

Elements = Mapping[str, "Element[Any]"]


def check(report: Report, old: Tree, new: Tree) -> None:
    """Tell which messages, enums, services and extensions left their files, and for where."""
    before, after = (
        {each.full_name: each for each in tree.extensions.values()} for tree in (old, new)
    )
    lost = _check(report, "MESSAGE", new, old.messages, new.messages, frozenset())
    _check(report, "ENUM", new, old.enums, new.enums, lost)
    _check(report, "SERVICE", new, old.services, new.services, lost)
    _check(report, "EXTENSION", new, before, after, lost)


def _check(
    report: Report, kind: str, new: Tree, before: Elements, after: Elements, outer: frozenset[str]
) -> frozenset[str]:
    """Tell of one kind of element; return the names of those that left their files."""
    there = {(each.file.name, each.name) for each in after.values()}
    gone = [each for each in before.values() if (each.file.name, each.name) not in there]
    lost = outer | {each.full_name for each in gone}
    fresh = [each for full_name, each in after.items() if full_name not in before]
    elsewhere = _same_elsewhere(gone, fresh)
    for each in gone:
        if each.file.name in new.files:
            words = f"the {kind.lower()} was deleted from {each.file.name}"
            at = _holder(each, new)
            report.add(f"{kind}_NO_DELETE", each.full_name, words, old=place(each), new=at)
        # What stands inside of a message goes where that goes.
        if each.owner is None or each.owner.full_name not in lost:
            moved = after.get(each.full_name) or elsewhere.get(each.full_name)
            if moved is not None:
                words = f"was in {each.file.name}, is {moved.full_name} in {moved.file.name}"
                report.pair(f"{kind}_MOVED", each, moved, words)
    return lost


def _holder(element: Element[Any], new: Tree) -> Place:
    """Return the innermost message around a lost element that its file still has, or the file."""
    owner = element.owner
    while owner is not None:
        left = new.messages.get(owner.full_name)
        if left is not None and left.file.name == element.file.name:
            return place(left)
        owner = owner.owner
    return new.files[element.file.name], ()


def _same_elsewhere(gone: list[Element[Any]], fresh: list[Element[Any]]) -> dict[str, Element[Any]]:
    """Return what went to another package, by its old full name.

    It has the same name there and part of the content; and of all that could have gone there, and
    of all places it could have gone to, each is the nearest to the other, and the only such one.
    """
    named: dict[str, list[Element[Any]]] = {}
    for new in fresh:
        named.setdefault(new.name, []).append(new)
    pairs = [
        (old, new, _nearness(old, new))
        for old in gone
        for new in named.get(old.name, ())
        if _alike(old, new)
    ]
    scores: dict[int, list[int]] = {}
    for old, new, near in pairs:
        scores.setdefault(id(old), []).append(near)
        scores.setdefault(id(new), []).append(near)
    return {
        old.full_name: new
        for old, new, near in pairs
        if all(max(s) == near and s.count(near) == 1 for s in (scores[id(old)], scores[id(new)]))
    }


def _alike(old: Element[Any], new: Element[Any]) -> bool:
    if old.file.package == new.file.package:
        return False
    return bool(_content(old) & _content(new)) or not _content(old)


def _nearness(old: Element[Any], new: Element[Any]) -> int:
    """Return how many parts two packages have in common, from the left."""
    parts = zip(old.file.package.split("."), new.file.package.split("."), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], parts))


def _content(element: Element[Any]) -> set[tuple[str, int]]:
    proto = element.proto
    for part in ("field", "value", "method"):
        if hasattr(proto, part):
            return {(each.name, getattr(each, "number", 0)) for each in getattr(proto, part)}
    return {(proto.extendee, 0)}
