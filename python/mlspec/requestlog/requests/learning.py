"""Feedback: what became known about an answer, as a leaf of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from mlspec import v1
from mlspec.errors import UsageError
from mlspec.requestlog.requests.side import checked_content
from mlspec.validation import validate


def feedback_of(
    request_id: str, detail: v1.RequestDetail | None, facts: Mapping[str, Any]
) -> v1.InferenceFeedback:
    """Return feedback that keeps the rules; what binds the detail is added when it is written.

    Raises ValidationError, UsageError for facts that feedback does not have, LimitError.
    """
    try:
        made = v1.InferenceFeedback(request_id=request_id, **facts)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"must be fields of InferenceFeedback ({error})", error_id="log.feedback"
        ) from error
    if not made.HasField("feedback_time"):
        made.feedback_time.FromNanoseconds(time.time_ns())
    made.ClearField("side_hmac_sha256")
    if detail is not None:
        validate(detail)
        checked_content(detail.SerializeToString())
        made.side_hmac_sha256 = bytes(32)  # stands for what the writing thread puts there
    validate(made)
    return made
