"""Whether the vectors of a release mean what they did: run by any wheel's own Python, or imported.

Argument: the folder that a release's archive of vectors was unpacked into. Prints, as JSON, how
many in text format there are, and what is wrong with those that came out otherwise.
"""

import base64
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mlspec import codec, v1
from mlspec.codec import Format, Limits
from mlspec.errors import MLSpecError
from mlspec.validation import violations

_MESSAGE = "# proto-message: mlspec.v1."
_VIOLATES = "# violates:"

# Some vectors are too large on purpose; what is asked here is which rule says so.
_LIMITS = Limits(max_bytes=1 << 30)

Verdict = list[list[str]]
"""The pairs of path and rule id that a message breaks, sorted; none if it is valid."""


class Vector(NamedTuple):
    """One case: its name, its message in a form, and the verdict that it declares."""

    name: str
    message: str
    form: Format
    data: bytes
    declared: Verdict


def texts(folder: Path) -> Iterator[Vector]:
    """Yield the vectors in text format."""
    for path in sorted(folder.rglob("*.txtpb")):
        name = path.relative_to(folder).as_posix()
        lines = path.read_text(encoding="utf-8").splitlines()
        (message,) = (line.removeprefix(_MESSAGE) for line in lines if line.startswith(_MESSAGE))
        stated = (line.split()[2:4] for line in lines if line.startswith(_VIOLATES))
        declared = sorted(["" if where == "." else where, rule] for where, rule in stated)
        yield Vector(name, message, Format.TEXT, path.read_bytes(), declared)


def derived(folder: Path) -> Iterator[Vector]:
    """Yield the vectors that were derived: one for each standard rule."""
    for path in sorted(folder.rglob("*.json")):
        file = json.loads(path.read_text(encoding="ascii"))
        message = file["message"].removeprefix("mlspec.v1.")
        for case in file["cases"]:
            name = f"{path.relative_to(folder).as_posix()}#{case['name']}"
            pieces = (base64.b64decode(p["base64"]) * p["times"] for p in case["payload"])
            declared = sorted(case["violates"])
            yield Vector(name, message, Format.BINARY, b"".join(pieces), declared)


def verdict(vector: Vector) -> Verdict | str:
    """Say which rules a vector breaks now, or why it cannot be read."""
    kind: Any = getattr(v1, vector.message, None)
    if kind is None:
        return f"{vector.message} must be a message of mlspec.v1"
    try:
        message = codec.decode(kind, vector.data, vector.form, limits=_LIMITS)
    except MLSpecError as error:
        return str(error)
    return sorted([found.path, found.rule_id] for found in violations(message))


def read(vectors: Iterable[Vector]) -> tuple[int, dict[str, str]]:
    """Return how many vectors there are, and what is wrong with those that came out otherwise."""
    count, differences = 0, {}
    for vector in vectors:
        count += 1
        found = verdict(vector)
        if found != vector.declared:
            differences[vector.name] = f"must give {vector.declared} (got {found})"
    return count, differences


if __name__ == "__main__":
    print(json.dumps(read(texts(Path(sys.argv[1])))))
