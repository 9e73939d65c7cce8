"""The code blocks of a Markdown page: finding them, running them, comparing what they print.

`python` and `bash` blocks run in the order of the page, in one empty folder and one namespace. A
`text` block right after one is what it prints; there, `...` stands for anything. A comment on the
line above a fence changes that: `<!-- not run: why -->`, `<!-- exits: 1 -->` (bash), and
`<!-- file: name -->`, which writes the block, of any language, into the page's folder.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```[ ]*$", re.MULTILINE | re.DOTALL)
_REMARK = re.compile(r"<!-- (not run|exits|file): (.+?) -->[ ]*\n\Z")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
RUN = ("python", "bash")


@dataclass(frozen=True)
class Block:
    """A fenced block: where it starts, its language, its text and the remark above it."""

    line: int
    language: str
    text: str
    remark: tuple[str, str] | None


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page in order."""
    found = []
    for fence in _FENCE.finditer(page):
        indent, language, text = fence.groups()
        remark = _REMARK.search(page, 0, fence.start())
        lines = (line.removeprefix(indent) for line in text.splitlines(keepends=True))
        found.append(
            Block(
                line=page.count("\n", 0, fence.start()) + 2,
                language=language,
                text="".join(lines),
                remark=(remark[1], remark[2].strip()) if remark else None,
            )
        )
    return found


def links(page: str) -> list[str]:
    """Return the targets of the links of a page, those in code blocks left out."""
    return _LINK.findall(_FENCE.sub("", page))


def with_output(found: list[Block]) -> Iterator[tuple[Block, str | None]]:
    """Pair each block to run or write with the text block that follows it, if one does."""
    for block, following in zip(found, [*found[1:], None], strict=False):
        kind = block.remark[0] if block.remark else ""
        if kind == "not run" or (block.language not in RUN and kind != "file"):
            continue
        expected = following if following and following.language == "text" else None
        yield block, expected.text if expected and not expected.remark else None


def matches(expected: str, printed: str) -> bool:
    """Whether a program printed what the page says it prints."""
    pieces = []
    for line in expected.strip("\n").split("\n"):
        if line.strip() == "...":
            pieces.append(r"(?:[^\n]*\n)*?")
        else:
            text = r"[^\n]*".join(re.escape(part) for part in line.rstrip().split("..."))
            pieces.append(rf"{text}[ ]*\n")
    return re.fullmatch("".join(pieces), printed.strip("\n") + "\n") is not None


@dataclass
class Page:
    """Runs the blocks of one page in `folder`."""

    name: str
    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def run(self, block: Block, expected: str | None) -> str | None:
        """Run one block; return what is wrong, or None."""
        kind, value = block.remark or ("", "")
        if kind == "file":
            target = self.folder / value
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text)
            return None
        wanted = int(value) if kind == "exits" else 0
        code, printed = (self._bash if block.language == "bash" else self._python)(block)
        where = f"{self.name}:{block.line}"
        if code != wanted:
            return f"{where}: must exit {wanted} (got {code})\n{printed}"
        if expected is not None and not matches(expected, printed):
            return f"{where}: must print what the page says (got)\n{printed}"
        return None

    def _bash(self, block: Block) -> tuple[int, str]:
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=self.folder,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return run.returncode, run.stdout

    def _python(self, block: Block) -> tuple[int, str]:
        printed = io.StringIO()
        source = "\n" * (block.line - 1) + block.text
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed):
            try:
                exec(compile(source, self.name, "exec"), self.names)  # noqa: S102
            except Exception:  # noqa: BLE001 - whatever the page's code raises is the finding
                return 1, printed.getvalue() + traceback.format_exc()
        return 0, printed.getvalue()
