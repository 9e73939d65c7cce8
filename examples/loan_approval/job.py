"""What every stage gets: folder, run, keys, and the verified records of the stages before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

import mlspec
from examples.loan_approval.authority import Authority
from examples.loan_approval.folder import Folder
from examples.loan_approval.people import NAMESPACE, Person
from mlspec import v1
from mlspec.emitting import Step
from mlspec.records import body_of, stage_of
from mlspec.requestlog.record_log import RecordLog

PIPELINE = "loan-approval"
B = TypeVar("B", bound=Message)
B_co = TypeVar("B_co", bound=Message, covariant=True)


@dataclass(frozen=True)
class Past(Generic[B_co]):
    """A record of an earlier step, its signature checked, with its body of a known type."""

    verified: mlspec.VerifiedRecord
    body: B_co

    @property
    def reference(self) -> v1.RecordReference:
        """How other records name it."""
        return self.verified.reference


@dataclass
class Job:
    """One run of the pipeline, in one of its processes."""

    folder: Folder
    run: mlspec.Run
    trust: mlspec.TrustPolicy
    record_log: RecordLog | None = None
    authority: Authority | None = None
    opened: mlspec.Store | None = None
    _signers: dict[str, mlspec.Signer] = field(default_factory=dict)

    @property
    def store(self) -> mlspec.Store:
        """Where the records are."""
        return self.opened or self.run.store

    def signer(self, person: Person) -> mlspec.Signer:
        """The key of somebody who takes part."""
        if person.name not in self._signers:
            self._signers[person.name] = mlspec.load_signer(person.key_path(self.folder))
        return self._signers[person.name]

    def past(self, body_type: type[B], step: str | None = None) -> Past[B]:
        """The run's newest record of a kind, verified: nothing else is ever built upon.

        Raises:
            LookupError: There is none.
            VerificationError: It is not what somebody trusted has signed.
        """
        stage = stage_of(body_type())
        rows = list(self.store.records(run=self.run.id, stage=stage, step=step))
        if not rows:
            raise LookupError(f"run {self.run.id} has no {body_type.__name__} of step {step}")
        return self.verify(body_type, self.store.get(rows[-1].sha256))

    def verify(self, body_type: type[B], sealed: mlspec.Sealed) -> Past[B]:
        """A sealed record after checking its signatures.

        Raises:
            LookupError: It is about something else.
            VerificationError: It is not what somebody trusted has signed.
        """
        verified = mlspec.unseal(sealed, self.trust)
        body = body_of(verified.record)
        if not isinstance(body, body_type):
            raise LookupError(f"record {sealed.hex}: must be of {body_type.__name__}")
        return Past(verified, body)

    @contextmanager
    def step(
        self, person: Person, body: B, name: str, parents: Sequence[Past[Any]] = ()
    ) -> Iterator[Step[B]]:
        """A step that somebody answers for and signs."""
        signer, named = self.signer(person), [parent.reference for parent in parents]
        with self.run.step(body, name=name, signer=signer, parents=named) as step:
            step.header.actor.CopyFrom(person.actor)
            yield step

    def emit(
        self, person: Person, body: Message, parents: Sequence[Past[Any]] = ()
    ) -> mlspec.Sealed:
        """A record that is of no step: an object event, a gate decision, an opening."""
        named = [parent.reference for parent in parents]
        return self.run.emit(body, parents=named, signer=self.signer(person))

    def stamp_records(self) -> None:
        """Have an outsider see all records up to now, those of other processes too."""
        if self.record_log is not None:
            self.record_log.follow(self.store, self.run.id)
            if self.authority is not None:
                self.authority.stamp(self.folder.records)

    def stamp_requests(self) -> None:
        """Have an outsider see all requests up to now."""
        if self.authority is not None:
            self.authority.stamp(self.folder.requests)


def start(
    folder: Folder,
    owner: Person,
    pipeline: v1.PipelineReference,
    record_log: RecordLog,
    authority: Authority | None,
) -> Job:
    """The process that owns the run; leaving `job.run` seals its manifest."""
    run = mlspec.Run(
        pipeline,
        store=folder.store,
        signer=owner.key_path(folder),
        namespace=NAMESPACE,
        actor=owner.actor,
        tags={"example": "loan_approval"},
        record_log=record_log,
    )
    return Job(folder, run, mlspec.TrustPolicy.load(folder.trust), record_log, authority)


def resume(folder: Folder, person: Person, environ: Mapping[str, str]) -> Job:
    """Another process of the same run, told of it by environment variables."""
    run = mlspec.Run.resume(
        signer=person.key_path(folder),
        environ=environ,
        actor=person.actor,
        tags={"example": "loan_approval"},
    )
    return Job(folder, run, mlspec.TrustPolicy.load(folder.trust))
