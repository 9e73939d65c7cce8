"""One step of a run: a block that ends in one sealed record, however it ends."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from google.protobuf.message import Message

from mlspec import v1
from mlspec.emitting import naming
from mlspec.emitting.failing import failure_of
from mlspec.emitting.naming import ParentLike, PathLike
from mlspec.errors import (
    InputError,
    MLSpecError,
    StateError,
    StoreConflictError,
    UsageError,
    ValidationError,
)
from mlspec.records import new_record, now
from mlspec.sealing import Sealed, Signer
from mlspec.store import require_usable_data

if TYPE_CHECKING:
    from mlspec.emitting.run import Run

B = TypeVar("B", bound=Message)

_TRIES = 64
_SKIP_TAG = "skip_reason"


class Step(Generic[B]):
    """A step while it runs, and its record afterwards. `Run.step` makes one.

    Attributes:
        body: The message of the stage, to be filled in place.
        header: The header being built; state, tags and annotations may be edited.
        sealed: The record, once the block has ended. None: before, or if it could not be stored.
    """

    def __init__(self, run: Run, body: B, header: v1.RecordHeader, signer: Signer) -> None:
        self.body = body
        self.header = header
        self.sealed: Sealed | None = None
        self._run = run
        self._signer = signer

    @property
    def name(self) -> str:
        """The step's name."""
        return self.header.step_name

    @property
    def reference(self) -> v1.RecordReference:
        """The finished step's record, as other records name it. Raises UsageError before that."""
        if self.sealed is None:
            raise UsageError(
                f"step {self.name!r} must have ended to be named",
                error_id="step.unfinished",
                remedy="Name it after its `with` block.",
            )
        return self.sealed.reference

    def input(
        self,
        thing: PathLike | v1.Artifact | ParentLike,
        *,
        role: str | None = None,
        name: str | None = None,
        media_type: str | None = None,
        uri: str | None = None,
    ) -> v1.Artifact | v1.RecordReference:
        """Say what the step reads.

        A path is digested now and becomes an input, as an artifact does; a record, a reference or
        a finished step becomes a parent. Returns what now stands in the header.

        Raises UsageError, UnreadableError, InputError, TypeError, and StateError for an artifact
        of an archived dataset version.
        """
        if naming.is_parent(thing) or isinstance(thing, Step):
            return self.parent(thing)  # type: ignore[arg-type]
        artifact = naming.artifact_of(
            thing,  # type: ignore[arg-type]
            name=name,
            role=role,
            media_type=media_type,
            uri=uri,
        )
        self.header.inputs.append(artifact)
        if artifact.dataset_version_id:
            require_usable_data(self.header, None, self._run.store)
        return self.header.inputs[-1]

    def output(
        self,
        thing: PathLike | v1.Artifact,
        *,
        role: str | None = None,
        name: str | None = None,
        media_type: str | None = None,
        uri: str | None = None,
    ) -> v1.Artifact:
        """Say what the step made; a file or folder is digested now, so write it first.

        Returns the artifact in the header. Raises what `input` raises for artifacts.
        """
        artifact = naming.artifact_of(thing, name=name, role=role, media_type=media_type, uri=uri)
        artifact.producer_run_id = self._run.id
        self.header.outputs.append(artifact)
        return self.header.outputs[-1]

    def parent(self, record: ParentLike) -> v1.RecordReference:
        """Say which record the step rests on. Naming one twice changes nothing."""
        reference = naming.reference_of(record)
        for known in self.header.parents:
            if known == reference:
                return known
        self.header.parents.append(reference)
        return self.header.parents[-1]

    def tag(self, name: str, value: str | None = None) -> None:
        """Label the record; a tag of this name that is there gets the new value."""
        set_tag(self.header, name, value)

    def skip(self, reason: str) -> None:
        """Say that the step was not run, on purpose. The rest of the block still runs."""
        self.header.state = v1.RECORD_STATE_SKIPPED
        self.tag(_SKIP_TAG, reason)

    def cached(self, earlier: ParentLike) -> None:
        """Say that the step was not run, because `earlier` has its result. The block goes on."""
        self.header.state = v1.RECORD_STATE_CACHED
        self.parent(earlier)

    def __enter__(self) -> Self:
        self.header.start_time.CopyFrom(now())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.header.end_time.CopyFrom(now())
        self.header.create_time.CopyFrom(self.header.end_time)
        self._run.settle(self.header, self.body)
        if error is not None:
            self._record_failure(error)
            return
        try:
            self._store(self.header, self.body)
        except (ValidationError, InputError, StateError, UsageError) as problem:
            # The work is done and cannot be recorded as it is: that much goes on record.
            self._record_failure(problem)
            raise

    def _record_failure(self, error: BaseException) -> None:
        """Leave a FAILED record. Never raises: nothing may hide `error`."""
        header = v1.RecordHeader()
        header.CopyFrom(self.header)
        header.state = v1.RECORD_STATE_FAILED
        header.failure.CopyFrom(failure_of(error))
        bare = v1.RecordHeader()
        bare.CopyFrom(header)
        for field in ("inputs", "outputs", "parents", "tags", "annotations"):
            bare.ClearField(field)
        problem: Exception | None = None
        # What made the step fail may well be what makes its record invalid.
        for attempt, body in ((header, self.body), (header, None), (bare, None)):
            try:
                self._store(attempt, body)
            except Exception as another:  # noqa: BLE001
                problem = another
                if isinstance(another, ValidationError | InputError | StateError):
                    continue
            else:
                return
            break
        with suppress(Exception):
            error.add_note(f"mlspec: no FAILED record of step {self.name!r} was stored: {problem}")

    def _store(self, header: v1.RecordHeader, body: Message | None) -> None:
        """Seal and store, counting the attempt up where another process took it meanwhile."""
        for _ in range(_TRIES):
            record = v1.Record(header=header) if body is None else new_record(body, header)
            try:
                self.sealed = self._run.seal(record, self._signer)
            except StoreConflictError as conflict:
                if conflict.id != "store.attempt":
                    raise
                attempt = self._run.store.next_attempt(header.run_id, header.step_name)
                header.step_attempt = attempt
            else:
                return
        raise MLSpecError(
            f"step {self.name!r} must get an attempt of its own", error_id="step.attempts"
        )


def set_tag(header: v1.RecordHeader, name: str, value: str | None) -> None:
    """Put a tag into a header, in the place of one of the same name."""
    tag = next((tag for tag in header.tags if tag.name == name), None) or header.tags.add(name=name)
    tag.ClearField("value")
    if value is not None:
        tag.value = value
