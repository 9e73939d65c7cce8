"""Which records of a closure speak of the model that a deployment rolls out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from mlspec import v1
from mlspec.provenance.closure import Closure
from mlspec.provenance.links import Link
from mlspec.provenance.times import LinkTimes, Times

if TYPE_CHECKING:
    from mlspec.sealing import TrustPolicy

DigestKey = tuple[str, bytes]


def digest_key(digest: v1.Digest) -> DigestKey | None:
    """Return a digest as something that can be looked up. None: it is empty, or unknown here."""
    which = digest.WhichOneof("value")
    return None if which is None else (which, bytes(getattr(digest, which)))


class Evidence(NamedTuple):
    """What a gate says that it saw, and the record that it names. None: not verified."""

    entry: v1.GateEvidence
    link: Link | None


@dataclass(frozen=True)
class RollOut:
    """A deployment, and the records that it is to be judged by.

    Attributes:
        closure: All records that it stands on.
        trust: Whom to believe.
        times: What is proven about when.
        at: The time that the user states. None: now.
        deployment: The `ModelServing` record.
        body: Its body.
        packaging: The packaging that is delivered. None: not named, or not verified.
        gate: The gate decision relied on. None: likewise.
        evidence: What the gate names.
        trainings: The trainings that made the model, and those that made what it was made from.
        evaluations: The evaluations of the model.
        tests: The hold-back tests of the model.
    """

    closure: Closure
    trust: TrustPolicy
    times: Times
    at: datetime | None
    deployment: Link
    body: v1.ModelServing
    packaging: Link | None
    gate: Link | None
    evidence: tuple[Evidence, ...]
    trainings: tuple[Link, ...]
    evaluations: tuple[Link, ...]
    tests: tuple[Link, ...]

    @property
    def shown(self) -> LinkTimes:
        """What is proven about when, asked about records of the closure."""
        return LinkTimes(self.times)

    @property
    def gate_body(self) -> v1.GateDecision:
        """What the gate says. Only where there is one."""
        assert self.gate is not None  # noqa: S101
        return self.gate.record.gate_decision

    @property
    def model(self) -> DigestKey | None:
        """The digest of the model that is rolled out."""
        return digest_key(self.body.to_model.digest)

    @property
    def objectives(self) -> Link | None:
        """The objectives that the gate decided by. None: not named, or not verified."""
        if self.gate is None or not self.gate_body.HasField("objectives"):
            return None
        return self.closure.get(bytes(self.gate_body.objectives.digest.sha256))

    @classmethod
    def of(
        cls, closure: Closure, trust: TrustPolicy, times: Times, at: datetime | None
    ) -> RollOut | None:
        """Find the records. None: what the closure starts from is no verified roll-out."""
        deployment = closure.get(closure.start)
        if deployment is None or deployment.record.WhichOneof("body") != "model_serving":
            return None
        body = deployment.record.model_serving
        packaging = _named(closure, body, "packaging", v1.STAGE_MODEL_PACKAGING)
        gate = _named(closure, body, "gate_decision", v1.STAGE_GATE_DECISION)
        entries = gate.record.gate_decision.evidence if gate is not None else ()
        evidence = tuple(
            Evidence(entry, closure.get(bytes(entry.record.digest.sha256))) for entry in entries
        )
        trainings = _trainings(closure, deployment, packaging, evidence)
        runs = {link.header.run_id for link in trainings}
        models = {digest_key(body.to_model.digest)}.union(*map(made_by, trainings)) - {None}
        return cls(
            closure,
            trust,
            times,
            at,
            deployment,
            body,
            packaging,
            gate,
            evidence,
            trainings=_with_attempts(closure, trainings, runs),
            evaluations=_about(closure, evidence, models, runs, v1.STAGE_MODEL_EVALUATION),
            tests=_about(closure, evidence, models, runs, v1.STAGE_HOLDOUT_TEST),
        )


def made_by(training: Link) -> set[DigestKey | None]:
    """Return the digests of the models that a training made, in whatever format."""
    body = training.record.model_training
    digests = [made.model.digest for made in body.trained_models]
    digests += [made.artifact.digest for made in body.trained_models]
    digests += [made.target_artifact.digest for made in body.conversions]
    digests += [made.after.artifact.digest for made in body.compressions]
    digests += [output.digest for output in training.header.outputs]
    return {digest_key(digest) for digest in digests}


def model_of(link: Link) -> DigestKey | None:
    """Return the digest of the model that an evaluation, test, gate or packaging is about."""
    body = link.body
    return None if body is None else digest_key(body.model.digest)  # type: ignore[attr-defined]


def _named(closure: Closure, body: v1.ModelServing, field: str, stage: int) -> Link | None:
    if not body.HasField(field):  # type: ignore[arg-type]
        return None
    link = closure.get(bytes(getattr(body, field).digest.sha256))
    return link if link is not None and link.stage == stage else None


def _trainings(
    closure: Closure, deployment: Link, packaging: Link | None, evidence: tuple[Evidence, ...]
) -> tuple[Link, ...]:
    """Return the trainings that are named for the model or made it, base models' included."""
    named = [packaging.record.model_packaging.training] if packaging is not None else []
    named += [each.link.record.model_evaluation.training for each in evidence if each.link]
    model = digest_key(deployment.record.model_serving.to_model.digest)
    ahead = [bytes(reference.digest.sha256) for reference in named]
    ahead += [
        link.sha256
        for link in closure.of_stage(v1.STAGE_MODEL_TRAINING)
        if model is not None and model in made_by(link)
    ]
    found: dict[bytes, Link] = {}
    while ahead:
        link = closure.get(ahead.pop())
        if link is None or link.stage != v1.STAGE_MODEL_TRAINING or link.sha256 in found:
            continue
        found[link.sha256] = link
        ahead += [each.sha256 for each in link.named if each.stage == v1.STAGE_MODEL_TRAINING]
    return tuple(found[digest] for digest in closure.order if digest in found)


def _with_attempts(
    closure: Closure, trainings: tuple[Link, ...], runs: set[str]
) -> tuple[Link, ...]:
    """Return the trainings and all others of their runs: what they met, the makers have seen."""
    own = {link.sha256 for link in trainings}
    return tuple(
        link
        for link in closure.of_stage(v1.STAGE_MODEL_TRAINING)
        if link.sha256 in own or link.header.run_id in runs
    )


def _about(
    closure: Closure,
    evidence: tuple[Evidence, ...],
    models: set[DigestKey | None],
    runs: set[str],
    stage: v1.Stage.ValueType,
) -> tuple[Link, ...]:
    """Return the records of a stage that the gate names, are of the model, or of its run."""
    named = {each.link.sha256 for each in evidence if each.link is not None}
    return tuple(
        link
        for link in closure.of_stage(stage)
        if link.sha256 in named or model_of(link) in models or link.header.run_id in runs
    )
