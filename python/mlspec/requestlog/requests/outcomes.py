"""What came of a request, by its status or by what was raised."""

from __future__ import annotations

import asyncio
from typing import Final

from mlspec import v1

CLIENT_GONE: Final = 499
"""The status for a client that went away, as nginx has it: no answer was sent with it."""

_OF_STATUS: Final = {
    401: v1.INFERENCE_OUTCOME_POLICY_REFUSED,
    403: v1.INFERENCE_OUTCOME_POLICY_REFUSED,
    408: v1.INFERENCE_OUTCOME_TIMED_OUT,
    429: v1.INFERENCE_OUTCOME_OVERLOADED,
    451: v1.INFERENCE_OUTCOME_POLICY_REFUSED,
    CLIENT_GONE: v1.INFERENCE_OUTCOME_ABANDONED,
    503: v1.INFERENCE_OUTCOME_OVERLOADED,
    504: v1.INFERENCE_OUTCOME_TIMED_OUT,
}
_REFUSED: Final = 400
_FAILED: Final = 500


def outcome_of_status(status: int | None) -> int:
    """Return what a status says came of a request. None: there was no protocol, and no error."""
    if status is None or status < _REFUSED:
        return v1.INFERENCE_OUTCOME_ANSWERED
    found = _OF_STATUS.get(status)
    if found is not None:
        return found
    refused = status < _FAILED
    return v1.INFERENCE_OUTCOME_INPUT_REFUSED if refused else v1.INFERENCE_OUTCOME_FAILED


def outcome_of_exception(error: BaseException) -> int:
    """Return what an exception says came of a request."""
    if isinstance(error, TimeoutError):
        return v1.INFERENCE_OUTCOME_TIMED_OUT
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        return v1.INFERENCE_OUTCOME_ABANDONED
    return v1.INFERENCE_OUTCOME_FAILED


def error_kind_of(error: BaseException) -> str:
    """Return the class of an exception, never its message: that can hold what a person sent."""
    return type(error).__name__.encode("ascii", "replace").decode()[:127] or "Exception"
