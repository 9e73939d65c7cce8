"""What a store knows about a record without believing it: the columns it can be found by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from mlspec.errors import InputError
from mlspec.store import links

# What only some calls need is imported there: listing records is to start as fast as it lists.
if TYPE_CHECKING:
    from mlspec import v1

MANIFEST_STAGE: Final = 17
"""`STAGE_RUN_MANIFEST`."""
EVENT_STAGE: Final = 14
"""`STAGE_OBJECT_EVENT`."""

_MAX_NAME: Final = 255
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the header of a record says, as far as records are found by it. Unverified.

    Attributes:
        record_id: UUIDv7.
        run_id: UUIDv7.
        stage: A value of `mlspec.v1.Stage`, perhaps a newer one.
        namespace_name: The namespace.
        pipeline_name: The pipeline. None: outside any.
        step_name: The step. None: about the run as a whole.
        step_attempt: From 1. None: not of a step.
        state: A value of `mlspec.v1.RecordState`.
        create_time: Microseconds since 1970, by the writer's clock.
        links: Parents and artifacts, as `mlspec.store.links` packs them.
    """

    record_id: str
    run_id: str
    stage: int
    namespace_name: str
    pipeline_name: str | None
    step_name: str | None
    step_attempt: int | None
    state: int
    create_time: int
    links: bytes


@dataclass(frozen=True, slots=True)
class UnverifiedRecord(Facts):
    """A record as a store's index shows it. Nobody has checked a signature for it.

    Attributes:
        sequence: Its place in the store, from 1, in the order of storing.
        sha256: The digest that it is stored under, 32 bytes.
    """

    sequence: int
    sha256: bytes

    @property
    def hex(self) -> str:
        """The digest as 64 hex characters."""
        return self.sha256.hex()

    @property
    def digest(self) -> v1.Digest:
        """The digest as a message."""
        from mlspec import digests

        return digests.make(self.sha256)

    @property
    def reference(self) -> v1.RecordReference:
        """A reference by which another record can name this one as a parent."""
        from mlspec import records, v1

        return records.reference(self.sha256, v1.Stage.ValueType(self.stage))

    @property
    def created(self) -> datetime:
        """When the writer says that it was finished."""
        return _EPOCH + timedelta(microseconds=self.create_time)

    @property
    def parents(self) -> list[bytes]:
        """The SHA-256 of each parent's payload."""
        return links.parents(self.links)


def facts_of(header: v1.RecordHeader) -> Facts:
    """Return the facts of a header, whether or not it is valid."""
    of_pipeline = header.HasField("pipeline")
    of_step = header.HasField("step_name")
    return Facts(
        record_id=header.record_id,
        run_id=header.run_id,
        stage=header.stage,
        namespace_name=header.namespace_name,
        pipeline_name=header.pipeline.name if of_pipeline else None,
        step_name=header.step_name if of_step else None,
        step_attempt=header.step_attempt if header.HasField("step_attempt") else None,
        state=header.state,
        create_time=header.create_time.seconds * 1_000_000 + header.create_time.nanos // 1000,
        links=links.links_of(header),
    )


def require_findable(facts: Facts) -> None:
    """Raise InputError if the header lacks what a record is found by.

    Sealing refuses such records; this is for envelopes that came from elsewhere.
    """
    from mlspec.records import is_id

    named = {"record_id": facts.record_id, "run_id": facts.run_id}
    for name, value in named.items():
        if not is_id(value):
            raise _unfindable(name, "must be a UUID version 7")
    if facts.stage <= 0:
        raise _unfindable("stage", "must be set")
    if not 0 < len(facts.namespace_name) <= _MAX_NAME:
        raise _unfindable("namespace_name", f"must have 1 to {_MAX_NAME} characters")
    if max(len(facts.step_name or ""), len(facts.pipeline_name or "")) > _MAX_NAME:
        raise _unfindable("step_name", f"must have at most {_MAX_NAME} characters")
    if (facts.step_name is None) != (facts.step_attempt is None):
        raise _unfindable("step_attempt", "must be set exactly when step_name is")


def _unfindable(field: str, rule: str) -> InputError:
    return InputError(
        rule,
        error_id="store.header",
        path=f"header.{field}",
        remedy="Seal the record with MLSpec, which refuses an invalid header.",
    )
