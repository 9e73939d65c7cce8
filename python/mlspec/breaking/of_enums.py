"""What breaks in an enum: its values, their names and numbers, what it reserves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlspec.breaking import ranges
from mlspec.breaking.features import ALLOW, CLOSED
from mlspec.breaking.report import place

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import EnumDescriptorProto

    from mlspec.breaking.report import Report
    from mlspec.breaking.tree import Enum


def check(report: Report, old: Enum, new: Enum) -> None:
    """Compare two versions of an enum."""
    was_closed, is_closed = (each.features.enum_type == CLOSED for each in (old, new))
    if was_closed != is_closed:
        words = ("was closed, is open", "was open, is closed")[is_closed]
        report.pair("ENUM_SAME_TYPE", old, new, words)
    if old.features.json == ALLOW != new.features.json:
        report.pair("ENUM_SAME_JSON_FORMAT", old, new, "JSON was sure, is best effort")
    _names(report, old, new)
    _numbers(report, old, new)
    _reserved(report, old, new)


def reserved(proto: EnumDescriptorProto) -> list[ranges.Range]:
    """Return the numbers that an enum reserves."""
    return [(each.start, each.end) for each in proto.reserved_range]


def _names(report: Report, old: Enum, new: Enum) -> None:
    before, after = _by_number(old), _by_number(new)
    for number, names in before.items():
        now = after.get(number)
        if now is None:
            words = f"value {number} was deleted"
            report.pair("ENUM_VALUE_NO_DELETE", old, new, words, names[0])
            continue
        at = (*new.path, 2, next(i for i, v in enumerate(new.proto.value) if v.number == number))
        elsewhere = (new.file, at)
        if not set(names) <= set(now):
            words = f"value {number} was {', '.join(names)}, is {', '.join(now)}"
            rule_id = "ENUM_VALUE_SAME_NAME"
        elif names[0] != now[0]:
            words = f"JSON wrote {number} as {names[0]}, and now writes {now[0]}"
            rule_id = "ENUM_ALIAS_CHANGED"
        else:
            continue
        element = f"{old.full_name}.{names[0]}"
        report.add(rule_id, element, words, old=place(old), new=elsewhere)


def _numbers(report: Report, old: Enum, new: Enum) -> None:
    before = {value.name: value.number for value in old.proto.value}
    for index, value in enumerate(new.proto.value):
        at = (new.file, (*new.path, 2, index))
        element = f"{old.full_name}.{value.name}"
        was = before.get(value.name, value.number)
        if was != value.number:
            words = f"was {was}, is {value.number}"
            report.add("ENUM_VALUE_RENUMBERED", element, words, old=place(old), new=at)
        words = reuse(value.name, value.number, old.proto.reserved_name, reserved(old.proto))
        if words:
            report.add("RESERVED_REUSED", element, words, old=place(old), new=at)


def reuse(name: str, number: int, names: object, numbers: list[ranges.Range]) -> str:
    """Say what of a field or value was reserved; empty if nothing was."""
    found = [str(number)] if ranges.holds(numbers, number) else []
    found += [f'"{name}"'] if name in list(names) else []  # type: ignore[call-overload]
    return f"{' and '.join(found)} was reserved, and is in use again" if found else ""


def _reserved(report: Report, old: Enum, new: Enum) -> None:
    lost = ranges.missing(reserved(old.proto), reserved(new.proto))
    names = sorted(set(old.proto.reserved_name) - set(new.proto.reserved_name))
    if words := no_longer_reserved(lost, names):
        report.pair("RESERVED_ENUM_NO_DELETE", old, new, words)


def no_longer_reserved(lost: list[ranges.Range], names: list[str]) -> str:
    """Say which numbers and names are no longer reserved; empty if all are."""
    parts = ([ranges.words(lost)] if lost else []) + [f'"{name}"' for name in names]
    return f"{', '.join(parts)} was reserved, and no longer is" if parts else ""


def _by_number(enum: Enum) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for value in enum.proto.value:
        found.setdefault(value.number, []).append(value.name)
    return found
