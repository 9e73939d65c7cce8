"""What breaks in a message: its fields, its oneofs, what it reserves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from mlspec.breaking import of_fields, ranges
from mlspec.breaking.features import ALLOW
from mlspec.breaking.of_enums import no_longer_reserved, reuse
from mlspec.breaking.report import place
from mlspec.breaking.tree import fields, real_oneofs

if TYPE_CHECKING:
    from mlspec.breaking.of_fields import Enums
    from mlspec.breaking.report import Report
    from mlspec.breaking.tree import Field, Message

_REQUIRED = FieldDescriptorProto.LABEL_REQUIRED


def check(report: Report, old: Message, new: Message, enums: Enums) -> None:
    """Compare two versions of a message, rules left out."""
    before, after = fields(old), fields(new)
    for number, field in before.items():
        if number in after:
            of_fields.check(report, field, after[number], enums)
        else:
            words = f"field {number} was deleted"
            report.pair("FIELD_NO_DELETE", old, new, words, field.proto.name)
    _required(report, (old, before), (new, after))
    _fresh(report, (old, before), (new, after))
    _options(report, old, new)
    _numbers(report, old, new)
    left = {name for _, name in real_oneofs(new)}
    for _, name in real_oneofs(old):
        if name not in left:
            report.pair("ONEOF_NO_DELETE", old, new, "the oneof was deleted", name)


def _required(
    report: Report, old: tuple[Message, dict[int, Field]], new: tuple[Message, dict[int, Field]]
) -> None:
    """Proto2's `required`, which both sides must agree on for ever."""
    before, after = (
        {number: each for number, each in found.items() if each.proto.label == _REQUIRED}
        for found in (old[1], new[1])
    )
    for number in sorted(before.keys() ^ after.keys()):
        field = before.get(number) or after[number]
        words = f"field {number} was required, and no longer is"
        at = place(new[0])
        if number in after:
            words, at = f"field {number} is required, and was not", place(field)
        element = f"{old[0].full_name}.{field.proto.name}"
        report.add("MESSAGE_SAME_REQUIRED_FIELDS", element, words, old=place(old[0]), new=at)


def _fresh(
    report: Report, old: tuple[Message, dict[int, Field]], new: tuple[Message, dict[int, Field]]
) -> None:
    """Names that have got other numbers, and what was reserved and is in use again."""
    numbers = {field.proto.name: number for number, field in old[1].items()}
    kept = reserved(old[0].proto)
    for number, field in new[1].items():
        was = numbers.get(field.proto.name, number)
        if was != number:
            report.pair("FIELD_RENUMBERED", old[1][was], field, f"was field {was}, is {number}")
        if words := reuse(field.proto.name, number, old[0].proto.reserved_name, kept):
            report.add(
                "RESERVED_REUSED", field.full_name, words, old=place(old[0]), new=place(field)
            )


def _options(report: Report, old: Message, new: Message) -> None:
    if old.features.json == ALLOW != new.features.json:
        report.pair("MESSAGE_SAME_JSON_FORMAT", old, new, "JSON was sure, is best effort")
    was, now = old.proto.options, new.proto.options
    if now.no_standard_descriptor_accessor and not was.no_standard_descriptor_accessor:
        words = "has lost the standard accessor of its descriptor"
        report.pair("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", old, new, words)
    if was.message_set_wire_format != now.message_set_wire_format:
        words = "was a MessageSet, and no longer is"
        if now.message_set_wire_format:
            words = "is a MessageSet, and was none"
        report.pair("MESSAGE_SET_CHANGED", old, new, words)


def reserved(proto: DescriptorProto) -> list[ranges.Range]:
    """Return the numbers that a message reserves."""
    return [(each.start, each.end - 1) for each in proto.reserved_range]


def _numbers(report: Report, old: Message, new: Message) -> None:
    lost = ranges.missing(reserved(old.proto), reserved(new.proto))
    names = sorted(set(old.proto.reserved_name) - set(new.proto.reserved_name))
    if words := no_longer_reserved(lost, names):
        report.pair("RESERVED_MESSAGE_NO_DELETE", old, new, words)
    before, after = (
        [(each.start, each.end - 1) for each in message.proto.extension_range]
        for message in (old, new)
    )
    if gone := ranges.missing(before, after):
        words = f"{ranges.words(gone)} was left to extensions, and no longer is"
        report.pair("EXTENSION_MESSAGE_NO_DELETE", old, new, words)
