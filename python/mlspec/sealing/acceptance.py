"""Whether the bytes of a record may be relied on, signatures apart.

The same rules for what is about to be sealed, what was unsealed, and what is only looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from typing import Final, NamedTuple

from mlspec import v1
from mlspec.codec import Format, decode
from mlspec.errors import DecodeError, InputError, NotUnderstoodError, UnknownFieldsError
from mlspec.records import SPEC_VERSION, body_name, doubts, is_newer, stage_name
from mlspec.validation import validate, violations

_SPEC_VERSION: Final = re.compile(rb"spec_?[vV]ersion[\"']?\s*:\s*[\"']?([0-9A-Za-z.+-]{1,64})")


class Accepted(NamedTuple):
    """A record that may be used.

    Attributes:
        record: The record.
        doubts: Why this reader does not understand it in full. Empty: it does, and the record
            keeps every rule of the specification.
    """

    record: v1.Record
    doubts: tuple[str, ...]


def accept(
    data: bytes, form: Format = Format.BINARY, *, understands: Collection[str] = ()
) -> Accepted:
    """Parse one record and apply the rules on versions, unknown fields and content.

    A record that is not newer than this reader must hold no unknown field and keep every rule. A
    newer one is taken as it is, and what this reader cannot judge is said in the doubts; but the
    text forms cannot carry what is unknown, so that such a record is refused in them.
    `understands` names the must-understand annotations that the caller acts on.

    Raises LimitError, DecodeError, UnknownFieldsError, NotUnderstoodError, ValidationError.
    """
    try:
        record, unknown = decode(v1.Record, data, form), None
    except (DecodeError, UnknownFieldsError) as error:
        if form is not Format.BINARY:
            _blame_version(data, error)
            raise
        if not isinstance(error, UnknownFieldsError):
            raise
        record, unknown = decode(v1.Record, data, unknown="keep"), error.path
    return judge(record, unknown, understands=understands)


def judge(record: v1.Record, unknown: str | None, *, understands: Collection[str] = ()) -> Accepted:
    """Apply the rules to a record whose first unknown field, if any, is at `unknown`."""
    if not record.HasField("header"):
        validate(record)
    found = doubts(record.header, unknown, understands=understands)
    _check_stage(record)
    if not is_newer(record.header.spec_version):
        validate(record)
    else:
        broken = [violation for violation in violations(record) if violation.rule_id]
        if broken:
            found += (f"{broken[0]}, by the rules of this version",)
    return Accepted(record, found)


def _check_stage(record: v1.Record) -> None:
    """Raise DecodeError if the header says one stage and the body is of another."""
    body = body_name(record)
    said = stage_name(record.header.stage)
    if body is not None and body != said:
        raise DecodeError(
            f"must be that of the body, {body} (got {said})",
            error_id="record.stage",
            path="header.stage",
            remedy="Do not use the record: header and body were put together from two.",
        )


def _blame_version(data: bytes, error: InputError) -> None:
    """Raise NotUnderstoodError if the text that could not be read says that it is newer."""
    match = _SPEC_VERSION.search(data)
    version = match[1].decode("ascii") if match else SPEC_VERSION
    newer = False
    with suppress(InputError):
        newer = is_newer(version)
    if newer:
        raise NotUnderstoodError(
            f"must be read with version {version} (this is {SPEC_VERSION}: {error.message})",
            path=error.path,
            remedy="Install a newer version of MLSpec, or ask for the sealed or binary form.",
        ) from error
