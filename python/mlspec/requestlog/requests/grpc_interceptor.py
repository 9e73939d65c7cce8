"""Logging every call of a gRPC server, with one argument in its code.

    grpc.server(pool, interceptors=[request_log_interceptor(logger)])
    grpc.aio.server(interceptors=[async_request_log_interceptor(logger)])

Needs grpcio, the extra `grpc`.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, final

import grpc

from mlspec.errors import MLSpecError, StateError
from mlspec.requestlog.requests.current import answering, being_answered
from mlspec.requestlog.requests.grpc_calls import (
    NOT_LOGGED,
    UNKNOWN_METHOD,
    Context,
    Details,
    abandon,
    add_size,
    capture,
    conclude,
    telling,
)
from mlspec.requestlog.requests.logger import RequestLogger

Behaviour = Callable[[Any, Any], Any]

_SHAPES: Final = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")


def request_log_interceptor(logger: RequestLogger) -> grpc.ServerInterceptor:
    """Return the interceptor of a server with a pool of threads.

    Put it first. Calls of unknown methods are logged too. Under checkpointed durability the answer
    to a call, or the end of its stream, waits until the entry is on disk; without that the call
    ends as UNAVAILABLE.
    """
    return _Interceptor(logger)


def async_request_log_interceptor(logger: RequestLogger) -> Any:
    """Return the interceptor of a `grpc.aio` server, whose methods may be of either kind."""
    from mlspec.requestlog.requests.grpc_aio import AsyncInterceptor

    return AsyncInterceptor(logger)


@final
class _Interceptor(grpc.ServerInterceptor):
    def __init__(self, logger: RequestLogger) -> None:
        self._logger = logger

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        """Put the log round the method that answers."""
        handler = continuation(details)
        return wrapped(handler or _UNKNOWN, details, self._logger, known=handler is not None)


def _unknown(_: Any, context: Context) -> Iterator[bytes]:
    """Answer as a server does that lacks the method."""
    context.abort(grpc.StatusCode.UNIMPLEMENTED, UNKNOWN_METHOD)
    yield b""


# Of this kind, it needs none of what the client may be sending.
_UNKNOWN: Final[Any] = grpc.stream_stream_rpc_method_handler(_unknown)


def wrapped(handler: Any, details: Details, logger: RequestLogger, *, known: bool) -> Any:
    """Return a handler that logs what another one answers."""
    shape = shape_of(handler)
    behaviour = getattr(handler, shape)
    begin = Beginning(logger, details, known=known)
    made = _streaming(behaviour, begin) if handler.response_streaming else _unary(behaviour, begin)
    return rebuilt(handler, shape, made)


def shape_of(handler: Any) -> str:
    """Return the name of a handler's kind of method."""
    return next(shape for shape in _SHAPES if getattr(handler, shape) is not None)


def rebuilt(handler: Any, shape: str, behaviour: Behaviour) -> Any:
    """Return a handler of the same kind with another behaviour."""
    make = getattr(grpc, f"{shape}_rpc_method_handler")
    return make(behaviour, handler.request_deserializer, handler.response_serializer)


@final
class Beginning:
    """What all calls of one method begin with."""

    def __init__(self, logger: RequestLogger, details: Details, *, known: bool) -> None:
        self.logger, self._details, self._known = logger, details, known

    def begin(self, context: Context) -> Call:
        """Begin a call. Raises StateError if no model answers any more."""
        request = self.logger.begin()
        capture(request, self._details, context, known=self._known)
        return Call(self.logger, request, context)


@final
class Call:
    """One call, until it is logged, which happens once."""

    def __init__(self, logger: RequestLogger, request: Any, context: Context) -> None:
        self.logger, self.request, self.context = logger, request, context
        self._lock, self._over = threading.Lock(), False

    def counted(self, messages: Any) -> Any:
        """Return what came in, with its size noted: one message, or an iterator of them."""
        if hasattr(messages, "__next__"):
            return self._counting(messages)
        self.request.input_size = add_size(None, messages)
        return messages

    def claim(self) -> bool:
        """Tell whether it is the caller's to log this call: the first one's."""
        with self._lock:
            over, self._over = self._over, True
        return not over

    def end(self, error: BaseException | None = None) -> None:
        """Log the call. An answer that cannot be logged is taken back: the call is aborted."""
        if not self.claim():
            return
        if error is None and not self.context.is_active():
            abandon(self.request, self.context)
        else:
            conclude(self.request, self.context, error)
        try:
            self.logger.log(self.request)
        except MLSpecError:
            if error is None:
                self.context.abort(grpc.StatusCode.UNAVAILABLE, NOT_LOGGED)

    def terminated(self) -> None:
        """Log a stream that the client left: nobody will ask for its next message."""
        if self.claim():
            abandon(self.request, self.context)
            self.logger.hand_over(self.request)

    def _counting(self, messages: Iterator[Any]) -> Iterator[Any]:
        for message in messages:
            self.request.input_size = add_size(self.request.input_size, message)
            yield message


def _unary(behaviour: Behaviour, beginning: Beginning) -> Behaviour:
    def answer(asked: Any, given: Context) -> Any:
        context = telling(given)
        call = _begin(beginning, context)
        with being_answered(call.request):
            try:
                answered = behaviour(call.counted(asked), context)
            except BaseException as error:
                call.end(error)
                raise
        call.request.response_size = add_size(None, answered)
        call.end()
        return answered

    return answer


def _streaming(behaviour: Behaviour, beginning: Beginning) -> Behaviour:
    def answer(asked: Any, given: Context) -> Iterator[Any]:
        context = telling(given)
        call = _begin(beginning, context)
        # Each step may run in another thread: the current request goes along in a context.
        own = contextvars.copy_context()
        own.run(answering, call.request)
        if context.add_callback(call.terminated) is False:
            call.terminated()
        try:
            parts = iter(own.run(behaviour, call.counted(asked), context))
            while True:
                try:
                    part = own.run(next, parts)
                except StopIteration:
                    break
                call.request.response_size = add_size(call.request.response_size, part)
                yield part
        except GeneratorExit:
            call.terminated()
            raise
        except BaseException as error:
            call.end(error)
            raise
        call.end()

    return answer


def _begin(beginning: Beginning, context: Context) -> Call:
    try:
        return beginning.begin(context)
    except StateError:
        context.abort(grpc.StatusCode.UNAVAILABLE, NOT_LOGGED)
        raise
