"""What breaks in validation rules, and in the media types that options name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from mlspec.breaking import media
from mlspec.breaking.constraints import (
    Change,
    Reader,
    Tree,
    compare_field,
    compare_message,
    compare_oneof,
    effective,
    grouped,
    zero_passes,
)
from mlspec.breaking.constraints.reading import FIELD, MESSAGE, ONEOF, PREDEFINED
from mlspec.breaking.features import LEGACY_REQUIRED
from mlspec.breaking.report import place
from mlspec.breaking.tree import fields, has_presence, real_oneofs

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    from mlspec.breaking.guards import Guards
    from mlspec.breaking.report import Place, Report
    from mlspec.breaking.tree import Element, Field, Message


class RuleCheck:
    """Compares the options of elements that are in both images."""

    def __init__(self, report: Report, old: Reader, new: Reader, guards: Guards) -> None:
        self._report = report
        self._old = old
        self._new = new
        self._guards = guards

    def message(self, old: Message, new: Message) -> None:
        """Compare the rules of a message, its oneofs and its fields."""
        was, now = self._read(old.proto.options, new.proto.options)
        before, after = fields(old), fields(new)
        names = {field.proto.name for number, field in after.items() if number not in before}
        rules, ruled = was.get(MESSAGE, {}), now.get(MESSAGE, {})
        harmless = partial(self._guards.harmless, old.full_name, fresh=names)
        found = compare_message(rules, ruled, names, harmless)
        self._tell(old.full_name, found, place(old), place(new))
        self._media(old.full_name, was, now, place(old), place(new))
        self._oneofs(old, new)
        groups = (grouped(rules), grouped(ruled))
        for number, field in after.items():
            if number in before:
                self.field(before[number], field, groups)
            elif not new.proto.options.map_entry:
                self._added(old, field, in_group=field.proto.name in groups[1])

    def field(
        self,
        old: Field,
        new: Field,
        groups: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset()),
    ) -> None:
        """Compare the rules of a field; `groups` name fields that are in a group of the message."""
        member = [each.proto.name in group for each, group in zip((old, new), groups, strict=True)]
        same_options = _data(old.proto.options) == _data(new.proto.options)
        if not same_options or member[0] != member[1]:
            was, now = self._read(old.proto.options, new.proto.options, force=True)
            rules, ruled = (
                effective(options.get(FIELD, {}), grouped=is_member)
                for options, is_member in zip((was, now), member, strict=True)
            )
            found = compare_field(rules, ruled, presence=has_presence(new))
            self._tell(old.full_name, found, place(old), place(new))
            shared = compare_message(was.get(PREDEFINED, {}), now.get(PREDEFINED, {}), ())
            self._tell(old.full_name, shared, place(old), place(new))
            self._media(old.full_name, was, now, place(old), place(new))
        before, after = ({"default": each.proto.default_value} for each in (old, new))
        self._media(old.full_name, before, after, place(old), place(new))

    def options(self, old: Element[Any], new: Element[Any]) -> None:
        """Compare the media types in the options of enums, services and what they hold."""
        for was, now, name, at_old, at_new in _inner(old, new):
            trees = self._read(was.options, now.options)
            self._media(name, *trees, at_old, at_new)

    def file(self, old: FileDescriptorProto, new: FileDescriptorProto) -> None:
        """Compare the media types in the options of a file."""
        was, now = self._read(old.options, new.options)
        self._media(old.name, was, now, (old, ()), (new, ()))

    def _oneofs(self, old: Message, new: Message) -> None:
        before = {name: index for index, name in real_oneofs(old)}
        for index, name in real_oneofs(new):
            at = (new.file, (*new.path, 8, index))
            options = new.proto.oneof_decl[index].options
            if name in before:
                was = old.proto.oneof_decl[before[name]].options
                rules, ruled = (tree.get(ONEOF, {}) for tree in self._read(was, options))
                element = f"{old.full_name}.{name}"
                self._tell(element, compare_oneof(rules, ruled), place(old), at)
            elif _required(self._new, options) and not self._was_required(old, new, index):
                words = "is a required oneof, and the message had none of this name"
                element = f"{new.full_name}.{name}"
                self._report.add("FIELD_NEWLY_REQUIRED", element, words, old=place(old), new=at)

    def _was_required(self, old: Message, new: Message, index: int) -> bool:
        """Tell whether a oneof is a required one of before, with another name."""
        numbers = {
            field.number
            for field in new.proto.field
            if field.HasField("oneof_index") and field.oneof_index == index
        }
        return any(
            _required(self._old, old.proto.oneof_decl[field.oneof_index].options)
            for field in old.proto.field
            if field.number in numbers and field.HasField("oneof_index")
        )

    def _added(self, old: Message, field: Field, *, in_group: bool) -> None:
        """A field that old writers do not set: may it be left out?"""
        rules = effective(self._new.read(field.proto.options).get(FIELD, {}), grouped=in_group)
        words = ""
        rule_id = "FIELD_NEWLY_REQUIRED"
        if rules.get("required") or field.features.presence == LEGACY_REQUIRED:
            words = "is new on an old message, and required"
        elif not has_presence(field) and not rules.get("ignore"):
            verdict = zero_passes(rules)
            if verdict is False:
                words = "is new on an old message, and its rules refuse that it is left out"
            elif verdict is None:
                rule_id = "RULE_CHANGED"
                words = "is new on an old message, and its rules may refuse that it is left out"
        if words:
            at = place(field)
            self._report.add(rule_id, field.full_name, words, old=place(old), new=at)

    def _read(self, old: Any, new: Any, *, force: bool = False) -> tuple[Tree, Tree]:
        """Return the options of both; nothing of either if they are the same."""
        if not force and _data(old) == _data(new):
            return {}, {}
        return self._old.read(old), self._new.read(new)

    def _tell(self, element: str, found: Iterable[Change], old: Place, new: Place) -> None:
        for change in found:
            self._report.add(change.rule_id, element, change.message, old=old, new=new)

    def _media(self, element: str, was: Tree, now: Tree, old: Place, new: Place) -> None:
        for words in media.changes(was, now):
            self._report.add("MEDIA_TYPE_CHANGED", element, words, old=old, new=new)


def _required(reader: Reader, options: Any) -> bool:
    return bool(reader.read(options).get(ONEOF, {}).get("required"))


def _data(options: Any) -> bytes:
    return bytes(options.SerializeToString())


def _inner(old: Element[Any], new: Element[Any]) -> Iterator[tuple[Any, Any, str, Place, Place]]:
    """Yield an element, then its values or methods, each with its earlier self."""
    yield old.proto, new.proto, old.full_name, place(old), place(new)
    part = "value" if hasattr(new.proto, "value") else "method"
    before = {each.name: (index, each) for index, each in enumerate(getattr(old.proto, part))}
    for index, each in enumerate(getattr(new.proto, part)):
        if each.name in before:
            number, was = before[each.name]
            places = [(e.file, (*e.path, 2, i)) for e, i in ((old, number), (new, index))]
            yield was, each, f"{old.full_name}.{each.name}", *places
