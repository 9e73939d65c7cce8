"""A run: what ties the records of one execution together, in one process or several."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from google.protobuf.message import Message

from mlspec import v1
from mlspec.emitting.closing import seal_manifest
from mlspec.emitting.context import RunContext
from mlspec.emitting.environment import capture_environment
from mlspec.emitting.naming import ParentLike, artifact_of, reference_of
from mlspec.emitting.step import Step, set_tag
from mlspec.emitting.surroundings import (
    RecordLog,
    StoreLike,
    found,
    opened,
    pipeline_reference,
    settle_parents,
)
from mlspec.errors import UsageError
from mlspec.records import new_header, new_id, new_record, stage_name, stage_of
from mlspec.sealing import Sealed, Signer, SignerSource, load_signer, seal
from mlspec.store import require_usable_data

B = TypeVar("B", bound=Message)

_NOBODY: Final = -1


class Run:
    """One execution of a pipeline, whose steps leave sealed records in a store.

    ```python
    with mlspec.Run("loan-approval", store="mlspec.db", signer="keys/trainer.pem") as run:
        with run.step(v1.ModelTraining(algorithm="logistic regression")) as step:
            step.input("train.parquet", role="training data")
            step.output("model.joblib", role="model")
    ```

    Leaving the block seals a `RunManifest` of all records of the run. A run may be used by several
    threads, and goes on in other processes by `context` and `resume`.

    Attributes:
        id: The run's id, a UUID version 7.
        namespace: The namespace of its records.
        store: Where they go.
        signer: Who signs unless a step says otherwise.
        environment: Where it happens, as captured when it began; it stands in every record.
        parents: What steps that name no parent rest on: the parents that a context handed over.
    """

    def __init__(
        self,
        pipeline: str | v1.PipelineReference | None,
        *,
        store: StoreLike,
        signer: SignerSource,
        namespace: str = "default",
        pipeline_version: str | None = None,
        actor: v1.Actor | None = None,
        tags: Mapping[str, str] | None = None,
        environment: v1.Environment | None = None,
        parent_run_id: str | None = None,
        allowed_options: Iterable[str] = (),
        record_log: RecordLog | None = None,
    ) -> None:
        """Start a run.

        Args:
            pipeline: The pipeline's name, or a reference with the digest of its definition. None:
                a script of no pipeline.
            store: A store, or what `mlspec.open_store` takes.
            signer: A private key's path or PEM bytes, or anything that signs.
            namespace: What names are unique in and trust is given for.
            pipeline_version: The pipeline's version, with a name.
            actor: On whose behalf.
            tags: Labels of every record.
            environment: In the place of what would be captured.
            parent_run_id: The run that started this one.
            allowed_options: Options of the command line whose values may be kept, such as "--data".
            record_log: Where the digest of each record goes once it is stored, for example a
                `mlspec.requestlog.record_log.RecordLog`; the run does not close it.

        Raises:
            KeyFileError: The key cannot be used.
            StoreError: The store cannot be opened.
        """
        self.id = new_id()
        self.namespace = namespace
        self.signer = load_signer(signer)
        self.environment = environment or capture_environment(frozenset(allowed_options))
        self.parents: tuple[v1.RecordReference, ...] = ()
        self._shared = v1.RecordHeader(
            pipeline=pipeline_reference(pipeline, pipeline_version),
            parent_run_id=parent_run_id,
            actor=actor,
            environment=self.environment,
        )
        for name, value in (tags or {}).items():
            set_tag(self._shared, name, value)
        self._owner, self._ended, self._last = os.getpid(), False, b""
        self._record_log = record_log
        self.store, self._place, self._owns_store = opened(store)

    @classmethod
    def resume(
        cls,
        *,
        signer: SignerSource,
        environ: Mapping[str, str] | None = None,
        store: StoreLike | None = None,
        actor: v1.Actor | None = None,
        tags: Mapping[str, str] | None = None,
        environment: v1.Environment | None = None,
        allowed_options: Iterable[str] = (),
    ) -> Self:
        """Go on with a run in another process. Leaving it does not end the run: its owner does.

        `environ` holds the variables of `context` (default: this process's), `store` says where
        the store is if that is elsewhere from here. The others are as for a new run: keys, tags
        and the like are not handed over.

        Raises UsageError if the variables are not those of a run, StoreNotFoundError if the store
        lacks a parent that they name, and what starting a run raises.
        """
        context = RunContext.from_environ(os.environ if environ is None else environ)
        run = cls(
            context.pipeline,
            store=context.store if store is None else store,
            signer=signer,
            namespace=context.namespace,
            actor=actor,
            tags=tags,
            environment=environment,
            parent_run_id=context.parent_run_id or None,
            allowed_options=allowed_options,
        )
        run.id, run._owner = context.run_id, _NOBODY
        try:
            run.parents = tuple(found(run.store, parent) for parent in context.parents)
        except BaseException:
            run._let_go()
            raise
        return run

    def step(
        self,
        body: B,
        *,
        name: str | None = None,
        signer: SignerSource | None = None,
        parents: Iterable[ParentLike] = (),
    ) -> Step[B]:
        """Begin a step: a context manager whose block ends in one sealed record.

        An exception in the block seals the record as FAILED and goes on up.

        Args:
            body: The message of the stage, to be filled in the block.
            name: The step's name. Default: the stage's, in snake case.
            signer: Who signs it. Default: the run's.
            parents: Records that it rests on.

        Raises:
            UsageError: `body` is no body, or the run has ended.
            StateError: `body` names an archived dataset version.
        """
        self._require_open()
        header = self.new_header(stage_of(body))
        header.step_name = name or stage_name(header.stage)
        header.step_attempt = self.store.next_attempt(self.id, header.step_name)
        header.parents.extend(reference_of(parent) for parent in parents)
        require_usable_data(header, body, self.store)
        return Step(self, body, header, self._signer(signer))

    def emit(
        self,
        body: Message,
        *,
        parents: Iterable[ParentLike] = (),
        inputs: Iterable[str | os.PathLike[str] | v1.Artifact] = (),
        outputs: Iterable[str | os.PathLike[str] | v1.Artifact] = (),
        tags: Mapping[str, str] | None = None,
        signer: SignerSource | None = None,
    ) -> Sealed:
        """Seal and store a record that is of no step, for example a gate decision.

        Raises ValidationError, StateError, StoreError and their like; then nothing was stored.
        """
        self._require_open()
        header = self.new_header(stage_of(body))
        header.parents.extend(reference_of(parent) for parent in parents)
        header.inputs.extend(artifact_of(each) for each in inputs)
        header.outputs.extend(artifact_of(each) for each in outputs)
        for name, value in (tags or {}).items():
            set_tag(header, name, value)
        self.settle(header, body)
        return self.seal(new_record(body, header), self._signer(signer))

    def context(self, *parents: ParentLike) -> dict[str, str]:
        """Return the environment variables by which another process resumes this run.

        The store's URL is among them, with its password if it has one; keys are not. The process's
        steps that name no parent of their own rest on `parents`, or else on the record that this
        object stored last.
        """
        given = tuple(bytes(reference_of(parent).digest.sha256) for parent in parents)
        place = self._place if "://" in self._place else str(Path(self._place).absolute())
        return RunContext(
            run_id=self.id,
            store=place,
            namespace=self.namespace,
            pipeline=self._shared.pipeline if self._shared.HasField("pipeline") else None,
            parent_run_id=self._shared.parent_run_id,
            parents=given or ((self._last,) if self._last else ()),
        ).to_environ()

    def finish(self, *, failed: bool = False) -> Sealed | None:
        """End the run: seal the manifest, if this process began it, and let go of the store.

        Returns the manifest. None: the run has no record, goes on elsewhere, or has ended already.
        """
        if self._ended:
            return None
        try:
            # A forked process has a copy of this object, and must not end its parent's run.
            owned = self._owner == os.getpid()
            if owned and self._record_log is not None:
                self._record_log.follow(self.store, self.id)
            manifest = seal_manifest(self, failed=failed) if owned else None
        finally:
            self._let_go()
        self._ended = True
        return manifest

    def seal(self, record: v1.Record, signer: Signer) -> Sealed:
        """Seal a record, store it, and log it. Raises what these three raise, in that order."""
        sealed = seal(record, signer)
        self.store.put(sealed)
        self._last = sealed.sha256
        if self._record_log is not None and self._owner == os.getpid():
            self._record_log.add(sealed.reference)
        return sealed

    def log_position(self) -> v1.RecordLogPosition | None:
        """Return how far the run's record log has come, for its manifest. None: it has no log."""
        return None if self._record_log is None else self._record_log.position()

    def new_header(self, stage: v1.Stage.ValueType) -> v1.RecordHeader:
        """Return a header with all that the records of the run share."""
        header = new_header(stage, namespace=self.namespace, run_id=self.id)
        header.MergeFrom(self._shared)
        return header

    def settle(self, header: v1.RecordHeader, body: Message) -> None:
        """Name the parents of a record that the store or the context knows."""
        settle_parents(header, body, self.store, self.parents)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.finish()
            return
        try:
            self.finish(failed=True)
        except Exception as problem:  # noqa: BLE001 - nothing may hide the program's own error
            error.add_note(f"mlspec: the run's manifest was not stored: {problem}")

    def _signer(self, source: SignerSource | None) -> Signer:
        return self.signer if source is None else load_signer(source)

    def _require_open(self) -> None:
        if self._ended:
            raise UsageError(
                f"run {self.id} must not have ended",
                error_id="run.ended",
                remedy="Start a new one.",
            )

    def _let_go(self) -> None:
        if self._owns_store:
            self.store.close()
