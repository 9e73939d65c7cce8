"""Breaks that are meant: declared in a file, each with a page that tells users how to migrate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mlspec.breaking.finding import Finding
from mlspec.breaking.rules import RULES
from mlspec.errors import DecodeError, MLSpecError
from mlspec.files import StrPath, read_bytes

_NEEDED: Final = ("rule", "element", "migration")
_PARTS: Final = (*_NEEDED, "file", "message")
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
_FENCE: Final = re.compile(r"^( *)(```|~~~).*?^\1\2[^\n]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class DeclaredBreak:
    """A breaking change that is meant.

    Attributes:
        rule: The id of its rule.
        element: The full name of the element, or the file for rules of files.
        migration: The page that says what users do: a path relative to the declaring file, with
            the anchor of a heading if that is meant.
        file: The file that shows it. Empty: any.
        message: The message of the finding. Empty: any.
    """

    rule: str
    element: str
    migration: str
    file: str = ""
    message: str = ""

    def __str__(self) -> str:
        return f"{self.rule} {self.element}"

    def meets(self, finding: Finding) -> bool:
        """Tell whether a finding is this break."""
        return (
            (self.rule, self.element) == (finding.rule_id, finding.element)
            and self.file in ("", finding.file)
            and self.message in ("", finding.message)
        )


@dataclass(frozen=True, slots=True)
class Declared:
    """The breaks that a file declares.

    Attributes:
        breaks: The breaks, in the order of the file.
        source: The file.
    """

    breaks: tuple[DeclaredBreak, ...]
    source: Path

    def page(self, finding: Finding) -> str | None:
        """Return the migration page of a finding; None if it is not declared."""
        return next((each.migration for each in self.breaks if each.meets(finding)), None)

    def problems(self, findings: Iterable[Finding]) -> list[str]:
        """Say which breaks were declared and did not happen, and which pages are not there."""
        found = list(findings)
        lines = [
            f"{self.source}: {each} is declared, and did not happen"
            for each in self.breaks
            if not any(map(each.meets, found))
        ]
        pages = dict.fromkeys(each.migration for each in self.breaks)
        objections = ((page, self._objection(page)) for page in pages)
        return lines + [
            f"{self.source}: migration page {page} {reason}"
            for page, reason in objections
            if reason
        ]

    def _objection(self, page: str) -> str:
        """Say what is wrong with a migration page; empty if nothing is."""
        name, _, anchor = page.partition("#")
        if not name.endswith(".md") or Path(name).is_absolute():
            return "must be a Markdown file (.md), named relative to the declaring file"
        try:
            text = read_bytes(self.source.parent / name).decode("utf-8", "replace")
        except MLSpecError as error:
            return error.message
        if not text.strip():
            return "must say what users do (it is empty)"
        if anchor and anchor not in _anchors(text):
            return f"must have a heading for #{anchor} (it has none)"
        return ""


def read_declared(path: StrPath) -> Declared:
    """Read the declared breaks of a TOML file, an array of tables named `breaks`.

    Raises:
        UnreadableError: The file cannot be read.
        DecodeError: It is no such file.
    """
    import tomllib

    source = Path(path)
    try:
        found = tomllib.loads(read_bytes(source).decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _malformed(source, f"must be TOML ({error})") from error
    entries = found.pop("breaks", [])
    if found or not isinstance(entries, list):
        raise _malformed(source, "must hold [[breaks]] and nothing else")
    return Declared(tuple(_entry(entry, n, source) for n, entry in enumerate(entries)), source)


def _entry(entry: Any, index: int, source: Path) -> DeclaredBreak:
    where = f"breaks[{index}]"
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise _malformed(source, "must be a table of strings", where)
    if unknown := sorted(entry.keys() - set(_PARTS)):
        raise _malformed(source, f"must hold only {', '.join(_PARTS)} (got {unknown[0]})", where)
    if lacks := [part for part in _NEEDED if not entry.get(part)]:
        raise _malformed(source, f"must say {', '.join(_NEEDED)} (lacks {lacks[0]})", where)
    if entry["rule"] not in RULES:
        raise _malformed(source, f"must name a rule (got {entry['rule']!r})", f"{where}.rule")
    return DeclaredBreak(**entry)


def _malformed(source: Path, reason: str, where: str = "") -> DecodeError:
    return DecodeError(
        reason,
        error_id="breaking.declared",
        path=where,
        source=str(source),
        remedy="Each break is a table [[breaks]] with rule, element and migration.",
    )


def _anchors(text: str) -> set[str]:
    """Return the anchors of the headings of a page, as those who render Markdown make them."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        anchor, count = plain, 0
        while anchor in found:
            count += 1
            anchor = f"{plain}-{count}"
        found.add(anchor)
    return found
