"""A breaking change that a comparison found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlspec.breaking.rule import Rule
from mlspec.breaking.rules import RULES

Path = tuple[int, ...]
"""Where an element stands in a `FileDescriptorProto`: field numbers and indices, as in
`SourceCodeInfo`. Empty: the whole file."""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Finding:
    """One breaking change. Findings are ordered by place, then by rule.

    Attributes:
        file: The file in NEW that shows the change; of a deleted file its name in OLD.
        path: The element in that file of NEW. What was deleted is shown by what held it.
        rule_id: A key of `RULES`.
        element: The full name of the element that broke; the file's name for rules of files.
        message: What was, and what is now.
        remedy: What to do instead.
        old_file: The file in OLD that holds the element before the change.
        old_path: The element there.
        line: The line of `path`, from 1; 0 if NEW says nothing of lines.
    """

    file: str
    path: Path
    rule_id: str
    element: str
    message: str
    remedy: str
    old_file: str
    old_path: Path
    line: int = 0

    @property
    def rule(self) -> Rule:
        """The rule that names this kind of change."""
        return RULES[self.rule_id]

    @property
    def place(self) -> str:
        """Where to look: the file, and the line if one is known."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        """The place, the rule, the element, the message, and who breaks."""
        whom = ", ".join(audience.words for audience in self.rule.audiences)
        return f"{self.place}: {self.rule_id} {self.element}: {self.message} (breaks {whom})"

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-like data, for programs."""
        return {
            "rule": self.rule_id,
            "file": self.file,
            **({"line": self.line} if self.line else {}),
            "element": self.element,
            "message": self.message,
            "remedy": self.remedy,
            "breaks": [audience.value for audience in self.rule.audiences],
        }
