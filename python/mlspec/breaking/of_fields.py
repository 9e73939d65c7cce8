"""What breaks in a field or an extension: its type, its names, how many values it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FieldOptions

from mlspec.breaking.defaults import can_default, default, same
from mlspec.breaking.features import EDITION_2024, STRING, VERIFY, edition
from mlspec.breaking.tree import MESSAGES, cardinality, kind, real_oneof

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import EnumDescriptorProto

    from mlspec.breaking.report import Report
    from mlspec.breaking.tree import Field

_FD = FieldDescriptorProto
_NAMED: Final = (*MESSAGES, _FD.TYPE_ENUM)
_TEXT: Final = (_FD.TYPE_STRING, _FD.TYPE_BYTES)
_LONG: Final = (
    _FD.TYPE_INT64,
    _FD.TYPE_SINT64,
    _FD.TYPE_UINT64,
    _FD.TYPE_FIXED64,
    _FD.TYPE_SFIXED64,
)
_CPP_NAMES: Final = {1: "VIEW", 2: "CORD", 3: "STRING", 4: "STRING_PIECE"}
_PIECE: Final = 4


class Enums(NamedTuple):
    """The enums of both images, by full name: a field's default may come from another file."""

    old: Mapping[str, EnumDescriptorProto]
    new: Mapping[str, EnumDescriptorProto]


def check(report: Report, old: Field, new: Field, enums: Enums) -> None:
    """Compare two versions of a field, rules left out."""
    in_entry = all(each.owner and each.owner.proto.options.map_entry for each in (old, new))
    for rule_id, was, now in _parts(old, new):
        if was != now:
            report.pair(rule_id, old, new, f"was {was}, is {now}")
    _default(report, old, new, enums)
    _texts(report, old, new)
    if in_entry:
        return
    if cardinality(old) != cardinality(new):
        words = f"was {cardinality(old)}, is {cardinality(new)}"
        report.pair("FIELD_SAME_CARDINALITY", old, new, words)
    _cpp(report, old, new)


def _parts(old: Field, new: Field) -> list[tuple[str, str, str]]:
    found = [("FIELD_SAME_TYPE", *_types(old, new))]
    if old.proto.extendee:
        found.append(("FIELD_SAME_NAME", old.full_name, new.full_name))
        return found
    found.append(("FIELD_SAME_NAME", old.proto.name, new.proto.name))
    found.append(("FIELD_SAME_JSON_NAME", json_name(old), json_name(new)))
    was, now = real_oneof(old), real_oneof(new)
    found.append(("FIELD_SAME_ONEOF", _oneof(was), _oneof(now)))
    if old.proto.type in _LONG and new.proto.type in _LONG:
        found.append(("FIELD_SAME_JSTYPE", _jstype(old), _jstype(new)))
    return found


def _types(old: Field, new: Field) -> tuple[str, str]:
    was, now = _type(old), _type(new)
    if kind(old) == kind(new) and kind(new) not in _NAMED:
        return was, was
    return was, now


def _type(element: Field) -> str:
    proto = element.proto
    word = _FD.Type.Name(kind(element)).removeprefix("TYPE_").lower()  # type: ignore[arg-type]
    return f"{word} {proto.type_name.lstrip('.')}" if proto.type in _NAMED else word


def json_name(element: Field) -> str:
    """Return the name of a field in JSON; compilers write it, other makers of images may not."""
    if element.proto.json_name:
        return element.proto.json_name
    head, *rest = element.proto.name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _oneof(name: str | None) -> str:
    return f"in oneof {name}" if name else "in no oneof"


def _jstype(element: Field) -> str:
    return FieldOptions.JSType.Name(element.proto.options.jstype)


def _default(report: Report, old: Field, new: Field, enums: Enums) -> None:
    if not (can_default(old) and can_default(new)):
        return
    was, now = default(old, enums.old), default(new, enums.new)
    if not same(was, now):
        report.pair("FIELD_SAME_DEFAULT", old, new, f"default was {was!r}, is {now!r}")


def _texts(report: Report, old: Field, new: Field) -> None:
    if not old.proto.type == new.proto.type == _FD.TYPE_STRING:
        return
    if old.features.utf8 != new.features.utf8:
        report.pair("FIELD_SAME_UTF8_VALIDATION", old, new, _checked(new.features.utf8 == VERIFY))
    if _java_utf8(old) != _java_utf8(new):
        words = f"in Java {_checked(_java_utf8(new))}"
        report.pair("FIELD_SAME_JAVA_UTF8_VALIDATION", old, new, words)


def _checked(now: bool) -> str:
    return "UTF-8 was not checked, and now is" if now else "UTF-8 was checked, and no longer is"


def _java_utf8(element: Field) -> bool:
    options = element.file.options
    standard = element.features.utf8 == VERIFY
    if element.file.syntax != "editions" or options.HasField("java_string_check_utf8"):
        return options.java_string_check_utf8 or standard
    return element.features.java_utf8 == VERIFY or standard


def _cpp(report: Report, old: Field, new: Field) -> None:
    if old.proto.type not in _TEXT or new.proto.type not in _TEXT:
        return
    was, now = _cpp_string(old), _cpp_string(new)
    # A piece may become a string: that was the plan for pieces from the start.
    if was != now and (was, now) != (_PIECE, STRING):
        words = f"in C++ was {_CPP_NAMES.get(was, was)}, is {_CPP_NAMES.get(now, now)}"
        report.pair("FIELD_SAME_CPP_STRING_TYPE", old, new, words)


def _cpp_string(element: Field) -> int:
    options = element.proto.options
    if edition(element.file) < EDITION_2024 and options.HasField("ctype"):
        kinds = {FieldOptions.CORD: 2, FieldOptions.STRING_PIECE: _PIECE, FieldOptions.STRING: 3}
        return kinds.get(options.ctype, STRING)
    return element.features.cpp_string
