"""Reading statements, from whoever made them, so that no two readers see two things.

The payload is read after its signature was verified, like a record.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from mlspec import v1
from mlspec.codec import DEFAULT_LIMITS, Limits, from_dict, parse_json
from mlspec.errors import NotUnderstoodError
from mlspec.exporters.statement import PREDICATES, STATEMENT_TYPE, Statement, predicate_type
from mlspec.exporters.subjects import Subject, bad, read_sha256, read_subjects, subjects_of
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.sealing.acceptance import judge

# The record lies two objects deep.
_LIMITS: Final = Limits(max_depth=DEFAULT_LIMITS.max_depth + 2)
_EXACT: Final = 1 << 53
_MAX_TYPE: Final = 512


def read_statement(payload: bytes, *, understands: Collection[str] = ()) -> Statement:
    """Read the payload of an in-toto Statement v1.

    A predicate of MLSpec's must hold a whole record that keeps the rules, whose stage is that of
    the type and whose outputs are the subjects. One of somebody else is returned as it is.
    `understands` names the must-understand annotations that the caller acts on.

    Raises DecodeError for a subject that is named twice, has another digest than one SHA-256 in
    lower-case hex, or a name that leads somewhere; for members that are one in another spelling;
    for whole numbers beyond 2^53; and for what is no statement. UnknownFieldsError, LimitError;
    ValidationError and NotUnderstoodError for the record.
    """
    document = parse_json(payload, limits=_LIMITS)
    _check_plain(document, "")
    if not isinstance(document, dict) or document.get("_type") != STATEMENT_TYPE:
        raise bad(f"must be {STATEMENT_TYPE}", "_type", "type")
    subjects = read_subjects(document.get("subject"))
    kind, predicate = document.get("predicateType"), document.get("predicate")
    if not isinstance(kind, str) or not 0 < len(kind) <= _MAX_TYPE:
        raise bad("must be a string", "predicateType")
    if not isinstance(predicate, dict):
        raise bad("must be an object", "predicate")
    if not kind.startswith(PREDICATES):
        return Statement(subjects, kind, predicate)
    return _of_record(subjects, kind, predicate, understands)


def _of_record(
    subjects: tuple[Subject, ...],
    kind: str,
    predicate: dict[str, Any],
    understands: Collection[str],
) -> Statement:
    if set(predicate) != {"sealedRecord", "record"}:
        raise bad("must have sealedRecord and record, and nothing else", "predicate")
    sealed = predicate["sealedRecord"]
    digest = sealed.get("digest") if isinstance(sealed, dict) else None
    if not isinstance(digest, dict) or list(digest) != ["sha256"]:
        raise bad("must have a SHA-256, and nothing beside it", "predicate.sealedRecord", "digest")
    if sealed.get("mediaType") != RECORD_PAYLOAD_TYPE:
        raise bad(f"must be {RECORD_PAYLOAD_TYPE}", "predicate.sealedRecord.mediaType")
    sha256 = read_sha256(digest["sha256"], "predicate.sealedRecord.digest.sha256")
    record = _record(predicate["record"], understands)
    if kind != predicate_type(record.header.stage):
        words = f"must be that of the record, {predicate_type(record.header.stage)}"
        raise bad(words, "predicateType", "type")
    if subjects != subjects_of(record.header.outputs):
        raise bad("must be the outputs of the record", "subject", "subject")
    return Statement(subjects, kind, predicate, record, sha256)


def _record(value: Any, understands: Collection[str]) -> v1.Record:
    record = from_dict(v1.Record, value, limits=_LIMITS)
    # The signature is over the copy alone: whether it keeps the rules, nobody has looked yet.
    judged = judge(record, None, understands=understands)
    if judged.doubts:
        raise NotUnderstoodError(
            f"must be understood in full ({judged.doubts[0]})",
            path="predicate.record",
            remedy="Install a newer version of MLSpec, or ask for the sealed record.",
        )
    return record


def _check_plain(value: Any, path: str) -> None:
    """Refuse what readers differ about, at any depth."""
    if isinstance(value, dict):
        spellings: dict[str, str] = {}
        for key, item in value.items():
            twin = spellings.setdefault(key.replace("_", "").casefold(), key)
            if twin != key:
                raise bad(f"must be given once (got {twin!r} and {key!r})", path, "twins")
            _check_plain(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_plain(item, f"{path}[{index}]")
    elif isinstance(value, int) and abs(value) > _EXACT:
        raise bad("must be quoted, for readers lose digits beyond 2^53", path, "number")
