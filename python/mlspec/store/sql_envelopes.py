"""Envelopes into and out of the database. Loaded at first use: listing records needs none of it."""

# ruff: noqa: S608 - statements are put together from constants; values are parameters.

from __future__ import annotations

from typing import Any, Final

from mlspec import v1
from mlspec.codec import encode
from mlspec.errors import InputError, StoreCorruptError
from mlspec.sealing import Sealed
from mlspec.store import rules, sql_links
from mlspec.store.database import Database
from mlspec.store.facts import Facts, facts_of
from mlspec.store.places import not_found
from mlspec.store.protocol import Outcome
from mlspec.store.schema import INDEX_COLUMNS
from mlspec.store.sql_rows import RECORD_COLUMNS
from mlspec.store.sql_view import SqlView

_STORED: Final = "SELECT envelope FROM records WHERE sha256 = :sha256"
_ADD: Final = (
    f"INSERT INTO records ({RECORD_COLUMNS}, envelope) VALUES "
    f"({', '.join(f':{column}' for column in INDEX_COLUMNS)}, :sequence, :sha256, :envelope)"
)
_GROW: Final = "UPDATE records SET envelope = :envelope WHERE sequence = :sequence"


def put(database: Database, sealed: Sealed) -> Outcome:
    """Store a record in one transaction. See `Store.put`."""
    rules.require_record(sealed)
    record = sealed.peek()
    facts = facts_of(record.header)
    with database.transaction(write=True):
        view = SqlView(database, facts, sealed.sha256)
        if view.known is not None:
            return _countersign(database, view.known, sealed)
        admission = rules.admit(record, facts, sealed.sha256, view.last + 1, view)
        _add(database, sealed, facts, view)
        if admission.changed is not None:
            view.keep(admission.changed)
    admission.warn()
    return Outcome.ADDED


def get(database: Database, sha256: bytes) -> Sealed:
    """Return the envelope stored under a digest. See `Store.get`."""
    rows = database.query(_STORED, {"sha256": sha256})
    if not rows:
        raise not_found(sha256, database.place)
    try:
        sealed = Sealed.from_bytes(bytes(rows[0][0]))
    except InputError as error:
        raise _corrupt(sha256, database) from error
    if sealed.sha256 != sha256:
        raise _corrupt(sha256, database)
    return sealed


def _add(database: Database, sealed: Sealed, facts: Facts, view: SqlView) -> None:
    row: dict[str, Any] = {column: getattr(facts, column) for column in INDEX_COLUMNS}
    row["sequence"] = view.last + 1
    row["sha256"] = sealed.sha256
    row["envelope"] = sealed.to_bytes()
    database.run(_ADD, row)
    sql_links.advance(database, view.through, view.last + 1)


def _countersign(database: Database, sequence: int, sealed: Sealed) -> Outcome:
    """Append new signatures to the stored bytes, which stay as they are."""
    envelope = bytes(database.run(_STORED, {"sha256": sealed.sha256})[0][0])
    new = rules.added_signatures(Sealed.from_bytes(envelope), sealed)
    if not new:
        return Outcome.KNOWN
    added = v1.Envelope(
        signatures=[v1.Signature(sig=each.sig, keyid=each.keyid or None) for each in new]
    )
    database.run(_GROW, {"envelope": envelope + encode(added), "sequence": sequence})
    return Outcome.COUNTERSIGNED


def _corrupt(sha256: bytes, database: Database) -> StoreCorruptError:
    return StoreCorruptError(
        f"record {sha256.hex()} must have the payload that it is stored under",
        source=database.place,
        remedy="It was changed in the store; `mlspec verify` shows what else was.",
    )
