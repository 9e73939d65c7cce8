"""What every store can do, whatever it keeps its records in."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeAlias

from mlspec.store.facts import UnverifiedRecord
from mlspec.store.objects import ObjectRow

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.sealing import Sealed, TrustPolicy
    from mlspec.store.lineage import LineageNode
    from mlspec.store.report import Report

DigestLike: TypeAlias = "v1.Digest | bytes | str"
Direction = Literal["up", "down"]
ArtifactUse = Literal["input", "output", "any"]


class DeprecatedObjectWarning(UserWarning):
    """New work rests on a dataset version that is deprecated."""


class Outcome(StrEnum):
    """What storing a record came to."""

    ADDED = "added"
    COUNTERSIGNED = "countersigned"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a store as it stands there, for verifying: nothing in it is to be believed.

    Attributes:
        sequence: Its place.
        key: What it is stored under: the SHA-256 that its payload should have.
        columns: Index columns by name, as far as the store keeps any.
        envelope: The stored envelope, in protobuf or JSON form.
    """

    sequence: int
    key: bytes
    columns: dict[str, Any]
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with what a store keeps beside its records.

    Attributes:
        message: What must hold and what came instead.
        record: The record it concerns. None: the store as a whole.
        grave: Whether the store fails for it; otherwise it is only noted.
    """

    message: str
    record: UnverifiedRecord | None = None
    grave: bool = True


class Store(Protocol):
    """Sealed records: added once, found again, never changed.

    What a query returns is unverified: `verify` checks all of a store, `mlspec.unseal` one record.
    A store may be shared by threads, and the same place by processes.
    """

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the store is, as `open_store` takes it, without a password."""

    @abstractmethod
    def put(self, sealed: Sealed) -> Outcome:
        """Store a record, durably when this returns. Storing it again changes nothing.

        An envelope of a record that is there already adds its new signatures.
        Raises StoreConflictError (record id or step attempt taken, run ended), StateError (object
        rules), InputError (no record, or too many signatures), StoreLockedError,
        StoreUnwritableError; then nothing was stored. Warns DeprecatedObjectWarning.
        """

    @abstractmethod
    def get(self, digest: DigestLike) -> Sealed:
        """Return the envelope stored under a digest. Raises StoreNotFoundError."""

    @abstractmethod
    def row(self, digest: DigestLike) -> UnverifiedRecord | None:
        """Return the row stored under a digest."""

    @abstractmethod
    def resolve(self, prefix: str) -> list[UnverifiedRecord]:
        """Return at most two records whose digest starts with these hex characters."""

    @abstractmethod
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

    @abstractmethod
    def children(self, digest: DigestLike) -> list[UnverifiedRecord]:
        """Return the records that name this one as a parent."""

    @abstractmethod
    def next_attempt(self, run: str, step: str) -> int:
        """Return the number that the next attempt at a step of a run has, from 1."""

    @abstractmethod
    def objects(
        self, *, kind: int | None = None, namespace: str | None = None, archived: bool = False
    ) -> Iterator[ObjectRow]:
        """Yield long-lived objects by creation; archived ones only if asked for."""

    @abstractmethod
    def object(self, object_id: str) -> ObjectRow | None:
        """Return one object, archived or not."""

    @abstractmethod
    def run_ids(self) -> Iterator[str]:
        """Yield the runs that have records, by their first record."""

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Yield every row as it stands, for verifying."""

    @abstractmethod
    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with indexes and the like, beside the rows themselves."""

    @abstractmethod
    def size(self) -> int:
        """Return how many records the store holds."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the store. Closing twice does nothing."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Return a context in which reads all see one moment, where the store can do that."""
        return nullcontext()

    def parents(self, digest: DigestLike) -> list[v1.RecordReference]:
        """Return the references to parents that the stored record holds, checked or not."""
        return list(self.get(digest).peek().header.parents)

    def lineage(
        self,
        digest: DigestLike,
        direction: Direction = "up",
        *,
        depth: int | None = None,
        limit: int = 10_000,
    ) -> list[LineageNode]:
        """Return the records above or below one, nearest first, each once, itself included.

        Raises StoreNotFoundError, and LimitError beyond `limit` records.
        """
        from mlspec.store.lineage import walk

        return walk(self, digest, direction, depth=depth, limit=limit)

    def verify(
        self, trust: TrustPolicy, *, at: datetime | None = None, allow_unfinished: bool = False
    ) -> Report:
        """Check every record, every index and every run. See `mlspec.store.verify_store`."""
        from mlspec.store.verification import verify_store

        return verify_store(self, trust, at=at, allow_unfinished=allow_unfinished)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
