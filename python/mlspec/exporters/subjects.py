"""What a statement is about: the files that a record's step made, by name and SHA-256."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from mlspec import v1
from mlspec.errors import DecodeError, InputError

MAX_SUBJECTS: Final = 4096
MAX_NAME: Final = 512

_HEX: Final = re.compile("[0-9a-f]{64}")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


class Subject(NamedTuple):
    """One thing that a statement is about.

    Attributes:
        name: What it is called, once in each statement: a hint for people. The digest decides.
        sha256: SHA-256 of its bytes, raw; of a folder, that of its manifest.
    """

    name: str
    sha256: bytes


def subjects_of(outputs: Iterable[v1.Artifact]) -> tuple[Subject, ...]:
    """Return the subjects for the outputs of a record.

    An output that stands twice becomes one; another one of the same name gets a number behind it.
    Raises InputError if there is none, if one has no SHA-256, or a name that others could take
    for a place on their disk.
    """
    found: dict[str, bytes] = {}
    seen: set[tuple[str, bytes]] = set()
    numbers: Counter[str] = Counter()
    for index, output in enumerate(outputs):
        path = f"header.outputs[{index}]"
        if not output.digest.HasField("sha256"):
            raise InputError(
                "must have a SHA-256, the only digest that every reader of statements takes",
                error_id="statement.digest",
                path=f"{path}.digest",
                remedy="Hand the record itself on; or let the step digest its outputs by SHA-256.",
            )
        words = name_fault(output.name)
        if words is not None:
            raise InputError(words, error_id="statement.name", path=f"{path}.name")
        if (output.name, output.digest.sha256) in seen:
            continue
        seen.add((output.name, output.digest.sha256))
        name = output.name
        while name in found:
            numbers[output.name] += 1
            name = f"{output.name}#{numbers[output.name] + 1}"
        found[name] = output.digest.sha256
    if not found:
        raise InputError(
            "must name what the step made: a statement is about something",
            error_id="statement.no_subject",
            path="header.outputs",
            remedy="Export a record with outputs, or hand the record itself on.",
        )
    return tuple(Subject(*pair) for pair in found.items())


def read_subjects(value: Any) -> tuple[Subject, ...]:
    """Read the subjects of a statement. Raises DecodeError unless each is beyond doubt."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_SUBJECTS:
        raise bad(f"must be a list of 1 to {MAX_SUBJECTS}", "subject")
    found: dict[str, bytes] = {}
    for index, entry in enumerate(value):
        path = f"subject[{index}]"
        name, sha256 = _read(entry, path)
        if name in found:
            raise bad(f"must be another name (got {name!r} again)", f"{path}.name", "twice")
        found[name] = sha256
    return tuple(Subject(*pair) for pair in found.items())


def name_fault(name: str) -> str | None:
    """Say why a name must not stand in a statement. None: it may.

    Programs have written files to where subjects say (`../../etc/passwd`), so a name never leads
    anywhere.
    """
    if not 0 < len(name) <= MAX_NAME:
        return f"must have 1 to {MAX_NAME} characters (got {len(name)})"
    if "\\" in name or _CONTROL.search(name):
        return "must have no backslash and no control character"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "must not be a path that leads out, without empty parts, '.' and '..'"
    return None


def bad(words: str, path: str, kind: str = "shape") -> DecodeError:
    """Make the error for a statement that must not be used."""
    return DecodeError(
        words,
        error_id=f"statement.{kind}",
        path=path,
        remedy="Do not use the statement: get it anew from whoever made it.",
    )


def _read(entry: Any, path: str) -> tuple[str, bytes]:
    if not isinstance(entry, dict):
        raise bad("must be an object", path)
    name, digest = entry.get("name"), entry.get("digest")
    if not isinstance(name, str):
        raise bad("must be a string", f"{path}.name")
    words = name_fault(name)
    if words is not None:
        raise bad(words, f"{path}.name", "name")
    if not isinstance(digest, dict) or list(digest) != ["sha256"]:
        # One good digest beside an evil one: readers differ about which of them decides.
        raise bad("must be a SHA-256, and nothing beside it", f"{path}.digest", "digest")
    return name, read_sha256(digest["sha256"], f"{path}.digest.sha256")


def read_sha256(value: Any, path: str) -> bytes:
    """Read a SHA-256 in hex. Raises DecodeError unless it is 64 lower-case digits."""
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise bad("must be 64 lower-case hex digits", path, "digest")
    return bytes.fromhex(value)
