"""What a gRPC call says about a request, and what its status code says came of it."""

from __future__ import annotations

import urllib.parse
from contextlib import suppress
from typing import Any, Final, final

import grpc

from mlspec import v1
from mlspec.errors import UsageError
from mlspec.requestlog.requests.bounds import cut_text, endpoint, is_opaque
from mlspec.requestlog.requests.logged import LoggedRequest

Details = Any
Context = Any

NOT_LOGGED: Final = "the request cannot be logged, so it is not answered"
UNKNOWN_METHOD: Final = "Method not found!"
"""What gRPC itself says of a method that a server lacks."""

_MAX_NAME: Final = 255
_MAX_LINE: Final = 8192
_MAX_TEXT: Final = 1024
_C: Final = grpc.StatusCode
_REFUSED: Final = v1.INFERENCE_OUTCOME_INPUT_REFUSED
_POLICY: Final = v1.INFERENCE_OUTCOME_POLICY_REFUSED
_OVERLOADED: Final = v1.INFERENCE_OUTCOME_OVERLOADED
_FAILED: Final = v1.INFERENCE_OUTCOME_FAILED
# The HTTP status that each code maps to, as gateways between the two have it, and the outcome.
_CODES: Final[dict[Any, tuple[int, int]]] = {
    _C.OK: (200, v1.INFERENCE_OUTCOME_ANSWERED),
    _C.CANCELLED: (499, v1.INFERENCE_OUTCOME_ABANDONED),
    _C.UNKNOWN: (500, _FAILED),
    _C.INVALID_ARGUMENT: (400, _REFUSED),
    _C.DEADLINE_EXCEEDED: (504, v1.INFERENCE_OUTCOME_TIMED_OUT),
    _C.NOT_FOUND: (404, _REFUSED),
    _C.ALREADY_EXISTS: (409, _REFUSED),
    _C.PERMISSION_DENIED: (403, _POLICY),
    _C.RESOURCE_EXHAUSTED: (429, _OVERLOADED),
    _C.FAILED_PRECONDITION: (400, _REFUSED),
    _C.ABORTED: (409, _FAILED),
    _C.OUT_OF_RANGE: (400, _REFUSED),
    _C.UNIMPLEMENTED: (501, _REFUSED),
    _C.INTERNAL: (500, _FAILED),
    _C.UNAVAILABLE: (503, _OVERLOADED),
    _C.DATA_LOSS: (500, _FAILED),
    _C.UNAUTHENTICATED: (401, _POLICY),
}


def capture(request: LoggedRequest, details: Details, context: Context, *, known: bool) -> None:
    """Take what the client sent before its messages.

    Args:
        request: What is logged.
        details: The call's method and metadata.
        context: The call's context.
        known: Whether the server has the method: then its name is the server's, not a stranger's.
    """
    request.host = host_of(context.peer())
    request.request_line = f"POST {details.method} HTTP/2.0"[:_MAX_LINE]
    if known:
        with suppress(UsageError):
            request.endpoint = endpoint(details.method)
    for name, value in details.invocation_metadata or ():
        text = value if isinstance(value, str) else value.decode("latin-1")
        if name == "user-agent":
            request.agent = cut_text(text, _MAX_TEXT)
        elif name == "x-request-id":
            request.client_request_id = cut_text(text, _MAX_TEXT)
            request.opaque_id = text if is_opaque(text) else None
    with suppress(Exception):  # whether a channel has identities is the transport's affair
        identities = context.peer_identities()
        if identities:
            name = next(iter(identities))
            request.user = cut_text(name.decode("utf-8", "replace"), _MAX_NAME)


def conclude(request: LoggedRequest, context: Context, error: BaseException | None = None) -> None:
    """Say what came of a call that is over, by its code, its deadline and what was raised."""
    code = context.code()
    if isinstance(code, int):  # as servers of coroutines have it
        code = next((each for each in _C if each.value[0] == code), _C.UNKNOWN)
    if code in (None, _C.OK) and error is not None:
        # An abort sets the code before it raises: without one, the method itself failed.
        request.failed_with(error)
        code = _C.UNKNOWN
    request.status, outcome = _CODES[code or _C.OK]
    request.outcome = request.outcome or outcome


def abandon(request: LoggedRequest, context: Context) -> None:
    """Say that the client went away, or that its time was over."""
    left = context.time_remaining()
    late = left is not None and left <= 0
    code = _C.DEADLINE_EXCEEDED if late else _C.CANCELLED
    request.status, request.outcome = _CODES[code]
    request.response_size = None


def size_of(message: Any) -> int | None:
    """Return the bytes of a message as it is sent. None: nobody knows."""
    if isinstance(message, bytes):
        return len(message)
    measure = getattr(message, "ByteSize", None)
    return None if measure is None else int(measure())


def add_size(total: int | None, message: Any) -> int | None:
    """Return the bytes of one message more."""
    size = size_of(message)
    return None if size is None else (total or 0) + size


def host_of(peer: str) -> str | None:
    """Return the address in the name that gRPC has for a peer. None: it has none.

    IPv4 as "ipv4:192.0.2.7:5000", IPv6 as "ipv6:[2001:db8::7]:5000", percent-encoded.
    """
    kind, _, rest = urllib.parse.unquote(peer).partition(":")
    if kind not in ("ipv4", "ipv6"):
        return None
    return cut_text(rest.rpartition(":")[0].strip("[]"), _MAX_NAME)


def telling(context: Context) -> Context:
    """Return a context that tells the code it was given; most do."""
    return context if hasattr(context, "code") else _Noting(context)


@final
class _Noting:
    """The context of a method of threads on a server of coroutines, which tells nothing itself."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._code: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def code(self) -> Any:
        """Return the code that was set."""
        return self._code

    def is_active(self) -> bool:
        """Nobody knows."""
        return True

    def set_code(self, code: Any) -> None:
        """Note the code, and set it."""
        self._code = code
        self._context.set_code(code)

    def abort(self, code: Any, *rest: Any, **more: Any) -> None:
        """Note the code, and abort with it."""
        self._code = code
        self._context.abort(code, *rest, **more)

    def abort_with_status(self, status: Any) -> None:
        """Note the code, and abort with it."""
        self._code = status.code
        self._context.abort_with_status(status)
