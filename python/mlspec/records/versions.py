"""Versions of the specification, and what a reader may make of a record from another one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from mlspec import v1
from mlspec.errors import InputError, NotUnderstoodError, UnknownFieldsError

if TYPE_CHECKING:
    from collections.abc import Collection

SPEC_VERSION: Final = "0.2.0"
"""The version of the specification that this package writes, and the newest that it reads."""

LEAST_READER_VERSION: Final = "0.1.0"
"""The oldest version whose readers understand in full what this package writes."""

_SEMVER: Final = re.compile(
    r"(0|[1-9][0-9]*)[.](0|[1-9][0-9]*)[.](0|[1-9][0-9]*)"
    r"(?:-([0-9A-Za-z.-]+))?(?:[+][0-9A-Za-z.-]+)?\Z"
)
_MAX_LENGTH: Final = 64


class Version(NamedTuple):
    """A version, ordered as Semantic Versioning 2.0.0 orders them (section 11)."""

    major: int
    minor: int
    patch: int
    stage: tuple[int, tuple[tuple[int, int, str], ...]]

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str) -> Self:
        """Read a version such as "0.1.0" or "1.0.0-rc.1". Raises InputError."""
        match = _SEMVER.match(text) if len(text) <= _MAX_LENGTH else None
        if match is None:
            raise InputError(
                f"must be a semantic version (got {text[:_MAX_LENGTH]!r})", error_id="version"
            )
        stage = (1, ()) if match[4] is None else (0, tuple(map(_identifier, match[4].split("."))))
        return cls(int(match[1]), int(match[2]), int(match[3]), stage)


def _identifier(text: str) -> tuple[int, int, str]:
    """Numbers come before words, and are compared as numbers."""
    return (0, int(text), "") if text.isascii() and text.isdigit() else (1, 0, text)


def is_newer(spec_version: str, reader: str = SPEC_VERSION) -> bool:
    """Tell whether a record of `spec_version` is newer than the reader. Raises InputError."""
    return Version.parse(spec_version) > Version.parse(reader)


def doubts(
    header: v1.RecordHeader,
    unknown: str | None,
    *,
    understands: Collection[str] = (),
    reader: str = SPEC_VERSION,
) -> tuple[str, ...]:
    """Say why a reader does not understand a record in full. Empty: it does.

    `unknown` is the path of the first unknown field, or None; `understands` names the annotations
    that the caller acts on. Raises UnknownFieldsError for unknown fields in a record that is not
    newer than the reader (there they are smuggled in), NotUnderstoodError for an annotation that
    must be understood and is not, and InputError for versions that are none.
    """
    _check_annotations(header, understands)
    known = Version.parse(reader)
    least, written = (
        Version.parse(header.least_reader_version),
        Version.parse(header.spec_version),
    )
    if least > written:
        raise InputError(
            f"must not be newer than spec_version (got {header.least_reader_version})",
            error_id="version.order",
            path="header.least_reader_version",
        )
    if written <= known and unknown is not None:
        raise UnknownFieldsError(
            f"must hold no field that version {header.spec_version}, which it names, lacks",
            path=unknown,
            remedy="Do not use the record: something was put into it that no reader shows.",
        )
    found = []
    if least > known:
        found.append(f"needs a reader of version {header.least_reader_version} (this is {reader})")
    if unknown is not None:
        found.append(f"{unknown}: is a field of a newer version")
    return tuple(found)


def _check_annotations(header: v1.RecordHeader, understands: Collection[str]) -> None:
    for index, annotation in enumerate(header.annotations):
        if annotation.duty == v1.ANNOTATION_DUTY_IGNORABLE or annotation.name in understands:
            continue
        raise NotUnderstoodError(
            f"must be understood, and is not (got {annotation.name[:255]!r})",
            error_id="record.annotation",
            path=f"header.annotations[{index}]",
            remedy="Use a reader that knows this annotation, and say so with `understands`.",
        )
