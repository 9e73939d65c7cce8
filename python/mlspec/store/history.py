"""The events about objects, applied once more to see that the rows are where they lead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlspec.errors import MLSpecError, VerificationError
from mlspec.store import objects
from mlspec.store.facts import Facts
from mlspec.store.objects import ObjectRow, Occurrence
from mlspec.store.report import Line, Verdict
from mlspec.store.rules import SUCCEEDED

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.store.protocol import Store


class ObjectHistory:
    """Objects as a store's events leave them."""

    def __init__(self) -> None:
        self._rows: dict[str, ObjectRow] = {}
        self._names: dict[tuple[int, str, str], str] = {}

    def object(self, object_id: str) -> ObjectRow | None:
        """Return the object of this id."""
        return self._rows.get(object_id)

    def name_holder(self, kind: int, namespace_name: str, name_key: str) -> ObjectRow | None:
        """Return the object that holds this name and is not archived."""
        holder = self._names.get((kind, namespace_name, name_key))
        return None if holder is None else self._rows[holder]

    def all(self) -> list[ObjectRow]:
        """Return every object by its creation."""
        return sorted(self._rows.values(), key=lambda row: row.created)

    def add(self, record: v1.Record, facts: Facts, sequence: int, sha256: bytes) -> None:
        """Apply an event. Raises VerificationError if the objects so far forbid it."""
        if facts.state != SUCCEEDED:
            return
        try:
            found = Occurrence(record.object_event, facts.namespace_name, sequence, sha256)
            self.keep(objects.apply(found, self))
        except MLSpecError as error:
            raise VerificationError(
                error.message, error_id=error.id, path=error.path, remedy=error.remedy
            ) from error

    def keep(self, row: ObjectRow) -> None:
        """Take in an object's row as an event leaves it."""
        before = self._rows.get(row.object_id)
        if before is not None and before.name_key is not None:
            del self._names[_place(before, before.name_key)]
        self._rows[row.object_id] = row
        if row.name_key is not None:
            self._names[_place(row, row.name_key)] = row.object_id

    def lines(self, store: Store) -> Iterator[Line]:
        """Yield a line for each object whose row is not where its events lead."""
        stored = {row.object_id: row for row in store.objects(archived=True)}
        for object_id in sorted(stored.keys() | self._rows.keys()):
            row, expected = stored.get(object_id), self._rows.get(object_id)
            if row == expected:
                continue
            message = "must be as its events say"
            if row is None or expected is None:
                message = "must have events" if expected is None else "must have a row"
            label = (row or expected or _NOTHING).kind_name
            yield Line(Verdict.FAIL, "object", object_id, label, message, id="object.row")


_NOTHING = ObjectRow("", 0, "", "", 0, 0, 0, b"")


def _place(row: ObjectRow, name_key: str) -> tuple[int, str, str]:
    return row.kind, row.namespace_name, name_key
