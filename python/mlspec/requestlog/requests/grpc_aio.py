"""The interceptor of a `grpc.aio` server."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, final

import grpc
import grpc.aio

from mlspec.errors import MLSpecError, StateError
from mlspec.requestlog.requests.current import answering
from mlspec.requestlog.requests.grpc_calls import (
    NOT_LOGGED,
    UNKNOWN_METHOD,
    Context,
    abandon,
    add_size,
    conclude,
)
from mlspec.requestlog.requests.grpc_interceptor import (
    Beginning,
    Behaviour,
    Call,
    rebuilt,
    shape_of,
    wrapped,
)
from mlspec.requestlog.requests.logger import RequestLogger

AsyncBehaviour = Callable[[Any, Any], Any]


async def _unknown(_: Any, context: Context) -> AsyncIterator[bytes]:
    """Answer as a server does that lacks the method."""
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, UNKNOWN_METHOD)
    yield b""


_UNKNOWN: Final[Any] = grpc.stream_stream_rpc_method_handler(_unknown)


@final
class AsyncInterceptor(grpc.aio.ServerInterceptor):
    """Logs the calls of a server of coroutines. `async_request_log_interceptor` makes it."""

    def __init__(self, logger: RequestLogger) -> None:
        self._logger = logger

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        """Put the log round the method that answers."""
        found = await continuation(details)
        handler, known = found or _UNKNOWN, found is not None
        shape = shape_of(handler)
        behaviour = getattr(handler, shape)
        if not _is_async(behaviour):
            return wrapped(handler, details, self._logger, known=known)
        beginning = Beginning(self._logger, details, known=known)
        make = _streaming if inspect.isasyncgenfunction(behaviour) else _single
        return rebuilt(handler, shape, make(behaviour, beginning))


def _is_async(behaviour: Behaviour) -> bool:
    """Tell as gRPC does which methods are coroutines; the others run in its pool of threads."""
    kinds = (behaviour, getattr(behaviour, "__call__", behaviour))  # noqa: B004 - it is called
    return any(inspect.iscoroutinefunction(k) or inspect.isasyncgenfunction(k) for k in kinds)


def _single(behaviour: Behaviour, beginning: Beginning) -> AsyncBehaviour:
    """Return a coroutine: of one answer, or of a stream that it writes to the context itself."""

    async def answer(asked: Any, context: Context) -> Any:
        call = await _begin(beginning, context)
        try:
            answered = await behaviour(_counted(call, asked), context)
        except BaseException as error:
            await _end(call, error)
            raise
        call.request.response_size = add_size(None, answered)
        await _end(call)
        return answered

    return answer


def _streaming(behaviour: Behaviour, beginning: Beginning) -> AsyncBehaviour:
    async def answer(asked: Any, context: Context) -> AsyncIterator[Any]:
        call = await _begin(beginning, context)
        try:
            async for part in behaviour(_counted(call, asked), context):
                call.request.response_size = add_size(call.request.response_size, part)
                yield part
        except BaseException as error:
            await _end(call, error)
            raise
        await _end(call)

    return answer


async def _begin(beginning: Beginning, context: Context) -> Call:
    try:
        call = beginning.begin(context)
    except StateError:
        await context.abort(grpc.StatusCode.UNAVAILABLE, NOT_LOGGED)
        raise
    # Each call has a task, and so a context, of its own: there is nothing to put back.
    answering(call.request)
    return call


def _counted(call: Call, asked: Any) -> Any:
    return _counting(call, asked) if hasattr(asked, "__anext__") else call.counted(asked)


async def _counting(call: Call, messages: Any) -> AsyncIterator[Any]:
    async for message in messages:
        call.request.input_size = add_size(call.request.input_size, message)
        yield message


async def _end(call: Call, error: BaseException | None = None) -> None:
    if not call.claim():
        return
    if isinstance(error, asyncio.CancelledError | GeneratorExit):
        abandon(call.request, call.context)
        call.logger.hand_over(call.request)  # the task ends here: it cannot wait for a disk
        return
    conclude(call.request, call.context, error)
    try:
        await call.logger.log_async(call.request)
    except MLSpecError:
        if error is None:
            await call.context.abort(grpc.StatusCode.UNAVAILABLE, NOT_LOGGED)
