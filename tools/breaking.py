"""Compare the specification with its newest release, and let only declared breaks pass.

A break is declared in `schema/breaks.toml` with a note on how users migrate. From release 1.0.0 on
no declaration helps: v1 never breaks. A declared break that did not happen fails too, so that the
file says what is so; `make release-image` is followed by emptying it.
"""

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tools.places import GENERATOR, PROTO, ROOT, ToolError
from tools.release import newest

DECLARED = ROOT / "schema" / "breaks.toml"
_FOUND = 100


@dataclass(frozen=True, order=True)
class Break:
    """A breaking change, in buf's words: the file (import path), the rule and what changed."""

    file: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.rule}: {self.message}"


def found(against: Path) -> set[Break]:
    """The breaking changes (FILE) between a released image and the working tree.

    Raises:
        ToolError: buf could not compare.
    """
    proto = PROTO.relative_to(ROOT)
    command = [GENERATOR / "buf", "breaking", proto, "--against", against]
    run = subprocess.run(
        [*map(str, command), "--error-format", "json"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if run.returncode not in (0, _FOUND):
        raise ToolError(f"buf breaking: must be able to compare\n{run.stderr}{run.stdout}")
    changes = [json.loads(line) for line in run.stdout.splitlines()]
    # A deleted file has no path.
    return {
        Break(
            change.get("path", "proto").removeprefix(f"{proto}/"), change["type"], change["message"]
        )
        for change in changes
    }


def declared(path: Path) -> set[Break]:
    """The declared breaks; each must say how users migrate.

    Raises:
        ToolError: an entry lacks a part.
    """
    entries = tomllib.loads(path.read_text())["breaks"] if path.exists() else []
    for entry in entries:
        if not all(entry.get(part) for part in ("file", "rule", "message", "migration")):
            raise ToolError(f"{path.name}: each break must have file, rule, message and migration")
    return {Break(entry["file"], entry["rule"], entry["message"]) for entry in entries}


def problems(changes: set[Break], allowed: set[Break], released: str) -> list[str]:
    """What is wrong with `changes` since version `released`, given what is declared."""
    lines = [f"{change} (since {released})" for change in sorted(changes - allowed)]
    lines += [f"{entry} (declared, but it did not happen)" for entry in sorted(allowed - changes)]
    if allowed and int(released.split(".")[0]) >= 1:
        lines.append(f"schema/breaks.toml: must be empty (v1 never breaks; newest is {released})")
    return lines


def main() -> int:
    """Compare and print what is wrong; return the exit code."""
    against = newest()
    lines = problems(found(against), declared(DECLARED), against.stem)
    for line in lines:
        print(line, file=sys.stderr)
    if lines:
        print(
            "the specification must not break: undo it, or see schema/breaks.toml", file=sys.stderr
        )
        return 1
    print(f"breaking: none undeclared since {against.stem}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"error: {error}")
