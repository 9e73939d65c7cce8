"""The table of edits: each as two folders of .proto files, before and after."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Edit:
    """A kind of edit.

    Attributes:
        name: Its name, which is also that of its folder and the end of its package.
        why: Why it breaks somebody, or nobody.
        before: The files before, by name.
        after: The files after.
        breaks: The rules that it breaks. Empty: an additive edit.
        buf_misses: Whether `buf breaking` alone says nothing.
    """

    name: str
    why: str
    before: dict[str, str]
    after: dict[str, str]
    breaks: frozenset[str]
    buf_misses: bool

    def write(self, folder: Path) -> None:
        """Write the files below `folder`/old and `folder`/new."""
        for side, files in (("old", self.before), ("new", self.after)):
            for name, text in files.items():
                target = folder / side / "edits" / self.name / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)


def read_edits() -> list[Edit]:
    """Return all edits of the table."""
    bases = tomllib.loads((HERE / "bases.toml").read_text())
    entries = tomllib.loads((HERE / "edits.toml").read_text())["edits"]
    return [_edit(number, entry, bases[entry["base"]]) for number, entry in enumerate(entries)]


def _edit(number: int, entry: dict[str, Any], base: dict[str, str]) -> Edit:
    name = str(entry["name"])

    def own(text: str) -> str:
        # Extensions of one message need numbers of their own in one image.
        words = {
            "PACKAGE": f"edits.{name}",
            "FOLDER": f"edits/{name}",
            "NUMBER": f"{60000 + number}",
        }
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    after = dict(base)
    for old, new in entry.get("replace", []):
        holders = [file for file, text in after.items() if text.count(old) == 1]
        assert len(holders) == 1, f"{name}: must be in one file, once (got {holders}): {old}"
        after[holders[0]] = after[holders[0]].replace(old, new)
    for file in entry.get("delete", []):
        del after[file]
    after |= entry.get("add", {})
    return Edit(
        name,
        str(entry["why"]),
        {file: own(text) for file, text in base.items()},
        {file: own(text) for file, text in after.items()},
        frozenset(entry.get("breaks", [])),
        bool(entry.get("buf_misses")),
    )
