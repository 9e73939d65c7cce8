"""What the rules of a store look up, as SQL inside the transaction that stores a record."""

# ruff: noqa: S608 - statements are put together from constants; values are parameters.

from __future__ import annotations

from typing import Any, Final

from mlspec.sealing import Sealed
from mlspec.store.database import Database
from mlspec.store.facts import MANIFEST_STAGE, Facts
from mlspec.store.objects import ObjectRow
from mlspec.store.schema import OBJECT_COLUMNS
from mlspec.store.sql_rows import ALL_OBJECTS, find_object, object_row

# All that storing a record nearly always needs, in one statement: each costs as much as its work.
# The manifest's stage stands in the text, because only then does the partial index serve.
_PROBE: Final = (
    "SELECT (SELECT coalesce(max(sequence), 0) FROM records), "
    "(SELECT value FROM meta WHERE name = 'links_through'), "
    "(SELECT sequence FROM records WHERE sha256 = :sha256), "
    "(SELECT count(*) FROM records WHERE record_id = :record_id), "
    "(SELECT count(*) FROM records WHERE run_id = :run_id AND step_name = :step_name "
    "AND step_attempt = :step_attempt), "
    f"(SELECT envelope FROM records WHERE run_id = :run_id AND stage = {MANIFEST_STAGE})"
)
_DIGESTS: Final = "SELECT sha256 FROM records WHERE run_id = :run_id ORDER BY sequence"
_OBJECT_BY_NAME: Final = (
    f"{ALL_OBJECTS} WHERE kind = :kind "
    "AND namespace_name = :namespace_name AND name_key = :name_key"
)
_ADD_OBJECT: Final = (
    f"INSERT INTO objects ({', '.join(OBJECT_COLUMNS)}, name_key) VALUES "
    f"({', '.join(f':{column}' for column in OBJECT_COLUMNS)}, :name_key)"
)
_CHANGE_OBJECT: Final = (
    "UPDATE objects SET name = :name, name_key = :name_key, status = :status, "
    "changed = :changed, event = :event WHERE object_id = :object_id"
)


class SqlView:
    """What storing one record looks up, seen in the transaction that stores it.

    Attributes:
        last: The sequence of the last record. 0: there is none.
        through: The sequence up to which links are indexed.
        known: The sequence of the record itself. None: it is not there.
    """

    def __init__(self, database: Database, facts: Facts, sha256: bytes) -> None:
        """Look around. Raises StoreError."""
        self._database = database
        parameters = {
            "sha256": sha256,
            "record_id": facts.record_id,
            "run_id": facts.run_id,
            "step_name": facts.step_name,
            "step_attempt": facts.step_attempt,
        }
        row = database.run(_PROBE, parameters)[0]
        self.last, self.through, self.known, self._id_count, self._attempt_count = row[:5]
        self._manifest = row[5]

    def id_taken(self, record_id: str) -> bool:
        """Tell whether a record has the id of the one looked at."""
        return bool(self._id_count)

    def attempt_taken(self, run_id: str, step_name: str, attempt: int) -> bool:
        """Tell whether a record is of the attempt of the one looked at."""
        return bool(self._attempt_count)

    def manifest_of(self, run_id: str) -> Sealed | None:
        """Return the manifest that ended the run of the record looked at."""
        return None if self._manifest is None else Sealed.from_bytes(bytes(self._manifest))

    def digests_of(self, run_id: str) -> list[bytes]:
        """Return the SHA-256 of every record of a run."""
        return [bytes(row[0]) for row in self._database.run(_DIGESTS, {"run_id": run_id})]

    def object(self, object_id: str) -> ObjectRow | None:
        """Return the object of this id."""
        return find_object(self._database, object_id)

    def name_holder(self, kind: int, namespace_name: str, name_key: str) -> ObjectRow | None:
        """Return the object that holds this name and is not archived."""
        parameters = {
            "kind": kind,
            "namespace_name": namespace_name,
            "name_key": name_key,
        }
        rows = self._database.run(_OBJECT_BY_NAME, parameters)
        return object_row(rows[0]) if rows else None

    def keep(self, row: ObjectRow) -> None:
        """Write an object's row as an event leaves it."""
        values: dict[str, Any] = {column: getattr(row, column) for column in OBJECT_COLUMNS}
        values["name_key"] = row.name_key
        if row.created == row.changed:
            self._database.run(_ADD_OBJECT, values)
        else:
            changing = ("object_id", "name", "name_key", "status", "changed", "event")
            self._database.run(_CHANGE_OBJECT, {name: values[name] for name in changing})
