"""The order in which two images are gone through: files, moves, then what has one name in both."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from mlspec.breaking import moves, of_enums, of_fields, of_files, of_messages, of_services
from mlspec.breaking.constraints import Reader
from mlspec.breaking.guards import Guards
from mlspec.breaking.imports import imported
from mlspec.breaking.of_rules import RuleCheck
from mlspec.breaking.report import Report
from mlspec.breaking.tree import Tree, named

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        EnumDescriptorProto,
        FileDescriptorProto,
        FileDescriptorSet,
    )

    from mlspec.breaking.finding import Finding


def compare_images(
    old: FileDescriptorSet, new: FileDescriptorSet, imports: Collection[str] | None
) -> list[Finding]:
    """Return the breaking changes; images that contradict themselves raise what they happen to."""
    report = Report()
    skipped = imported(old, imports) | imported(new, imports)
    before, after = (
        Tree({file.name: file for file in image.file if file.name not in skipped})
        for image in (old, new)
    )
    differ = _different(before, after)
    if not differ:
        return []
    enums = of_fields.Enums(_enums(old), _enums(new))
    if _some_default_moved(enums):
        # A default changes where the enum is used: in files that did not change themselves.
        differ = {*before.files, *after.files}
    before.grow(differ & before.files.keys())
    after.grow(differ & after.files.keys())
    for name in sorted(differ & before.files.keys()):
        if name in after.files:
            of_files.check(report, before.files[name], after.files[name])
        else:
            report.lost_file(before.files[name])
    moves.check(report, before, after)
    rules = RuleCheck(report, Reader(old), Reader(new), Guards(old, new))
    _pairs(report, before, after, enums, rules)
    return report.sorted()


def _pairs(
    report: Report, before: Tree, after: Tree, enums: of_fields.Enums, rules: RuleCheck
) -> None:
    """Compare what has one name in both images, whichever file holds it."""
    for name in before.messages.keys() & after.messages.keys():
        message, now = before.messages[name], after.messages[name]
        of_messages.check(report, message, now, enums)
        rules.message(message, now)
    for name in before.enums.keys() & after.enums.keys():
        of_enums.check(report, before.enums[name], after.enums[name])
        rules.options(before.enums[name], after.enums[name])
    for name in before.services.keys() & after.services.keys():
        of_services.check(report, before.services[name], after.services[name])
        rules.options(before.services[name], after.services[name])
    for key in before.extensions.keys() & after.extensions.keys():
        of_fields.check(report, before.extensions[key], after.extensions[key], enums)
        rules.field(before.extensions[key], after.extensions[key])
    for name in before.files.keys() & after.files.keys():
        rules.file(before.files[name], after.files[name])


def _different(before: Tree, after: Tree) -> set[str]:
    """Return the names of the files that are not the same in both, comments left out."""
    return {
        name
        for name in before.files.keys() | after.files.keys()
        if name not in before.files
        or name not in after.files
        or _content(before.files[name]) != _content(after.files[name])
    }


def _content(file: FileDescriptorProto) -> bytes:
    if file.HasField("source_code_info"):
        copy = type(file)()
        copy.CopyFrom(file)
        copy.ClearField("source_code_info")
        file = copy
    return file.SerializeToString()


def _enums(image: FileDescriptorSet) -> dict[str, EnumDescriptorProto]:
    """Return every enum of an image, imports too, by full name."""
    return {name: each for name, each in named(image) if hasattr(each, "value")}


def _some_default_moved(enums: of_fields.Enums) -> bool:
    """Tell whether the first value of an enum, which is its default, has got another number."""
    return any(
        name in enums.new and _first(enum) != _first(enums.new[name])
        for name, enum in enums.old.items()
    )


def _first(enum: EnumDescriptorProto) -> int:
    return enum.value[0].number if enum.value else 0
