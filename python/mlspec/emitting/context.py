"""Handing a run on to another process, as trace context does: by environment variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from mlspec import v1
from mlspec.digests import from_hex, to_hex
from mlspec.errors import InputError, UsageError
from mlspec.records import is_id

RUN_ID: Final = "MLSPEC_RUN_ID"
STORE: Final = "MLSPEC_STORE"
NAMESPACE: Final = "MLSPEC_NAMESPACE"
PIPELINE: Final = "MLSPEC_PIPELINE"
PIPELINE_VERSION: Final = "MLSPEC_PIPELINE_VERSION"
PIPELINE_DIGEST: Final = "MLSPEC_PIPELINE_DIGEST"
PARENT_RUN_ID: Final = "MLSPEC_PARENT_RUN_ID"
PARENTS: Final = "MLSPEC_PARENTS"

_MAX_PARENTS: Final = 4096


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a process must know to go on with a run. Keys and passwords are none of it.

    Attributes:
        run_id: The run.
        store: Where its records are.
        namespace: The namespace.
        pipeline: The pipeline. None: the run is of none.
        parent_run_id: The run that started this one. Empty: none.
        parents: SHA-256 of the records that the next steps rest on.
    """

    run_id: str
    store: str
    namespace: str
    pipeline: v1.PipelineReference | None
    parent_run_id: str
    parents: tuple[bytes, ...]

    def to_environ(self) -> dict[str, str]:
        """Return the variables; those that would be empty are left out."""
        found = {
            RUN_ID: self.run_id,
            STORE: self.store,
            NAMESPACE: self.namespace,
            PARENT_RUN_ID: self.parent_run_id,
            PARENTS: ",".join(parent.hex() for parent in self.parents),
        }
        if self.pipeline is not None:
            found[PIPELINE] = self.pipeline.name
            found[PIPELINE_VERSION] = self.pipeline.version
            if self.pipeline.HasField("definition_digest"):
                found[PIPELINE_DIGEST] = to_hex(self.pipeline.definition_digest)
        return {name: value for name, value in found.items() if value}

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables. Raises UsageError if they are not those of a run."""
        missing = [name for name in (RUN_ID, STORE, NAMESPACE) if not environ.get(name)]
        if missing:
            raise UsageError(
                f"{missing[0]} must be set to resume a run",
                error_id="run.context",
                remedy="Start the process with the variables of `run.context()`.",
            )
        run_id, parent_run_id = environ[RUN_ID], environ.get(PARENT_RUN_ID, "")
        for name, value in ((RUN_ID, run_id), (PARENT_RUN_ID, parent_run_id)):
            if value and not is_id(value):
                raise UsageError(f"{name} must be a UUID version 7", error_id="run.context")
        return cls(
            run_id=run_id,
            store=environ[STORE],
            namespace=environ[NAMESPACE],
            pipeline=_pipeline(environ),
            parent_run_id=parent_run_id,
            parents=_digests(environ.get(PARENTS, "").split(",")),
        )


def _pipeline(environ: Mapping[str, str]) -> v1.PipelineReference | None:
    if not environ.get(PIPELINE):
        return None
    pipeline = v1.PipelineReference(name=environ[PIPELINE])
    if environ.get(PIPELINE_VERSION):
        pipeline.version = environ[PIPELINE_VERSION]
    if environ.get(PIPELINE_DIGEST):
        pipeline.definition_digest.CopyFrom(_digest(environ[PIPELINE_DIGEST], PIPELINE_DIGEST))
    return pipeline


def _digests(texts: Sequence[str]) -> tuple[bytes, ...]:
    given = [text for text in texts if text]
    if len(given) > _MAX_PARENTS:
        raise UsageError(f"{PARENTS} must name at most {_MAX_PARENTS}", error_id="run.context")
    return tuple(bytes(_digest(text, PARENTS).sha256) for text in given)


def _digest(text: str, name: str) -> v1.Digest:
    try:
        return from_hex(text)
    except InputError as error:
        raise UsageError(f"{name} {error.message}", error_id="run.context") from error
