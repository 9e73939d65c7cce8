"""Expressions that no old message can break, because they speak only of what is new.

Two beginnings make an added expression harmless: `!has(this.field) ||`, with a field that the old
message lacks, and `this.path.to.field != number ||`, with a value that the old enum lacks. What
follows them may be anything, as long as the whole is true where the beginning is: an `||` at the
top, or a condition whose first branch passes (`true`, or the empty text).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mlspec.breaking.tree import named

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

_ABSENT: Final = re.compile(r"\s*!has\(this\.(\w+)\)\s*\|\|")
_OTHER_VALUE: Final = re.compile(r"\s*this\.(\w+(?:\.\w+)*)\s*!=\s*(\d+)\s*\|\|")
# Texts, whose content is no syntax, and the marks that are.
_MARK: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[()\[\]{}?:]")
_PASSES: Final = ("''", '""', "true")


class Guards:
    """Tells which added expressions are harmless, for two images.

    The images are looked through only when an expression names the value of an enum.
    """

    def __init__(self, old: FileDescriptorSet, new: FileDescriptorSet) -> None:
        self._images = (old, new)

    def harmless(self, message: str, source: str, fresh: Collection[str]) -> bool:
        """Tell whether every old `message` keeps `source`; `fresh` names its new fields."""
        absent, other = _ABSENT.match(source), _OTHER_VALUE.match(source)
        if absent:
            guarded, rest = absent[1] in fresh, source[absent.end() :]
        elif other:
            guarded = self._is_new_value(message, other[1].split("."), int(other[2]))
            rest = source[other.end() :]
        else:
            return False
        return guarded and _true_if_begun(rest)

    def _is_new_value(self, message: str, path: list[str], number: int) -> bool:
        enums = [_enum_at(index, message, path) for index in self._indexes]
        known = [{value.number for value in enum.value} if enum else set() for enum in enums]
        return bool(known[0]) and number not in known[0] and number in known[1]

    @cached_property
    def _indexes(self) -> tuple[dict[str, Any], ...]:
        return tuple({f".{name}": each for name, each in named(i)} for i in self._images)


def _true_if_begun(rest: str) -> bool:
    """Tell whether `begin || rest` passes where `begin` is true."""
    depth = 0
    question = None
    for mark in _MARK.finditer(rest):
        if mark[0] in "([{":
            depth += 1
        elif mark[0] in ")]}":
            depth -= 1
        elif depth == 0 and mark[0] == "?":
            question = question or mark
        elif depth == 0 and mark[0] == ":" and question:
            return rest[question.end() : mark.start()].strip() in _PASSES
    return question is None


def _enum_at(index: dict[str, Any], message: str, path: list[str]) -> Any:
    """Follow field names from a message to an enum. None: they lead to none."""
    here = index.get(f".{message}")
    for name in path:
        field = next((f for f in getattr(here, "field", ()) if f.name == name), None)
        here = index.get(field.type_name) if field is not None else None
    return here if hasattr(here, "value") else None
