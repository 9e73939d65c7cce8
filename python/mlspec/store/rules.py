"""What may enter a store, decided in one place for every kind of store.

Numbers stand for the checks as `admit` makes them:
1. the record can be found: ids, namespace and step are as a header's must be;
2. its id, and its attempt at a step, belong to no other record;
3. a run that has its manifest takes only what the manifest names, and no second manifest;
4. a manifest names every record that the run has so far;
5. an event about an object is one that the object's state allows;
6. new work rests on no archived dataset version; on a deprecated one it warns.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from mlspec.errors import InputError, LimitError, StateError, StoreConflictError
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.records import body_of
from mlspec.store import objects
from mlspec.store.facts import EVENT_STAGE, MANIFEST_STAGE, Facts, require_findable
from mlspec.store.objects import ObjectRow, ObjectView, Occurrence
from mlspec.store.protocol import DeprecatedObjectWarning
from mlspec.store.usage import used_dataset_versions

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from mlspec import v1
    from mlspec.sealing import Sealed, Signature

MAX_SIGNATURES: Final = 64
"""The most signatures that an envelope has (`mlspec.v1.Envelope.signatures`)."""

SUCCEEDED: Final = 1
_ABOVE_PUT: Final = 3


class ObjectLookup(Protocol):
    """Anything that knows objects by id, a store too."""

    def object(self, object_id: str) -> ObjectRow | None:
        """Return the object of this id."""


class StoreView(ObjectView, Protocol):
    """What admitting a record needs to look up, inside the transaction that stores it."""

    def id_taken(self, record_id: str) -> bool:
        """Tell whether a record has this id."""

    def attempt_taken(self, run_id: str, step_name: str, attempt: int) -> bool:
        """Tell whether a record is of this attempt."""

    def manifest_of(self, run_id: str) -> Sealed | None:
        """Return the manifest that ended a run."""

    def digests_of(self, run_id: str) -> Iterable[bytes]:
        """Yield the SHA-256 of every record of a run."""


class Admission(NamedTuple):
    """What admitting a record comes to.

    Attributes:
        changed: The row of the object that the record's event changes.
        warnings: What to warn of when it is stored.
    """

    changed: ObjectRow | None
    warnings: tuple[str, ...]

    def warn(self) -> None:
        """Warn, after the record is safe: a warning may be made an error."""
        for message in self.warnings:
            warnings.warn(message, DeprecatedObjectWarning, stacklevel=_ABOVE_PUT)


def require_record(sealed: Sealed) -> None:
    """Raise InputError if an envelope holds something else than a record."""
    if sealed.payload_type != RECORD_PAYLOAD_TYPE:
        raise InputError(
            f"must be {RECORD_PAYLOAD_TYPE} (got {sealed.payload_type[:80]!r})",
            error_id="store.payload_type",
            path="payloadType",
            remedy="A store keeps records only.",
        )


def added_signatures(stored: Sealed, sealed: Sealed) -> list[Signature]:
    """Return the signatures that countersigning adds. Raises LimitError if there are too many."""
    known = {signature.sig for signature in stored.signatures}
    new = [signature for signature in sealed.signatures if signature.sig not in known]
    if len(known) + len(new) > MAX_SIGNATURES:
        raise LimitError(
            f"must be at most {MAX_SIGNATURES} (got {len(known) + len(new)})",
            error_id="limit.count",
            path="signatures",
        )
    return new


def admit(
    record: v1.Record, facts: Facts, sha256: bytes, sequence: int, view: StoreView
) -> Admission:
    """Check a record that is not in the store yet.

    Raises InputError, StoreConflictError, StateError.
    """
    require_findable(facts)
    _require_unclaimed(facts, view)
    manifest = view.manifest_of(facts.run_id)
    if manifest is not None:
        _require_named(manifest, facts, sha256)
    if facts.stage == MANIFEST_STAGE:
        _require_complete(record, facts, view)
    doubts = require_usable_data(record.header, body_of(record), view)
    changed = None
    if facts.stage == EVENT_STAGE and facts.state == SUCCEEDED:
        found = Occurrence(record.object_event, facts.namespace_name, sequence, sha256)
        changed = objects.apply(found, view)
    return Admission(changed, doubts)


def named_digests(manifest: v1.Record) -> list[bytes]:
    """Return the SHA-256 of each record that a run's manifest names, in its order."""
    return [bytes(each.record.digest.sha256) for each in manifest.run_manifest.entries]


def _require_unclaimed(facts: Facts, view: StoreView) -> None:
    """Raise StoreConflictError if another record has the id or the attempt (rule 2)."""
    if view.id_taken(facts.record_id):
        raise StoreConflictError(
            f"record id {facts.record_id} must be new",
            error_id="store.record_id",
            path="header.record_id",
            remedy="Make a new id for every record: a record is never sealed twice.",
        )
    if facts.step_name is None or facts.step_attempt is None:
        return
    if view.attempt_taken(facts.run_id, facts.step_name, facts.step_attempt):
        raise StoreConflictError(
            f"attempt {facts.step_attempt} at step {facts.step_name!r} must have one record",
            error_id="store.attempt",
            path="header.step_attempt",
            remedy="Count the attempt up, or leave step_name out for a record beside the step.",
        )


def _require_named(manifest: Sealed, facts: Facts, sha256: bytes) -> None:
    if facts.stage == MANIFEST_STAGE:
        raise StoreConflictError(
            f"run {facts.run_id} must have one manifest (it has {manifest.hex})",
            error_id="store.second_manifest",
            remedy="A run ends once.",
        )
    if sha256 not in named_digests(manifest.peek()):
        raise StoreConflictError(
            f"run {facts.run_id} must not have ended (its manifest is {manifest.hex})",
            error_id="store.run_ended",
            path="header.run_id",
            remedy="Start a new run; name this one's records as parents.",
        )


def _require_complete(record: v1.Record, facts: Facts, view: StoreView) -> None:
    named = set(named_digests(record))
    missing = [digest for digest in view.digests_of(facts.run_id) if digest not in named]
    if missing:
        raise StoreConflictError(
            f"manifest must name every record of the run (lacks {missing[0].hex()}"
            + (f" and {len(missing) - 1} more)" if len(missing) > 1 else ")"),
            error_id="store.manifest_incomplete",
            path="run_manifest.entries",
            remedy="Seal the manifest anew, from what the store holds now.",
        )


def require_usable_data(
    header: v1.RecordHeader, body: Message | None, view: ObjectLookup
) -> tuple[str, ...]:
    """Return what is doubtful about the dataset versions that work rests on.

    Raises StateError for an archived one.
    """
    doubts = []
    for object_id, path in used_dataset_versions(header, body).items():
        row = view.object(object_id)
        if row is not None and row.status == objects.ARCHIVED:
            raise _archived(row, path)
        if row is not None and row.status == objects.DEPRECATED:
            doubts.append(f"{path}: dataset version {row.name!r} is deprecated")
    return tuple(doubts)


def _archived(row: ObjectRow, path: str) -> StateError:
    """Make the error for new work on an archived dataset version."""
    return StateError(
        f"dataset version {row.name!r} must not be archived to start new work",
        error_id="object.archived",
        path=path,
        remedy="Use another version, or reactivate this one.",
    )
