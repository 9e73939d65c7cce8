"""What goes into a request's leaf, and what stands beside it because it describes a person."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from starlette.requests import Request

from examples.loan_approval.scoring import Answer
from mlspec import v1

OPAQUE = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
MEDIA_TYPE = "application/json"


@dataclass(frozen=True)
class Deployment:
    """What answers, as every leaf names it."""

    started: v1.RecordReference
    model: v1.ModelVersionReference
    pipeline: v1.PipelineReference
    schema: v1.FeatureSchemaReference
    data_sha256: bytes


@dataclass
class Asked:
    """One request, as far as it was understood."""

    request_id: str
    moment: datetime
    started_ns: int
    request: Request
    body: bytes = b""
    endpoint: str | None = None
    user: str | None = None
    subject: str | None = None
    row: np.ndarray | None = None
    failed: bool = False


@dataclass
class Reply:
    """One answer."""

    status: int
    content: dict[str, object]
    outcome: v1.InferenceOutcome.ValueType
    decision: str | None = None
    answer: Answer | None = None
    reasons: list[v1.PrincipalReason] = field(default_factory=list)
    feedback: v1.InferenceFeedback | None = None
    error_kind: str | None = None


def inference_leaf(
    asked: Asked, reply: Reply, deployment: Deployment, response_bytes: int
) -> v1.InferenceRecord:
    """The leaf of a request: nothing in it names a person."""
    record = v1.InferenceRecord(
        request_id=asked.request_id,
        outcome=reply.outcome,
        status_code=reply.status,
        response_size_bytes=response_bytes,
        deployment_sha256=deployment.started.digest.sha256,
        model=v1.InferenceModel(
            name=deployment.model.model_name,
            version=deployment.model.version,
            sha256=deployment.model.digest.sha256,
        ),
        pipeline_sha256=deployment.pipeline.definition_digest.sha256,
        feature_schema_sha256=deployment.schema.digest.sha256,
        training_data_sha256=deployment.data_sha256,
        principal_reasons=reply.reasons,
        input_size_bytes=len(asked.body),
        endpoint=asked.endpoint,
        error_kind=reply.error_kind,
    )
    record.request_time.FromDatetime(asked.moment)
    if asked.row is not None:
        record.input_kind, record.row_count = v1.FEATURE_KIND_TENSOR, 1
    if reply.decision:
        record.model.prediction.decision = reply.decision
    if reply.answer is not None:
        record.model.prediction.number_value = reply.answer.probability
        record.model.prediction.threshold = reply.answer.threshold
    client_id = asked.request.headers.get("x-request-id", "")
    if OPAQUE.match(client_id):
        record.client_request_id = client_id
    record.latency_duration.FromNanoseconds(time.perf_counter_ns() - asked.started_ns)
    return record


def request_detail(asked: Asked, reply: Reply) -> v1.RequestDetail:
    """The part of a request that names or describes a person, for the erasable side record."""
    request = asked.request
    detail = v1.RequestDetail(
        host=request.client.host if request.client else None,
        user=asked.user,
        request_line=request_line(request),
        referrer=header(request, "referer", 8192),
        agent=header(request, "user-agent", 1024),
        client_request_id=header(request, "x-request-id", 1024),
        subject_id=asked.subject,
    )
    if asked.row is not None:
        detail.features.CopyFrom(tensor(asked.row))
    if reply.answer is not None:
        # The method is occlusion: the answer without the input minus the answer with it.
        detail.explanation.CopyFrom(
            v1.Explanation(
                method=v1.EXPLANATION_METHOD_OCCLUSION,
                attributions=tensor(-reply.answer.attributions),
                base_value=reply.answer.typical_probability,
            )
        )
    return detail


def request_line(request: Request) -> str:
    """The first line of the request, one character a byte, as far as it fits."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope.get("query_string") or b""
    target = (raw + (b"?" + query if query else b"")).decode("latin-1")
    return f"{request.method} {target} HTTP/{request.scope['http_version']}"[:8192]


def header(request: Request, name: str, limit: int) -> str | None:
    """A header, one character a byte, as far as it fits; None if there is none."""
    return request.headers.get(name, "")[:limit] or None


def tensor(numbers: np.ndarray) -> v1.Tensor:
    """Numbers as 64-bit floats in little-endian bytes."""
    return v1.Tensor(
        element_kind=v1.ELEMENT_KIND_FLOAT64,
        shape=numbers.shape,
        content=numbers.astype("<f8").tobytes(),
    )
