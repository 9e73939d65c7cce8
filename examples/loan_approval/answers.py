"""What a request gets, and what is noted of it: the leaf never names a person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from examples.loan_approval.scoring import Answer
from mlspec import v1
from mlspec.requestlog.requests import LoggedRequest

MEDIA_TYPE = "application/json"


@dataclass
class Reply:
    """One answer, and how it came about."""

    status: int
    content: dict[str, object]
    outcome: v1.InferenceOutcome.ValueType
    decision: str | None = None
    answer: Answer | None = None
    reasons: list[v1.PrincipalReason] = field(default_factory=list)


def note(request: LoggedRequest, reply: Reply) -> None:
    """Put into the log's entry what only the application knows.

    The attributions go to the side record: with the features they would tell a person apart.
    """
    request.came_to(reply.outcome)
    answer = reply.answer
    if reply.decision is not None:
        value = None if answer is None else answer.probability
        threshold = None if answer is None else answer.threshold
        request.answer(value, decision=reply.decision, threshold=threshold)
    for reason in reply.reasons:
        request.reason(
            reason.description,
            code=reason.code,
            feature=reason.feature,
            contribution=reason.contribution,
        )
    if answer is not None:
        request.add_to_side(v1.RequestDetail(explanation=explanation(answer)))


def explanation(answer: Answer) -> v1.Explanation:
    """By occlusion: the answer without the input minus the answer with it."""
    numbers: np.ndarray = -answer.attributions
    return v1.Explanation(
        method=v1.EXPLANATION_METHOD_OCCLUSION,
        attributions=v1.Tensor(
            element_kind=v1.ELEMENT_KIND_FLOAT64,
            shape=numbers.shape,
            content=numbers.astype("<f8").tobytes(),
        ),
        base_value=answer.typical_probability,
    )
