"""The vectors of the specification, as the generator uses them."""

import base64
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tools.places import ROOT
from tools.vectors import derive

FOLDER = ROOT / "vectors" / "v1"


class Vector(NamedTuple):
    """One vector in text format."""

    path: Path
    purpose: str
    message: Any

    @property
    def name(self) -> str:
        """The name of its folder and its own, joined."""
        return f"{self.path.parent.name}_{self.path.stem}"

    @property
    def fails(self) -> bool:
        """Whether it breaks a rule."""
        return self.path.stem.endswith("_fail")


@cache
def texts() -> tuple[Vector, ...]:
    """Return every vector that people wrote, in the order of their paths."""
    found = []
    for path in sorted(FOLDER.glob("*/*.txtpb")):
        purpose = path.read_text(encoding="utf-8").splitlines()[2].removeprefix("# ")
        found.append(Vector(path, purpose, derive.read(path)))
    return tuple(found)


def records() -> Iterator[Vector]:
    """Yield the valid vectors that are records."""
    for vector in texts():
        if not vector.fails and vector.message.DESCRIPTOR.name == "Record":
            yield vector


def record(folder: str, stem: str = "full") -> Any:
    """Return a copy of the record of one vector."""
    return derive.read(FOLDER / folder / f"{stem}.txtpb")


class DerivedCase(NamedTuple):
    """One vector that was derived from a rule of the specification."""

    message: str
    name: str
    trips: str
    violates: list[tuple[str, str]]
    parts: list[tuple[bytes, int]]


def derived() -> Iterator[DerivedCase]:
    """Yield every derived vector, by message."""
    for path in sorted((FOLDER / "derived").glob("*.json")):
        file = json.loads(path.read_text(encoding="ascii"))
        for case in file["cases"]:
            yield DerivedCase(
                file["message"],
                case["name"],
                case["trips"]["rule"],
                [(where, rule) for where, rule in case["violates"]],
                [(base64.b64decode(part["base64"]), part["times"]) for part in case["payload"]],
            )
