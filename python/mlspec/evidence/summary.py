"""What people ask first: which model answered, when, under which launch bar, and who signed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.evidence.log_half import LogHalf
from mlspec.provenance import Verdict
from mlspec.provenance.moments import moment
from mlspec.provenance.values import value_name

if TYPE_CHECKING:
    from mlspec.provenance import Examination
    from mlspec.provenance.links import Link as RecordLink
    from mlspec.provenance.rollout import RollOut

_ENUM = "INFERENCE_OUTCOME_"


def summarise(half: LogHalf, found: Examination | None) -> dict[str, str]:
    """Return the answers by question, from what was verified alone.

    `found` is what examining the records came to. None: it does not hold, so they answer nothing.
    """
    asked = half.request
    answers = {
        "request": asked.request_id,
        "asked": f"{moment(asked.request_time):%Y-%m-%d %H:%M:%S}Z, by the log's writer's clock",
        "outcome": _outcome(asked),
        "model": f"{asked.model.name}@{asked.model.version} {asked.model.sha256.hex()}",
        "log": f"leaf {half.leaf.index} of {half.claim.origin}",
    }
    case = None if found is None else found.roll_out
    if found is None or case is None:
        return answers
    answers["deployment"] = (
        f"{case.deployment.hex} in {case.body.environment_name or 'an environment without a name'},"
        f" signed by {_signers(case.deployment)}"
    )
    if case.gate is not None:
        answers["gate"] = (
            f"{case.gate_body.gate_name}: {_worst(found)}, {case.gate.hex[:12]},"
            f" signed by {_signers(case.gate)}"
        )
    answers |= _bar(case)
    trainings = [link for link in case.trainings if link.stage == v1.STAGE_MODEL_TRAINING]
    if trainings:
        answers["trained"] = ", ".join(
            f"{link.hex[:12]}, signed by {_signers(link)}" for link in trainings[:4]
        )
    answers["signers"] = ", ".join(_everybody(found))
    return answers


def _bar(case: RollOut) -> dict[str, str]:
    bar = case.objectives
    if bar is None:
        return {}
    body = bar.record.objectives
    required = sum(1 for each in body.criteria if each.severity == v1.CRITERION_SEVERITY_REQUIRE)
    version = f" version {body.version}" if body.HasField("version") else ""
    return {
        "launch bar": f"{body.name}{version}, {required} required criteria,"
        f" {bar.hex[:12]}, signed by {_signers(bar)}"
    }


def _outcome(asked: v1.InferenceRecord) -> str:
    name = value_name(v1.InferenceOutcome, asked.outcome)
    words = name.removeprefix(_ENUM).lower().replace("_", " ")
    if asked.HasField("status_code"):
        words += f", status {asked.status_code}"
    if asked.model.prediction.HasField("decision"):
        words += f", decision {asked.model.prediction.decision!r}"
    return words


def _worst(found: Examination) -> str:
    verdicts = {finding.verdict for finding in found.of("gate.passed")}
    order = (Verdict.FAIL, Verdict.NOT_PROVEN, Verdict.PASS_BY_WAIVER, Verdict.PASS)
    return next((each.value for each in order if each in verdicts), Verdict.NOT_PROVEN.value)


def _signers(link: RecordLink) -> str:
    return ", ".join(signer.identity for signer in link.verified.signers)


def _everybody(found: Examination) -> Iterable[str]:
    return sorted(
        {signer.identity for record in found.verified.values() for signer in record.signers}
    )
