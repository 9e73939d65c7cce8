"""What a run and its records stand in: the store, the pipeline, the records before them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from mlspec import v1
from mlspec.errors import StoreNotFoundError
from mlspec.records import reference
from mlspec.store import Store, open_store
from mlspec.store.walking import find

if TYPE_CHECKING:
    from google.protobuf.message import Message

StoreLike: TypeAlias = Store | str | os.PathLike[str]

_REFERENCE: Final = "mlspec.v1.RecordReference"


class RecordLog(Protocol):
    """Where a run logs the digests of its records, by which their order can be proven."""

    def add(self, reference: v1.RecordReference) -> object:
        """Log a record that was stored, durably when this returns; nothing if it was before."""

    def follow(self, store: Store, run_id: str) -> object:
        """Log what other processes of the run stored meanwhile."""

    def position(self) -> v1.RecordLogPosition:
        """Return how far the log has come: what its last signed checkpoint says."""


def opened(store: StoreLike) -> tuple[Store, str, bool]:
    """Return a store, the place to hand over, and whether it was opened here. Raises StoreError."""
    if isinstance(store, str | os.PathLike):
        return open_store(os.fspath(store)), os.fspath(store), True
    return store, store.url, False


def pipeline_reference(
    pipeline: str | v1.PipelineReference | None, version: str | None
) -> v1.PipelineReference | None:
    """Return a pipeline's reference, however it is given."""
    if pipeline is None or isinstance(pipeline, v1.PipelineReference):
        return pipeline
    return v1.PipelineReference(name=pipeline, version=version)


def found(store: Store, parent: bytes) -> v1.RecordReference:
    """Return a reference to a record of the store. Raises StoreNotFoundError."""
    row = store.row(parent)
    if row is None:
        raise StoreNotFoundError(f"must hold parent {parent.hex()} (it does not)", source=store.url)
    return row.reference


def settle_parents(
    header: v1.RecordHeader,
    body: Message,
    store: Store,
    default: Iterable[v1.RecordReference],
) -> None:
    """Name what a record rests on, where the store, the context or its own body knows it.

    An event about an object rests on the last one before it; a record that names no parent on
    those that the context handed over; and every record on those that its body names.
    """
    if isinstance(body, v1.ObjectEvent) and not body.HasField("previous_event"):
        row = store.object(body.object_id)
        if row is not None and body.action != v1.OBJECT_ACTION_CREATE:
            body.previous_event.CopyFrom(reference(row.event, v1.STAGE_OBJECT_EVENT))
            if body.previous_event not in header.parents:
                header.parents.append(body.previous_event)
    if not header.parents:
        header.parents.extend(default)
    for _, named in find(body, _REFERENCE, ""):
        if named not in header.parents:
            header.parents.append(cast("v1.RecordReference", named))
