"""Whatever a request takes makes a valid entry; whatever would not, it refuses at once.

Entries are never validated while requests are answered, so this is what stands in for it.
"""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.errors import LimitError, UsageError, ValidationError
from mlspec.requestlog import read_entry
from mlspec.requestlog.requests import bounds
from mlspec.requestlog.requests.asgi_scope import capture, capture_late
from mlspec.requestlog.requests.building import content_of, event_of
from mlspec.requestlog.requests.deployment import Deployment
from mlspec.requestlog.requests.logged import LoggedRequest
from mlspec.validation import validate
from tests.unit.requestlog.requests.serving import ORIGIN, deployment

DEPLOYMENT = Deployment(deployment())
DOUBLE = v1.Tensor(element_kind=v1.ELEMENT_KIND_FLOAT64, shape=[1], content=bytes(8))

texts = st.text(max_size=80) | st.text(min_size=250, max_size=300) | st.text("é", max_size=700)
numbers = (
    st.floats() | st.integers(-(2**70), 2**70) | st.booleans() | st.sampled_from([math.inf, -0.0])
)
arrays = st.sampled_from(
    [
        np.zeros(3),
        np.float32(1.5),
        np.zeros((2, 2), dtype="<i8"),
        np.zeros(2, dtype=">f8"),
        np.zeros(2, dtype=object),
        np.zeros(9000),
        np.zeros([1] * 17),
        np.array([True]),
        DOUBLE,
        v1.Tensor(shape=[1]),
        v1.Tensor(element_kind=v1.ELEMENT_KIND_INT8, shape=[-1]),
        [1, 2.5],
        [math.nan],
        ["x"],
        range(200),
    ]
)
maybe = st.none()
any_value = maybe | numbers | texts | st.binary(max_size=1100) | arrays

CALLS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "answer": {
        "value": any_value,
        "decision": maybe | texts,
        "threshold": maybe | numbers | texts,
        "confidence": maybe | numbers,
    },
    "with_features": {
        "values": arrays,
        "personal": st.booleans(),
        "kind": st.integers(-1, 20),
    },
    "reason": {
        "description": texts,
        "code": maybe | texts,
        "feature": maybe | texts,
        "contribution": maybe | numbers,
    },
    "about": {
        "subject_id": maybe | texts,
        "user": maybe | texts,
        "conversation_id": maybe | texts,
        "endpoint": maybe | texts | st.from_regex(r"/[a-z{}/]*", fullmatch=True),
        "row_count": maybe | numbers,
    },
    "came_to": {"outcome": st.integers(-1, 12), "error_kind": maybe | texts},
    "answered_by": {
        "name": st.sampled_from(["loan-approval", "loan-canary", "other"]),
        "version": st.sampled_from(["1", "2"]),
    },
    "add_to_leaf": {
        "part": st.builds(
            v1.InferenceRecord,
            request_id=st.sampled_from(["", "x"]),
            other_models=st.lists(
                st.builds(v1.InferenceModel, name=texts, version=texts, weight=maybe | st.floats()),
                max_size=5,
            ),
            generation=maybe
            | st.builds(
                v1.Generation,
                operation=st.integers(0, 2),
                choices=st.lists(st.builds(v1.GenerationChoice), max_size=12),
                provider_name=maybe | texts,
            ),
            human_override=maybe | st.builds(v1.HumanOverride, decision=texts),
            explanation=maybe
            | st.builds(
                v1.Explanation,
                custom_method=texts,
                attributions=st.just(DOUBLE),
            ),
        )
    },
    "add_to_side": {
        "part": st.builds(
            v1.RequestDetail,
            comment=maybe | texts,
            inputs=st.lists(st.builds(v1.RequestContent, text=texts, name=maybe | texts)),
        )
    },
    "failed_with": {
        "error": st.sampled_from([ValueError("x"), TimeoutError(), KeyboardInterrupt()])
    },
    "keep": {"asked": st.binary(max_size=50), "answered": st.binary(max_size=50)},
}
calls = st.sampled_from(sorted(CALLS)).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(CALLS[name]))
)
wire = st.binary(max_size=40) | st.binary(max_size=1).map(lambda data: data * 9000)
headers = st.lists(
    st.tuples(
        st.sampled_from(
            [b"user-agent", b"referer", b"content-type", b"x-request-id", b"cookie", b"X"]
        ),
        wire | st.sampled_from([b"application/json", b"text/plain; charset=utf-8", b"a" * 32]),
    ),
    max_size=6,
)
scopes = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "X" * 9000]),
        "path": texts,
        "headers": headers,
        "client": maybe | st.tuples(texts, st.integers(0, 65535)),
        "http_version": st.sampled_from(["1.0", "1.1", "2"]),
    },
    optional={"raw_path": wire, "query_string": wire, "user": texts | st.just(object())},
)


def leaf_of(request: LoggedRequest) -> bytes:
    """The leaf that a request makes."""
    place = v1.LogEntry(origin=ORIGIN, sequence_number=7, nonce=bytes(16))
    return place.SerializeToString() + event_of(request, bytes(32))


def facts(request: LoggedRequest) -> bytes:
    """All that a request would log."""
    return event_of(request, None) + content_of(request)


@settings(max_examples=200, deadline=None)
@given(
    scope=scopes,
    said=st.lists(calls, max_size=6),
    status=maybe | st.integers(100, 599),
    sizes=st.tuples(maybe | st.integers(0, 2**40), maybe | st.integers(0, 2**40)),
)
def test_whatever_is_logged_is_valid(
    scope: dict[str, Any],
    said: list[tuple[str, dict[str, Any]]],
    status: int | None,
    sizes: tuple[int | None, int | None],
) -> None:
    """Any headers, any values of the application, in any order; refused ones change nothing."""
    request = LoggedRequest(DEPLOYMENT)
    capture(request, scope)
    request.status, (request.input_size, request.response_size) = status, sizes
    for name, options in said:
        before = facts(request)
        try:
            getattr(request, name)(**options)
        except (UsageError, ValidationError, LimitError):
            assert facts(request) == before
    capture_late(request, scope)
    request.finish()
    read_entry(leaf_of(request), ORIGIN, 7)
    content = content_of(request)
    validate(v1.RequestDetail.FromString(content))
    assert len(content) <= 1024 * 1024


@pytest.mark.parametrize("length", [1024, 65_536])
def test_the_largest_of_everything_fits_a_leaf(length: int) -> None:
    """The bounds keep a leaf below 65,535 bytes, whatever stands in all its fields at once."""
    request = LoggedRequest(DEPLOYMENT, "r" * 64)
    request.answer(b"x" * 1024, decision="d" * 64, threshold=1.0, confidence=1.0)
    request.with_features(np.zeros(512), personal=False)
    for _ in range(4):
        request.reason("x" * 512, code="c" * 64, feature="f" * 255, contribution=1.0)
    request.about(endpoint="/" * 255, row_count=1)
    part = v1.InferenceRecord()
    for _ in range(8):
        prediction = v1.Prediction(content=b"x" * 1024, decision="d" * 64)
        part.other_models.add(name="m" * 255, version="v" * 255, prediction=prediction)
    request.add_to_leaf(part)
    with pytest.raises(ValidationError):
        request.add_to_leaf(part)
    request.came_to(v1.INFERENCE_OUTCOME_FAILED, "e" * 127)
    request.finish()
    entry = read_entry(leaf_of(request), ORIGIN, 7)
    assert len(entry.SerializeToString()) < 65_535
    with pytest.raises(UsageError):
        request.answer(b"x" * (length + 1))


def test_only_what_a_machine_made_is_an_opaque_id() -> None:
    """A name that a client chose stays out of the leaf."""
    assert bounds.is_opaque("4bf92f3577b34da6a3ce929d0e0e4736")
    assert bounds.is_opaque("019382aa-3c4e-7b21-9f1e-5d2c6a7b8c90")
    assert not bounds.is_opaque("anna-4711")
    assert not bounds.is_opaque("19681119")


def test_the_side_record_of_a_request_that_says_nothing_is_none() -> None:
    """There is nothing to bind, and nothing to erase."""
    assert content_of(LoggedRequest(DEPLOYMENT)) == b""


def test_a_request_that_was_finished_stays_as_it_was_timed() -> None:
    """Its latency is that of the answer."""
    request = LoggedRequest(DEPLOYMENT)
    request.finish()
    latency = request.latency_ns
    request.finish()
    assert request.latency_ns == latency > 0


def test_a_deployment_that_breaks_a_rule_is_refused_before_it_is_announced() -> None:
    """Constants are validated once, so they must be valid."""
    change = deployment()
    change.models[0].model.version = ""
    with pytest.raises(ValidationError):
        Deployment(change)
    change = deployment()
    change.models[0].model.digest.sha512 = bytes(64)
    assert not Deployment(change).of_model("loan-approval", "1").model.HasField("sha256")
