"""Compare the specification with its newest release, and let only declared breaks pass.

Twice: by `buf breaking` with our plugin, and by `mlspec.breaking` itself; they must find the same.
A break is declared in `schema/breaks.toml` with a migration page. From release 1.0.0 on no
declaration helps: v1 never breaks. A declared break that did not happen fails too, so that the
file says what is so; `make release-image` is followed by emptying it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlspec.breaking import Declared, Finding, compare, load_image, read_declared
from mlspec.errors import MLSpecError
from tools.places import GENERATOR, PROTO, ROOT, ToolError, buf
from tools.release import newest

DECLARED = ROOT / "schema" / "breaks.toml"
_FOUND = 100

Seen = set[tuple[str, str]]
"""Files (import paths) with the rules that are broken there."""


def by_us(against: Path) -> list[Finding]:
    """The breaking changes between an image and the working tree, as `mlspec.breaking` sees them.

    Raises:
        ToolError: The .proto files do not compile.
        MLSpecError: An image cannot be read.
    """
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch, "now.binpb")
        buf("build", PROTO.relative_to(ROOT), "-o", image)
        return compare(load_image(against), load_image(image))


def by_buf(against: Path) -> Seen:
    """The same as `buf breaking` sees them, with the rules and the plugin of buf.yaml.

    Raises:
        ToolError: buf could not compare.
    """
    proto = PROTO.relative_to(ROOT)
    command = [GENERATOR / "buf", "breaking", proto, "--against", against]
    # The plugin runs in whichever environment has it, and from the working tree.
    path = os.pathsep.join([str(GENERATOR), str(ROOT / ".venv" / "bin"), os.environ["PATH"]])
    run = subprocess.run(
        [*map(str, command), "--error-format", "json"],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT / "python")},
        check=False,
        capture_output=True,
        text=True,
    )
    if run.returncode not in (0, _FOUND):
        raise ToolError(f"buf breaking: must be able to compare\n{run.stderr}{run.stdout}")
    return {_seen(json.loads(line)) for line in run.stdout.splitlines()}


def _seen(change: dict[str, str]) -> tuple[str, str]:
    # A deleted file has no path; the message quotes its name.
    path = change.get("path") or re.findall(r'"(.+?)"', change["message"])[0]
    return path.removeprefix(f"{PROTO.relative_to(ROOT)}/"), change["type"]


def differences(ours: Sequence[Finding], bufs: Seen) -> list[str]:
    """What only one of the two has found, a line each."""
    own = {(finding.file, finding.rule_id) for finding in ours}
    lines = [f"{file}: {rule}: found by mlspec, not by buf" for file, rule in sorted(own - bufs)]
    return lines + [f"{file}: {rule}: found by buf, not by mlspec" for file, rule in bufs - own]


def problems(found: Sequence[Finding], declared: Declared, released: str) -> list[str]:
    """What is wrong with the changes `found` since version `released`, given what is declared."""
    lines = [f"{finding} (since {released})" for finding in found if declared.page(finding) is None]
    lines += declared.problems(found)
    if declared.breaks and int(released.split(".")[0]) >= 1:
        lines.append(f"schema/breaks.toml: must be empty (v1 never breaks; newest is {released})")
    return lines


def main() -> int:
    """Compare and print what is wrong; return the exit code."""
    against = newest()
    found = by_us(against)
    lines = problems(found, read_declared(DECLARED), against.stem)
    lines += differences(found, by_buf(against))
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
    except (ToolError, MLSpecError) as error:
        sys.exit(f"error: {error}")
