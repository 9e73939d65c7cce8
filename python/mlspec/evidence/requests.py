"""What a request's leaf must say: what the bundle claims, and what was in force."""

from __future__ import annotations

from mlspec import v1
from mlspec.errors import VerificationError
from mlspec.evidence.claim import Claim
from mlspec.evidence.layout import BETWEEN, CLAIM


def require_claimed(entry: v1.LogEntry, claim: Claim) -> None:
    """Raise VerificationError unless the entry is the request that the bundle claims."""
    if not entry.HasField("inference"):
        raise _another("event", "inference", entry.WhichOneof("event") or "nothing")
    found = entry.inference
    if found.request_id != claim.request_id:
        raise _another("inference.request_id", claim.request_id, found.request_id)
    deployment = found.deployment_sha256.hex()
    if deployment != claim.deployment_sha256:
        raise _another("inference.deployment_sha256", claim.deployment_sha256, deployment)


def require_in_force(request: v1.InferenceRecord, change: v1.DeploymentChange) -> None:
    """Raise VerificationError unless the change put the request's deployment and model in force."""
    in_force = change.deployment.digest.sha256
    ended = change.kind == v1.DEPLOYMENT_CHANGE_KIND_ENDED
    if ended or in_force != request.deployment_sha256:
        raise VerificationError(
            f"must be the deployment in force, {'none' if ended else in_force.hex()[:12]}"
            f" (got {request.deployment_sha256.hex()[:12]})",
            error_id="log.deployment",
            path="inference.deployment_sha256",
            remedy="The request names a deployment that was not in force.",
        )
    models = [served.model for served in change.models]
    if not any(same_model(request.model, model) for model in models):
        names = ", ".join(label(model) for model in models) or "none"
        raise VerificationError(
            f"must be a model of the deployment in force, {names}"
            f" (got {request.model.name}@{request.model.version})",
            error_id="log.model",
            path="inference.model",
            remedy="The log names a model that the deployment did not serve.",
        )


def same_model(answered: v1.InferenceModel, served: v1.ModelVersionReference) -> bool:
    """Tell whether two are one model: by name, version and digest, all of them there."""
    names = (answered.name, answered.version) == (served.model_name, served.version)
    return names and bool(answered.sha256) and answered.sha256 == served.digest.sha256


def label(model: v1.ModelVersionReference) -> str:
    """Return what people call a model's version, with the start of its digest."""
    return f"{model.model_name}@{model.version} ({model.digest.sha256.hex()[:12]})"


def superseded(index: int) -> VerificationError:
    """Make the error for a later change between the one that is shown and the request."""
    return VerificationError(
        f"must be the last change before the request (leaf {index} is a later one)",
        error_id="log.deployment_superseded",
        path=BETWEEN,
        remedy="The request names a deployment that was no longer in force.",
    )


def _another(path: str, expected: str, got: str) -> VerificationError:
    return VerificationError(
        f"must be what {CLAIM} says, {expected} (got {got})",
        error_id="evidence.claim",
        path=path,
        remedy="The bundle claims one request and shows another: ask for it anew.",
    )
