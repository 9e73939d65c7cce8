"""The comments of the specification, read off its .proto files as the package ships them.

The descriptors have no comments in them, and the files are all in one style (buf formats them), so
that reading line by line is enough.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from mlspec.schema import proto_files

_BLOCK: Final = re.compile(r"(message|enum|oneof|service)\s+(\w+)\s*\{")
_FIELD: Final = re.compile(r"(?:optional |repeated )?[\w.]+ (\w+) = \d+")
_VALUE: Final = re.compile(r"([A-Z][A-Z0-9_]*) = \d+")


@cache
def comments() -> dict[str, str]:
    """Return each comment by the full name of what it stands above, as one line of text."""
    found: dict[str, str] = {}
    for source in proto_files().values():
        found.update(_of(source))
    return found


def comment_of(full_name: str) -> str:
    """Return the comment on a message or field, by its full name. Empty: there is none."""
    return comments().get(full_name, "")


def _of(source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    above: list[str] = []
    scope: list[tuple[str, str]] = []
    until = ""
    for line in map(str.strip, source.splitlines()):
        if until:
            until = "" if line.endswith(until) else until
        elif line.startswith("//"):
            above.append(line.removeprefix("//").strip())
        elif block := _BLOCK.match(line):
            scope.append((block[1], block[2]))
            found[_full(scope)] = " ".join(above)
            above = []
            if line.endswith("}"):
                scope.pop()
        elif line.startswith("option ") and not line.endswith(";"):
            until = "};"
        elif line == "}" and scope:
            scope.pop()
        elif name := _name(line, scope):
            owner = _full([each for each in scope if each[0] != "oneof"])
            found[f"{owner}.{name}"] = " ".join(above)
            above = []
            until = "" if line.endswith(";") else "];"
        else:
            above = []
    return found


def _name(line: str, scope: list[tuple[str, str]]) -> str | None:
    if not scope:
        return None
    match = (_VALUE if scope[-1][0] == "enum" else _FIELD).match(line)
    return match[1] if match else None


def _full(scope: list[tuple[str, str]]) -> str:
    return ".".join(["mlspec.v1", *(name for _, name in scope)])
