"""Logging every request of an ASGI server, with one line in its code.

app = RequestLogMiddleware(app, logger)
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, final

from mlspec.errors import StateError
from mlspec.requestlog.requests.asgi_exchange import (
    MAX_KEPT,
    App,
    Exchange,
    Options,
    Receive,
    Scope,
    Send,
    refuse,
)
from mlspec.requestlog.requests.current import being_answered
from mlspec.requestlog.requests.logger import RequestLogger

REQUEST_KEY: Final = "mlspec.request"
"""Where the application finds its `LoggedRequest` in the scope; or it calls `current_request`."""


@final
class RequestLogMiddleware:
    """Logs what a server answers over HTTP, failures included, and passes all else on untouched.

    Under checkpointed durability the end of an answer is held back until its entry is on disk. An
    answer that says how long it is (`content-length`) is held back whole, so that it becomes a 503
    if the log cannot take it; of one that streams, what came before is out by then, and the
    connection is broken off. Exceptions are logged, and raised again. WebSockets are not logged.
    """

    def __init__(
        self,
        app: App,
        logger: RequestLogger,
        *,
        skip: Collection[str] = (),
        keep_bodies: int = 0,
        id_header: str | None = "x-request-id",
    ) -> None:
        """Put the log round an application.

        Args:
            app: The application.
            logger: The log, which all workers' threads of this process share.
            skip: Paths that are not logged, such as those that only ask for health; counted.
            keep_bodies: Bodies of at most so many bytes are kept in the side record, and none of
                more than 256 KiB. 0: none are.
            id_header: The header that tells the client the request's id, unless the application
                sets it. None: it is not told.
        """
        self._app = app
        self._logger = logger
        self._skip = frozenset(skip)
        header = None if id_header is None else id_header.lower().encode("ascii")
        self._options = Options(min(keep_bodies, MAX_KEPT), header)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises whatever the application raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"] in self._skip:
            self._logger.skip()
            await self._app(scope, receive, send)
            return
        try:
            request = self._logger.begin()
        except StateError:  # the deployment has ended: no model answers any more
            await refuse(send)
            return
        inner = {**scope, REQUEST_KEY: request}
        exchange = Exchange(self._logger, request, inner, receive, send, self._options)
        with being_answered(request):
            try:
                await self._app(inner, exchange.receive, exchange.send)
            except BaseException as error:
                await exchange.failed(error)
                raise
            await exchange.returned()
