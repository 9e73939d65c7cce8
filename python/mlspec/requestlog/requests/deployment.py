"""What answers requests: a deployment as the log's leaf announces it, ready for each request."""

from __future__ import annotations

from typing import Final, final

from mlspec import v1
from mlspec.errors import StateError, UsageError
from mlspec.requestlog.requests.ncsa_line import provenance_fields
from mlspec.validation import validate

_SAMPLE_TIME: Final = 1


@final
class Served:
    """One model of a deployment, and what every request to it says alike.

    Attributes:
        model: How leaves name it.
        base: An encoded `LogEntry` with what does not change from request to request.
        text: The same for the text line.
    """

    __slots__ = ("base", "model", "text")

    def __init__(self, change: v1.DeploymentChange, model: v1.ModelVersionReference) -> None:
        record = v1.InferenceRecord(
            deployment_sha256=change.deployment.digest.sha256,
            pipeline_sha256=_sha256(change.pipeline.definition_digest),
            feature_schema_sha256=_sha256(change.feature_schema.digest),
            training_data_sha256=_sha256(change.training_data.digest),
            model=v1.InferenceModel(
                name=model.model_name, version=model.version, sha256=_sha256(model.digest)
            ),
        )
        self.model = record.model
        self.base = v1.LogEntry(inference=record).SerializeToString()
        self.text = provenance_fields(
            record.model.name,
            record.model.version,
            record.model.sha256,
            record.pipeline_sha256,
            record.training_data_sha256,
            record.deployment_sha256,
        )
        _require_valid(record)


@final
class Deployment:
    """A deployment that was announced.

    Attributes:
        change: The leaf that says so.
        served: The model that answers most requests. None: no model answers any more.
        number: Which of this process's announcements it was.
    """

    __slots__ = ("_models", "change", "number", "served")

    def __init__(self, change: v1.DeploymentChange, number: int = 0) -> None:
        """Take a change that keeps the rules. Raises ValidationError."""
        validate(change)
        self.change = v1.DeploymentChange()
        self.change.CopyFrom(change)
        self.number = number
        self._models = {
            (each.model.model_name, each.model.version): Served(change, each.model)
            for each in change.models
        }
        most = max(change.models, key=lambda each: each.traffic_rate, default=None)
        key = None if most is None else (most.model.model_name, most.model.version)
        self.served = None if key is None else self._models[key]

    def require_served(self) -> Served:
        """Return the model that answers most requests. Raises StateError if none does."""
        if self.served is None:
            raise StateError(
                "must have a model that answers (the deployment has ended)",
                error_id="log.deployment.ended",
                remedy="Announce the deployment that answers now.",
            )
        return self.served

    def of_model(self, name: str, version: str) -> Served:
        """Return one of the models that answer. Raises UsageError."""
        found = self._models.get((name, version))
        if found is None:
            known = ", ".join(f"{model}@{label}" for model, label in self._models)
            raise UsageError(
                f"must be one of the deployment's, {known} (got {name}@{version})"[:500],
                error_id="log.deployment.model",
                path="model",
                remedy="Announce the change of deployment before its first request.",
            )
        return found


def _sha256(digest: v1.Digest) -> bytes | None:
    return digest.sha256 or None


def _require_valid(record: v1.InferenceRecord) -> None:
    """Check what stands in every leaf, once: the rules of a whole entry must hold with it."""
    sample = v1.InferenceRecord()
    sample.CopyFrom(record)
    sample.request_id = "sample"
    sample.request_time.seconds = _SAMPLE_TIME
    sample.latency_duration.seconds = _SAMPLE_TIME
    sample.outcome = v1.INFERENCE_OUTCOME_ANSWERED
    validate(sample)
