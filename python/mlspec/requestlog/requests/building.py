"""From a logged request to the bytes of its event and of its side record, and to its line."""

from __future__ import annotations

from mlspec import v1
from mlspec.requestlog.requests.logged import LoggedRequest
from mlspec.requestlog.requests.ncsa_line import format_line

_NANOS = 1_000_000_000


def event_of(request: LoggedRequest, side_hmac: bytes | None) -> bytes:
    """Return the encoded event: a `LogEntry` that has nothing but its `inference`."""
    # Parsed anew for each request: nothing of one can ever be left over in another.
    entry = v1.LogEntry.FromString(request.served.base)
    record = entry.inference
    record.request_id = request.request_id
    at = record.request_time
    at.seconds, at.nanos = divmod(request.time_ns, _NANOS)
    latency = record.latency_duration
    latency.seconds, latency.nanos = divmod(request.latency_ns, _NANOS)
    record.outcome = request.outcome  # type: ignore[assignment]
    if request.status is not None:
        record.status_code = request.status
    if request.response_size is not None:
        record.response_size_bytes = request.response_size
    if request.input_size is not None:
        record.input_size_bytes = request.input_size
    if request.input_kind:
        record.input_kind = request.input_kind  # type: ignore[assignment]
    if side_hmac is not None:
        record.side_hmac_sha256 = side_hmac
    if request.answered is not None or request.decision is not None:
        _add_answer(record.model.prediction, request)
    _add_rest(record, request)
    return entry.SerializeToString()


def _add_answer(prediction: v1.Prediction, request: LoggedRequest) -> None:
    if request.answered is not None:
        field, value = request.answered
        if field == "tensor_value":
            _fill(prediction.tensor_value, value)
        else:
            setattr(prediction, field, value)
    if request.decision is not None:
        prediction.decision = request.decision
    if request.threshold is not None:
        prediction.threshold = request.threshold
    if request.confidence is not None:
        prediction.confidence_rate = request.confidence


def _add_rest(record: v1.InferenceRecord, request: LoggedRequest) -> None:
    if request.input_media_type is not None:
        record.input_media_type = request.input_media_type
    if request.endpoint is not None:
        record.endpoint = request.endpoint
    if request.error_kind is not None:
        record.error_kind = request.error_kind
    if request.opaque_id is not None:
        record.client_request_id = request.opaque_id
    if request.row_count is not None:
        record.row_count = request.row_count
    if request.leaf_features is not None:
        _fill(record.features, request.leaf_features)
    if request.leaf_extras is not None:
        record.MergeFrom(request.leaf_extras)


def content_of(request: LoggedRequest) -> bytes:
    """Return the encoded `RequestDetail`. Empty: nothing is known of the person."""
    detail = v1.RequestDetail(
        host=request.host,
        ident=request.ident,
        user=request.user,
        request_line=request.request_line,
        referrer=request.referrer,
        agent=request.agent,
        client_request_id=request.client_request_id,
        subject_id=request.subject_id,
        conversation_id=request.conversation_id,
    )
    if request.features is not None:
        _fill(detail.features, request.features)
    if request.side_extras is not None:
        detail.MergeFrom(request.side_extras)
    return detail.SerializeToString()


def line_of(request: LoggedRequest, index: int, leaf_hash: bytes) -> bytes:
    """Return the line of a request: the one that `line` gives for its entry and detail."""
    return format_line(
        request.host,
        request.ident,
        request.user,
        request.time_ns // _NANOS,
        request.request_line,
        request.status,
        request.response_size,
        request.referrer,
        request.agent,
        request.request_id,
        request.served.text,
        request.latency_ns // 1000,
        index,
        leaf_hash,
    )


def _fill(tensor: v1.Tensor, values: tuple[int, tuple[int, ...], bytes]) -> None:
    kind, shape, content = values
    tensor.element_kind = kind  # type: ignore[assignment]
    tensor.shape.extend(shape)
    tensor.content = content
