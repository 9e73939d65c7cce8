"""The SQL store: an SQLite file by default, any engine with a dialect by URL."""

# ruff: noqa: S608 - statements are put together from constants; values are parameters.

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final

from mlspec.store import links, sql_faults, sql_links
from mlspec.store.facts import UnverifiedRecord
from mlspec.store.links import LinkKind
from mlspec.store.objects import ARCHIVED, ObjectRow
from mlspec.store.places import as_digest, prefix_range, sha256_of
from mlspec.store.protocol import ArtifactUse, DigestLike, Entry, Fault, Outcome, Store
from mlspec.store.schema import INDEX_COLUMNS
from mlspec.store.sql_rows import (
    ALL_OBJECTS,
    RECORD_COLUMNS,
    as_bytes,
    find_object,
    object_row,
    unverified,
)

if TYPE_CHECKING:
    from mlspec.sealing import Sealed
    from mlspec.store.database import Database

_PAGE: Final = 1024
_MANY: Final = 1 << 62
_USES: Final[dict[str, tuple[LinkKind, ...]]] = {
    "input": (LinkKind.INPUT,),
    "output": (LinkKind.OUTPUT,),
    "any": (LinkKind.INPUT, LinkKind.OUTPUT),
}

_ROW: Final = f"SELECT {RECORD_COLUMNS} FROM records WHERE sha256 = :sha256"
_RANGE: Final = (
    f"SELECT {RECORD_COLUMNS} FROM records WHERE sha256 >= :low AND sha256 <= :high LIMIT 2"
)
_ATTEMPT: Final = (
    "SELECT coalesce(max(step_attempt), 0) + 1 FROM records "
    "WHERE run_id = :run_id AND step_name = :step_name"
)
_RUNS: Final = "SELECT run_id FROM records GROUP BY run_id ORDER BY min(sequence)"
_ENTRIES: Final = (
    f"SELECT sequence, sha256, envelope, {', '.join(INDEX_COLUMNS)} FROM records "
    "WHERE sequence > :after ORDER BY sequence LIMIT :page"
)


class SqlStore(Store):
    """A store in a database. `mlspec.open_store` makes one."""

    def __init__(self, database: Database, url: str) -> None:
        self._database = database
        self._url = url

    @property
    def url(self) -> str:
        """Where the store is."""
        return self._url

    def put(self, sealed: Sealed) -> Outcome:
        """Store a record, durably when this returns. See `Store.put`."""
        from mlspec.store import sql_envelopes

        return sql_envelopes.put(self._database, sealed)

    def get(self, digest: DigestLike) -> Sealed:
        """Return the envelope stored under a digest. See `Store.get`."""
        from mlspec.store import sql_envelopes

        return sql_envelopes.get(self._database, sha256_of(digest))

    def row(self, digest: DigestLike) -> UnverifiedRecord | None:
        """Return the row stored under a digest."""
        rows = self._database.query(_ROW, {"sha256": sha256_of(digest)})
        return unverified(rows[0]) if rows else None

    def resolve(self, prefix: str) -> list[UnverifiedRecord]:
        """Return at most two records whose digest starts with these hex characters."""
        low, high = prefix_range(prefix)
        rows = self._database.query(_RANGE, {"low": low, "high": high})
        return [unverified(row) for row in rows]

    def records(
        self,
        *,
        run: str | None = None,
        stage: int | None = None,
        artifact: DigestLike | None = None,
        use: ArtifactUse = "any",
        namespace: str | None = None,
        step: str | None = None,
        limit: int | None = None,
    ) -> Iterator[UnverifiedRecord]:
        """Yield the records that match everything given, in the order of storing."""
        # In the order of how few rows each is likely to leave.
        wanted = {"run_id": run, "step_name": step, "namespace_name": namespace, "stage": stage}
        given = {column: value for column, value in wanted.items() if value is not None}
        pointers: set[bytes] = set()
        if artifact is not None:
            digest = as_digest(artifact)
            pointers = {links.link_of(kind, digest) for kind in _USES[use]}
        return self._pages(given, pointers, limit)

    def children(self, digest: DigestLike) -> list[UnverifiedRecord]:
        """Return the records that name this one as a parent."""
        link = links.parent_link(sha256_of(digest))
        return list(self._pages({}, {link}, None))

    def next_attempt(self, run: str, step: str) -> int:
        """Return the number that the next attempt at a step of a run has, from 1."""
        return int(self._database.query(_ATTEMPT, {"run_id": run, "step_name": step})[0][0])

    def objects(
        self, *, kind: int | None = None, namespace: str | None = None, archived: bool = False
    ) -> Iterator[ObjectRow]:
        """Yield long-lived objects by creation; archived ones only if asked for."""
        wanted = {"kind": kind, "namespace_name": namespace}
        parameters = {name: value for name, value in wanted.items() if value is not None}
        conditions = [f"{column} = :{column}" for column in parameters]
        if not archived:
            conditions.append(f"status <> {ARCHIVED}")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        rows = self._database.query(f"{ALL_OBJECTS}{where} ORDER BY created", parameters)
        return (object_row(row) for row in rows)

    def object(self, object_id: str) -> ObjectRow | None:
        """Return one object, archived or not."""
        return find_object(self._database, object_id)

    def run_ids(self) -> Iterator[str]:
        """Yield the runs that have records, by their first record."""
        return (row[0] for row in self._database.query(_RUNS))

    def entries(self) -> Iterator[Entry]:
        """Yield every row as it stands, for verifying."""
        after = -_MANY
        while True:
            page = self._database.query(_ENTRIES, {"after": after, "page": _PAGE})
            for sequence, sha256, envelope, *columns in page:
                named = dict(zip(INDEX_COLUMNS, columns, strict=True))
                yield Entry(sequence, as_bytes(sha256), named, as_bytes(envelope))
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with indexes and the like, beside the rows themselves."""
        return sql_faults.find(self._database)

    def size(self) -> int:
        """Return how many records the store holds."""
        return int(self._database.query("SELECT count(*) FROM records")[0][0])

    def snapshot(self) -> AbstractContextManager[None]:
        """Return a context in which reads all see one moment; writers go on meanwhile."""
        return self._database.transaction(write=False)

    def close(self) -> None:
        """Let go of the store. Closing twice does nothing."""
        self._database.close()

    def _pages(
        self, given: dict[str, Any], pointers: set[bytes], limit: int | None
    ) -> Iterator[UnverifiedRecord]:
        sql = sql_links.records_where(self._database.dialect, list(given), len(pointers))
        parameters = given | {f"link{n}": link for n, link in enumerate(sorted(pointers))}
        after, left = 0, _MANY if limit is None else limit
        while left > 0:
            page = min(_PAGE, left)
            rows = self._database.query(sql, {**parameters, "after": after, "page": page})
            for row in rows:
                found = unverified(row)
                # Bytes that only look like a link may stand across two of them.
                if not pointers or not pointers.isdisjoint(links.split(found.links)):
                    left -= 1
                    yield found
            if len(rows) < page:
                return
            after = rows[-1][-2]
