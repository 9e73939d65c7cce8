"""Whether a deployment, its model and its request logs are what requests say they are.

The two functions for one request are for whoever has verified the request's leaf: the evidence.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlspec import v1
from mlspec.provenance.findings import Finding
from mlspec.provenance.judging import Judge
from mlspec.provenance.links import Link
from mlspec.provenance.rollout import DigestKey, RollOut, digest_key, made_by, model_of

_MODEL: Final = Judge("deployment.model")
_ORIGIN: Final = Judge("deployment.log_origin")
_DONE: Final = (v1.RECORD_STATE_SUCCEEDED, v1.RECORD_STATE_CACHED)


def deployment_model(case: RollOut) -> Iterator[Finding]:
    """The model rolled out is the one that was trained, evaluated, tested and packaged."""
    if (case.deployment.header.state, case.deployment.header.capture) != (1, 1):
        words = "must be a roll-out that SUCCEEDED and was RECORDED"
        yield _MODEL.failed(case.deployment, words, "deployment.state")
        return
    if case.body.phase != v1.SERVING_PHASE_STARTED:
        words = "must be a roll-out of phase STARTED"
        yield _MODEL.failed(case.deployment, words, "deployment.phase")
        return
    if case.model is None:
        words = "to_model must have a digest: a model that nobody can hash proves nothing"
        yield _MODEL.unproven(case.deployment, words, "deployment.no_digest")
        return
    about = (case.packaging, *(each.link for each in case.evidence))
    basis = [link for link in about if link is not None] + list(case.trainings)
    words = f"one model throughout: {case.model[0]}:{case.model[1].hex()[:12]}"
    yield from _MODEL.or_passed(_model_problems(case, case.model), case.deployment, words, basis)


def _model_problems(case: RollOut, model: DigestKey) -> Iterator[Finding]:
    if case.packaging is None:
        words = "must name the packaging of its model: none is in reach"
        yield _MODEL.unproven(case.deployment, words, "deployment.no_packaging")
    elif model_of(case.packaging) != model:
        words = "must be the packaging of the model that is rolled out"
        yield _MODEL.failed(case.packaging, words, "deployment.other_model")
    if not case.trainings:
        words = "must lead to the training of its model: none is in reach"
        yield _MODEL.unproven(case.deployment, words, "deployment.no_training")
    elif not any(model in made_by(training) for training in case.trainings):
        words = "must roll out a model that the training made"
        yield _MODEL.failed(case.deployment, words, "deployment.other_model")
    making = [training for training in case.trainings if model in made_by(training)]
    for link in (*making, *([case.packaging] if case.packaging is not None else [])):
        if link.header.state not in _DONE:
            words = "must have succeeded: its model was rolled out"
            yield _MODEL.failed(link, words, "deployment.step_failed")
    if not any(each.link is not None for each in case.evidence):
        words = "must lead to an evaluation of its model: none is in reach"
        yield _MODEL.unproven(case.deployment, words, "deployment.no_evaluation")
    for each in case.evidence:
        if each.link is not None and model_of(each.link) != model:
            words = "must be about the model that is rolled out"
            yield _MODEL.failed(each.link, words, "deployment.other_model")


def log_origins(case: RollOut) -> Iterator[Finding]:
    """The deployment names the logs that its requests go into, before the first one comes."""
    logs = case.body.request_logs
    if not logs:
        words = "must name a request log: without one no request is evidence"
        yield _ORIGIN.unproven(case.deployment, words, "deployment.no_log")
        return
    for log in logs:
        known = {each.keyid for each in case.trust.logs if each.origin == log.origin}
        if log.keyid in known:
            yield _ORIGIN.passed(case.deployment, f"requests go into log {log.origin!r}")
        elif known:
            words = f"must name a key of log {log.origin!r} that the trust file names"
            yield _ORIGIN.failed(case.deployment, words, "deployment.log_key")
        else:
            words = f"must name a log that the trust file believes (got {log.origin!r})"
            yield _ORIGIN.unproven(case.deployment, words, "deployment.unknown_log")


def request_model(case: RollOut, request: v1.InferenceRecord) -> Finding:
    """Tell whether a logged request names this deployment, and a model that it may answer with.

    Args:
        case: The deployment, as `Examination.roll_out` has it.
        request: The request, from a leaf that was verified.

    Returns:
        PASS for the model that is rolled out; NOT PROVEN for one beside it (the version before, or
        another in the plan), which other records stand behind; FAIL for anything else.
    """
    link, body = case.deployment, case.body
    if request.deployment_sha256 != link.sha256:
        words = f"must be the deployment that the request names ({request.deployment_sha256.hex()})"
        return _MODEL.failed(link, words, "deployment.other_deployment")
    key = ("sha256", bytes(request.model.sha256)) if request.model.HasField("sha256") else None
    named = f"{request.model.name}@{request.model.version}"
    if key is None or case.model is None:
        words = f"must be compared with the model that answered, {named}, which has no digest"
        return _MODEL.unproven(link, words, "deployment.no_digest")
    if key == case.model:
        return _MODEL.passed(link, f"the request was answered by its model, {named}")
    if key in _beside(body):
        words = f"answered by {named}, which serves beside it: other records stand behind that one"
        return _MODEL.unproven(link, words, "deployment.model_beside")
    words = f"must be the deployment of the model that answered, {named}"
    return _MODEL.failed(link, words, "deployment.other_model")


def _beside(body: v1.ModelServing) -> set[DigestKey | None]:
    models = [body.from_model, body.rollback_model]
    models += [other.model for step in body.planned_steps for other in step.other_models]
    return {digest_key(model.digest) for model in models} - {None}


def request_log(case: RollOut, origin: str, keyid: str, *, delegated_by: str = "") -> Finding:
    """Tell whether the deployment names the log that a request stands in.

    Args:
        case: The deployment, as `Examination.roll_out` has it.
        origin: The origin of the verified checkpoint.
        keyid: The key that signed it, as the trust file knows it.
        delegated_by: The origin in whose log a verified delegation names this one. Empty: none.
    """
    link: Link = case.deployment
    wanted = delegated_by or origin
    named = {log.origin: log.keyid for log in case.body.request_logs}
    if wanted not in named:
        words = f"must name the log that the request stands in (got {wanted!r})"
        return _ORIGIN.failed(link, words, "deployment.other_log")
    if not delegated_by and named[origin] != keyid:
        words = f"must name the key that signed the log of the request (got {keyid[:16]})"
        return _ORIGIN.failed(link, words, "deployment.log_key")
    by = f", which log {delegated_by!r} delegated to" if delegated_by else ""
    return _ORIGIN.passed(link, f"names log {wanted!r}" if not by else f"log {origin!r}{by}")
