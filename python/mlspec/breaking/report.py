"""Collecting findings, each with its place in both images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlspec.breaking.finding import Finding, Path
from mlspec.breaking.rules import RULES

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    from mlspec.breaking.tree import Element

Place = tuple["FileDescriptorProto", Path]
"""A file with the path of an element in it."""


class Report:
    """The findings of one comparison."""

    def __init__(self) -> None:
        self._found: set[Finding] = set()
        self._lines: dict[str, dict[Path, int]] = {}

    def add(self, rule_id: str, element: str, message: str, *, old: Place, new: Place) -> None:
        """Add a finding; `new` is the place in NEW that shows it, `old` the one in OLD."""
        found = Finding(
            file=new[0].name,
            path=new[1],
            rule_id=rule_id,
            element=element,
            message=message,
            remedy=RULES[rule_id].remedy,
            old_file=old[0].name,
            old_path=old[1],
            line=self._line(*new),
        )
        self._found.add(found)

    def pair(
        self, rule_id: str, old: Element[Any], new: Element[Any], message: str, name: str = ""
    ) -> None:
        """Add a finding about an element that is in both images, or about `name` inside of it."""
        element = f"{old.full_name}.{name}" if name else old.full_name
        self.add(rule_id, element, message, old=place(old), new=place(new))

    def lost_file(self, old: FileDescriptorProto) -> None:
        """Add the finding that a file is not in NEW."""
        rule = RULES["FILE_NO_DELETE"]
        words = "the file was deleted"
        found = Finding(
            file=old.name,
            path=(),
            rule_id=rule.id,
            element=old.name,
            message=words,
            remedy=rule.remedy,
            old_file=old.name,
            old_path=(),
        )
        self._found.add(found)

    def sorted(self) -> list[Finding]:
        """Return the findings in order."""
        return sorted(self._found)

    def _line(self, file: FileDescriptorProto, path: Path) -> int:
        if file.name not in self._lines:
            self._lines[file.name] = {
                tuple(location.path): location.span[0] + 1
                for location in file.source_code_info.location
            }
        lines = self._lines[file.name]
        # An option that was left out has no line of its own; what should hold it has one.
        while path and path not in lines:
            path = path[:-1]
        return lines.get(path, 0) if path else 0


def place(element: Element[Any]) -> Place:
    """Return where an element stands."""
    return element.file, element.path
