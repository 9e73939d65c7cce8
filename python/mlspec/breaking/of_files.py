"""What breaks in a file as a whole: its package, its syntax, its options, what it passes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlspec.breaking.rules import FILE_OPTIONS

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    from mlspec.breaking.report import Report

_PACKAGE = (2,)
_OPTIONS = 8
_SYNTAX = (12,)


def check(report: Report, old: FileDescriptorProto, new: FileDescriptorProto) -> None:
    """Compare what two versions of a file say of the whole file."""

    def differ(rule_id: str, what: str, was: Any, now: Any, path: tuple[int, ...]) -> None:
        if was != now:
            words = f"{what} was {_words(was)}, is {_words(now)}"
            report.add(rule_id, old.name, words, old=(old, path), new=(new, path))

    differ("FILE_SAME_PACKAGE", "package", old.package, new.package, _PACKAGE)
    differ("FILE_SAME_SYNTAX", "syntax", old.syntax or "proto2", new.syntax or "proto2", _SYNTAX)
    for rule_id, option in FILE_OPTIONS.items():
        number = old.options.DESCRIPTOR.fields_by_name.get(option)
        # The newest runtimes know no php_generic_services and the like.
        if number is not None:
            path = (_OPTIONS, number.number)
            differ(rule_id, option, _option(old, option), _option(new, option), path)
    for name in sorted(_passed_on(old) - _passed_on(new)):
        words = f"imported {name} publicly, and no longer does"
        report.add("PUBLIC_IMPORT_REMOVED", old.name, words, old=(old, ()), new=(new, ()))


def _option(file: FileDescriptorProto, name: str) -> Any:
    value = getattr(file.options, name)
    field = file.options.DESCRIPTOR.fields_by_name[name]
    return field.enum_type.values_by_number[value].name if field.enum_type else value


def _words(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _passed_on(file: FileDescriptorProto) -> set[str]:
    return {file.dependency[index] for index in file.public_dependency}
