"""The request that is being answered, for code that the server calls deep within."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mlspec.errors import StateError
from mlspec.requestlog.requests.logged import LoggedRequest

_CURRENT: ContextVar[LoggedRequest | None] = ContextVar("mlspec.request", default=None)


def current_request() -> LoggedRequest:
    """Return the request that this thread or coroutine answers.

    Raises StateError where no middleware or interceptor logs one.
    """
    found = _CURRENT.get()
    if found is None:
        raise StateError(
            "must be called while a logged request is answered",
            error_id="log.request.none",
            remedy="Put RequestLogMiddleware or the interceptor round the server.",
        )
    return found


def answering(request: LoggedRequest) -> None:
    """Make a request the current one of this context, for as long as the context lasts."""
    _CURRENT.set(request)


@contextmanager
def being_answered(request: LoggedRequest) -> Iterator[None]:
    """Make a request the current one within the block."""
    token = _CURRENT.set(request)
    try:
        yield
    finally:
        _CURRENT.reset(token)
