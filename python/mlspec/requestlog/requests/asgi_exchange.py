"""One request over ASGI: what passes between the server and the application, seen and timed."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from mlspec import v1
from mlspec.errors import MLSpecError
from mlspec.requestlog.requests.asgi_scope import capture, capture_late, header_of
from mlspec.requestlog.requests.logged import LoggedRequest
from mlspec.requestlog.requests.logger import RequestLogger
from mlspec.requestlog.requests.outcomes import CLIENT_GONE, error_kind_of

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_KEPT: Final = 256 * 1024
"""The longest body that is kept, in bytes."""

_LOOKS: Final = 4
_FAILED: Final = 500
_UNAVAILABLE: Final = 503
_NOT_LOGGED: Final = b"the request cannot be logged, so it is not answered\n"
_HEADERS: Final = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"content-length", str(len(_NOT_LOGGED)).encode()),
]


@dataclass(frozen=True, slots=True)
class Options:
    """What is kept and told, as `RequestLogMiddleware` takes it."""

    keep_bodies: int
    id_header: bytes | None


async def refuse(send: Send) -> None:
    """Answer that there is no answer: what is not logged must not go out."""
    await send({"type": "http.response.start", "status": _UNAVAILABLE, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _NOT_LOGGED})


class Exchange:
    """The two halves of a request, between `receive` and `send`."""

    def __init__(
        self,
        logger: RequestLogger,
        request: LoggedRequest,
        scope: Scope,
        receive: Receive,
        send: Send,
        options: Options,
    ) -> None:
        self._logger, self._request, self._scope = logger, request, scope
        self._receive, self._send, self._options = receive, send, options
        self._held: Message | None = None
        self._read = self._gone = self._ended = self._over = self._refused = False
        self._size: int | None = 0
        self._declared: int | None = None
        self._bodies: tuple[Body, Body] | None = None
        if options.keep_bodies:
            self._bodies = Body(options.keep_bodies), Body(options.keep_bodies)
        request.input_size = 0
        capture(request, scope)

    async def receive(self) -> Message:
        """Return what the server has for the application."""
        message = await self._receive()
        self._saw(message)
        return message

    async def send(self, message: Message) -> None:
        """Hand on what the application answers; the end of it once it is logged."""
        if self._refused:
            return
        kind = message["type"]
        if kind == "http.response.start":
            await self._start(message)
        elif kind == "http.response.body":
            body = message.get("body", b"")
            self._size = (self._size or 0) + len(body)
            if self._bodies is not None:
                self._bodies[1].add(body)
            await self._part(message, last=not message.get("more_body", False))
        elif kind == "http.response.pathsend":
            self._size = self._declared  # the server reads the file, and nobody else sees it
            await self._part(message, last=True)
        else:
            await self._part(message, last=False)

    async def failed(self, error: BaseException) -> None:
        """Log a request that an exception ended, unless its answer was complete before."""
        if self._over:
            return
        if not self._ended:
            self._request.failed_with(error)
            # A server that was told to stop answers nothing; of an exception it makes a 500.
            answered = self._request.status or _FAILED
            self._request.status = answered if isinstance(error, Exception) else None
        with suppress(MLSpecError):  # the application's own exception says more
            await self._log()

    async def returned(self) -> None:
        """Log a request that the application left without a complete answer."""
        if self._over:
            return
        if not self._ended:
            self._request.status = self._request.status or _FAILED
            self._request.outcome = self._request.outcome or v1.INFERENCE_OUTCOME_FAILED
        await self._log()

    def _saw(self, message: Message) -> None:
        if message["type"] == "http.disconnect":
            self._gone = self._gone or not self._ended
        else:
            body = message.get("body", b"")
            self._request.input_size = (self._request.input_size or 0) + len(body)
            self._read = not message.get("more_body", False)
            if self._bodies is not None:
                self._bodies[0].add(body)

    async def _start(self, message: Message) -> None:
        self._request.status = message["status"]
        header = self._options.id_header
        headers = list(message.get("headers", ()))
        if header is not None and header_of(headers, header) is None:
            headers.append((header, self._request.request_id.encode()))
            message = {**message, "headers": headers}
        length = header_of(headers, b"content-length")
        self._declared = int(length) if length is not None and length.isdigit() else None
        if self._logger.waits and length is not None:
            self._held = message
        else:
            await self._send(message)

    async def _part(self, message: Message, *, last: bool) -> None:
        if not last or self._over:
            await self._release()
            await self._send(message)
            return
        self._look_for_client()
        if not self._logger.waits:
            self._ended = True
            await self._send(message)
            await self._log()
            return
        try:
            await self._log()
        except MLSpecError:
            if self._held is None:
                raise
            await self._refuse()
            return
        self._ended = True
        await self._release()
        await self._send(message)

    async def _release(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            await self._send(held)

    async def _refuse(self) -> None:
        self._refused = True
        await refuse(self._send)

    async def _log(self) -> None:
        self._over = True
        request = self._request
        capture_late(request, self._scope)
        if self._gone:
            request.status = CLIENT_GONE
            request.outcome = v1.INFERENCE_OUTCOME_ABANDONED
        else:
            request.response_size = self._size
        if request.error_kind is None and (request.status or 0) >= _FAILED:
            # A framework that answers for an exception does so while it handles it.
            handled = sys.exc_info()[1]
            request.error_kind = None if handled is None else error_kind_of(handled)
        if self._bodies is not None:
            request.keep(*(body.kept() for body in self._bodies))
        await self._logger.log_async(request)

    def _look_for_client(self) -> None:
        """See whether the client went away, without waiting.

        The answer is over, so that nobody misses what is taken from the server here.
        """
        if not self._read and header_of(self._scope["headers"], b"expect") is not None:
            return  # asking would tell the client to send the body that the application refused
        for _ in range(_LOOKS):
            if self._gone or not self._step():
                return

    def _step(self) -> bool:
        """Take one message of the server, if one is there; return whether it was."""
        step: Any = self._receive().__await__()
        try:
            step.send(None)
        except StopIteration as done:
            self._saw(done.value)
            return True
        except Exception:  # noqa: BLE001 - a server that minds being asked: then nothing is known
            return False
        finally:
            step.close()
        return False


class Body:
    """A body as long as it is no longer than may be kept."""

    def __init__(self, limit: int) -> None:
        self._parts: list[bytes] = []
        self._left = limit

    def add(self, part: bytes) -> None:
        """Take one more part."""
        self._left -= len(part)
        if self._left >= 0:
            self._parts.append(part)
        else:
            self._parts.clear()

    def kept(self) -> bytes:
        """Return the whole of it. Empty: there was none, or it was too long."""
        return b"".join(self._parts) if self._left >= 0 else b""
