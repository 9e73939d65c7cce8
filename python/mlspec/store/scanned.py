"""What stores that are plain files have in common: one writer at a time, an index in memory."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlspec.errors import StoreUnwritableError
from mlspec.sealing import Sealed
from mlspec.store import links, rules
from mlspec.store.facts import UnverifiedRecord, facts_of
from mlspec.store.file_lock import locked
from mlspec.store.links import LinkKind
from mlspec.store.memory import MemoryIndex, merged
from mlspec.store.objects import ARCHIVED, ObjectRow
from mlspec.store.places import as_digest, not_found, prefix_range, sha256_of
from mlspec.store.protocol import ArtifactUse, DigestLike, Outcome, Store

_KINDS = {
    "input": (LinkKind.INPUT,),
    "output": (LinkKind.OUTPUT,),
    "any": (LinkKind.INPUT, LinkKind.OUTPUT),
}


class ScannedStore(Store):
    """A store whose index is made anew by whoever opens it: for thousands of records, not millions.

    Subclasses know how records lie in files; everything else is here.
    """

    def __init__(self, path: Path, *, read_only: bool, timeout: float) -> None:
        self._path = path
        self._read_only = read_only
        self._timeout = timeout
        self._mutex = threading.RLock()
        self._index = MemoryIndex(self._load)

    @property
    def url(self) -> str:
        """Where the store is."""
        return str(self._path)

    @abstractmethod
    def _refresh(self) -> None:
        """Take into the index what other processes stored meanwhile."""

    @abstractmethod
    def _load(self, sha256: bytes) -> Sealed:
        """Read the envelope of an indexed record."""

    @abstractmethod
    def _append(self, sealed: Sealed, sequence: int) -> None:
        """Write a new record, durably."""

    @abstractmethod
    def _replace(self, stored: Sealed, whole: Sealed) -> None:
        """Write a record's envelope with more signatures, durably."""

    @abstractmethod
    def _last(self) -> int:
        """Return the sequence of the last record, readable or not. 0: there is none."""

    @property
    @abstractmethod
    def _lock_file(self) -> Path:
        """The file that a writer locks."""

    def put(self, sealed: Sealed) -> Outcome:
        """Store a record, durably when this returns. See `Store.put`."""
        if self._read_only:
            raise StoreUnwritableError("must be writable (opened read-only)", source=self.url)
        rules.require_record(sealed)
        record = sealed.peek()
        with self._mutex, locked(self._lock_file, self._timeout, self.url):
            self._refresh()
            if sealed.sha256 in self._index.rows:
                return self._countersign(sealed)
            facts, sequence = facts_of(record.header), self._last() + 1
            admission = rules.admit(record, facts, sealed.sha256, sequence, self._index)
            self._append(sealed, sequence)
            self._index.take_facts(facts, sealed.sha256, sequence)
            if admission.changed is not None:
                self._index.keep(admission.changed)
        admission.warn()
        return Outcome.ADDED

    def get(self, digest: DigestLike) -> Sealed:
        """Return the envelope stored under a digest. See `Store.get`."""
        sha256 = sha256_of(digest)
        with self._reading():
            if sha256 not in self._index.rows:
                raise not_found(sha256, self.url)
            return self._load(sha256)

    def row(self, digest: DigestLike) -> UnverifiedRecord | None:
        """Return the row stored under a digest."""
        with self._reading():
            return self._index.rows.get(sha256_of(digest))

    def resolve(self, prefix: str) -> list[UnverifiedRecord]:
        """Return at most two records whose digest starts with these hex characters."""
        low, high = prefix_range(prefix)
        with self._reading():
            return [row for key, row in self._index.rows.items() if low <= key <= high][:2]

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
        wanted = {"run_id": run, "stage": stage, "namespace_name": namespace, "step_name": step}
        given = {name: value for name, value in wanted.items() if value is not None}
        pointers = None
        if artifact is not None:
            digest = as_digest(artifact)
            pointers = {links.link_of(kind, digest) for kind in _KINDS[use]}
        with self._reading():
            rows = list(self._index.rows.values())
        found = (
            row
            for row in rows
            if all(getattr(row, name) == value for name, value in given.items())
            and (pointers is None or not pointers.isdisjoint(links.split(row.links)))
        )
        for count, row in enumerate(found):
            if limit is not None and count >= limit:
                return
            yield row

    def children(self, digest: DigestLike) -> list[UnverifiedRecord]:
        """Return the records that name this one as a parent."""
        link = links.parent_link(sha256_of(digest))
        return [row for row in self.records() if link in links.split(row.links)]

    def next_attempt(self, run: str, step: str) -> int:
        """Return the number that the next attempt at a step of a run has, from 1."""
        with self._reading():
            return self._index.next_attempt(run, step)

    def objects(
        self, *, kind: int | None = None, namespace: str | None = None, archived: bool = False
    ) -> Iterator[ObjectRow]:
        """Yield long-lived objects by creation; archived ones only if asked for."""
        with self._reading():
            rows = self._index.all()
        for row in rows:
            wanted = kind in (None, row.kind) and namespace in (None, row.namespace_name)
            if wanted and (archived or row.status != ARCHIVED):
                yield row

    def object(self, object_id: str) -> ObjectRow | None:
        """Return one object, archived or not."""
        with self._reading():
            return self._index.object(object_id)

    def run_ids(self) -> Iterator[str]:
        """Yield the runs that have records, by their first record."""
        with self._reading():
            return self._index.run_ids()

    def close(self) -> None:
        """Let go of the store. Nothing is held open between calls."""

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._mutex:
            self._refresh()
            yield

    def _countersign(self, sealed: Sealed) -> Outcome:
        stored = self._load(sealed.sha256)
        whole = merged(stored, sealed)
        if whole == stored:
            return Outcome.KNOWN
        self._replace(stored, whole)
        return Outcome.COUNTERSIGNED
