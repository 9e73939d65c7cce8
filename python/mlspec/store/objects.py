"""The long-lived objects that events tell of: their states and what may be done in each.

The events are the truth, and the rows that a store keeps are made from them: the same function
applies an event when it is stored and when a store is verified. Rules: docs/spec/objects.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from mlspec.errors import InputError, StateError

if TYPE_CHECKING:
    from mlspec import v1

CREATE, RENAME, DEPRECATE, ARCHIVE, REACTIVATE = 1, 2, 3, 4, 5
ACTIVE, DEPRECATED, ARCHIVED = 1, 2, 3

_FIRST_KIND_FIELD: Final = 6
STATUS_NAMES: Final = {ACTIVE: "active", DEPRECATED: "deprecated", ARCHIVED: "archived"}
KIND_NAMES: Final = (
    "object",
    "datastore",
    "dataset",
    "dataset_version",
    "dataset_view",
    "module",
    "module_version",
    "pipeline",
    "pipeline_version",
    "model",
    "model_version",
)
# A version belongs to what it is a version of, which must not be archived.
_OWNERS: Final = {
    "dataset_version": "dataset_id",
    "module_version": "module_id",
    "pipeline_version": "pipeline_id",
    "model_version": "model_id",
}
_FROM: Final = {
    RENAME: {ACTIVE, DEPRECATED},
    DEPRECATE: {ACTIVE},
    ARCHIVE: {ACTIVE, DEPRECATED},
    REACTIVATE: {DEPRECATED, ARCHIVED},
}
_TO: Final = {DEPRECATE: DEPRECATED, ARCHIVE: ARCHIVED, REACTIVATE: ACTIVE}
_VERBS: Final = {
    RENAME: "renamed",
    DEPRECATE: "deprecated",
    ARCHIVE: "archived",
    REACTIVATE: "reactivated",
}


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """An object as the events in a store leave it. Unverified.

    Attributes:
        object_id: UUIDv7.
        kind: A value of `mlspec.v1.ObjectKind`.
        namespace_name: The namespace of the event that created it.
        name: The name it has, or had when it was archived.
        status: A value of `mlspec.v1.ObjectStatus`.
        created: Sequence of the event that created it.
        changed: Sequence of the last event about it.
        event: SHA-256 of the record of that event.
    """

    object_id: str
    kind: int
    namespace_name: str
    name: str
    status: int
    created: int
    changed: int
    event: bytes

    @property
    def name_key(self) -> str | None:
        """What must be unique in kind and namespace. None: archived, the name is free."""
        return None if self.status == ARCHIVED else self.name.casefold()

    @property
    def kind_name(self) -> str:
        """The kind in snake case, or "kind 42"."""
        known = 0 < self.kind < len(KIND_NAMES)
        return KIND_NAMES[self.kind] if known else f"kind {self.kind}"

    @property
    def status_name(self) -> str:
        """The status as a word."""
        return STATUS_NAMES.get(self.status, f"status {self.status}")


class ObjectView(Protocol):
    """What applying an event needs to look up."""

    def object(self, object_id: str) -> ObjectRow | None:
        """Return the object of this id."""

    def name_holder(self, kind: int, namespace_name: str, name_key: str) -> ObjectRow | None:
        """Return the object that holds this name and is not archived."""


class Occurrence(NamedTuple):
    """An event as a store has it: what the record says, and which record it is."""

    event: v1.ObjectEvent
    namespace: str
    sequence: int
    sha256: bytes


def apply(found: Occurrence, view: ObjectView) -> ObjectRow:
    """Return the object's row after an event. Raises StateError, InputError, changing nothing."""
    row = _created(found, view) if found.event.action == CREATE else _changed(found, view)
    if row.name_key is not None:
        _require_free_name(row, view)
    return row


def _created(found: Occurrence, view: ObjectView) -> ObjectRow:
    event = found.event
    field = event.WhichOneof("created_object")
    if field is None or _kind_of(event, field) != event.object_kind:
        raise _malformed("object_kind", "must be the kind of the created object")
    created = getattr(event, field)
    attributes = created.attributes
    if attributes.id != event.object_id:
        raise _malformed(f"{field}.attributes.id", "must equal object_id")
    if attributes.status != ACTIVE:
        raise _malformed(f"{field}.attributes.status", "must be ACTIVE when it is created")
    if view.object(event.object_id) is not None:
        raise StateError(
            f"object {event.object_id} must not exist yet",
            error_id="object.exists",
            path="object_event.object_id",
            remedy="Ids are never used again: make a new one.",
        )
    owner_id = _owner_of(field, created)
    owner = view.object(owner_id) if owner_id else None
    if owner is not None and owner.status == ARCHIVED:
        raise StateError(
            f"{owner.kind_name} {owner.name!r} must not be archived to get a new {field}",
            error_id="object.owner_archived",
            path=f"object_event.{field}",
            remedy="Reactivate it first.",
        )
    return ObjectRow(
        object_id=event.object_id,
        kind=event.object_kind,
        namespace_name=found.namespace,
        name=attributes.name,
        status=ACTIVE,
        created=found.sequence,
        changed=found.sequence,
        event=found.sha256,
    )


def _kind_of(event: v1.ObjectEvent, field: str) -> int:
    """The kinds count as the fields of the oneof do."""
    return int(event.DESCRIPTOR.fields_by_name[field].number) - _FIRST_KIND_FIELD + 1


def _owner_of(field: str, created: object) -> str:
    if field == "dataset_view":
        return str(created.dataset_version.id)  # type: ignore[attr-defined]
    owner_field = _OWNERS.get(field)
    return str(getattr(created, owner_field)) if owner_field else ""


def _changed(found: Occurrence, view: ObjectView) -> ObjectRow:
    event = found.event
    row = view.object(event.object_id)
    if row is None:
        raise StateError(
            f"object {event.object_id} must have been created in this store",
            error_id="object.unknown",
            path="object_event.object_id",
            remedy="Store the event that created it first.",
        )
    if (row.kind, row.namespace_name) != (event.object_kind, found.namespace):
        raise StateError(
            f"must name a {row.kind_name} of namespace {row.namespace_name}, as it was created",
            error_id="object.mismatch",
            path="object_event.object_kind",
        )
    if row.status not in _FROM.get(event.action, ()):
        verb = _VERBS.get(event.action, "changed")
        raise StateError(
            f"{row.kind_name} {row.name!r} is {row.status_name} and cannot be {verb}",
            error_id="object.transition",
            path="object_event.action",
            remedy="Reactivate it first." if row.status == ARCHIVED else "",
        )
    if event.HasField("previous_event") and event.previous_event.digest.sha256 != row.event:
        raise StateError(
            f"must be the last event about the object ({row.event.hex()})",
            error_id="object.previous_event",
            path="object_event.previous_event",
            remedy="Somebody changed the object meanwhile: look at it, then seal a new event.",
        )
    return replace(
        row,
        name=event.new_name if event.HasField("new_name") else row.name,
        status=_TO.get(event.action, row.status),
        changed=found.sequence,
        event=found.sha256,
    )


def _require_free_name(row: ObjectRow, view: ObjectView) -> None:
    holder = view.name_holder(row.kind, row.namespace_name, row.name.casefold())
    if holder is not None and holder.object_id != row.object_id:
        raise StateError(
            f"{row.kind_name} name {row.name!r} must be free (object {holder.object_id} has it, "
            "perhaps in another case)",
            error_id="object.name_taken",
            path="object_event",
            remedy="Choose another name, or archive the object that has it.",
        )


def _malformed(path: str, rule: str) -> InputError:
    return InputError(rule, error_id="object_event.malformed", path=f"object_event.{path}")
