"""Where things are in the repository."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROTO = ROOT / "proto"
PACKAGE = ROOT / "python" / "mlspec"
BUILD = ROOT / "build"
CONFORMANCE = ROOT / "conformance"
RELEASED = ROOT / "schema" / "released"
REFERENCE = ROOT / "docs" / "reference"
VALIDATE_PROTO = ROOT / "third_party" / "protovalidate" / "buf" / "validate" / "validate.proto"
GENERATOR = ROOT / ".tools" / "generator" / "bin"


class ToolError(Exception):
    """A step of the toolchain that failed, with what to do about it."""


def buf(*arguments: str | Path) -> None:
    """Run buf in the repository's root; its output goes to the terminal.

    Raises:
        ToolError: buf exited with anything but 0.
    """
    command = [str(GENERATOR / "buf"), *map(str, arguments)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise ToolError(f"buf {arguments[0]}: must succeed (see above)")
