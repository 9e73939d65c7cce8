"""A model server as its authors write it, and a real HTTP server round it."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from mlspec import v1
from mlspec.requestlog.requests import REQUEST_KEY, current_request


async def score(request: Request) -> Response:
    """Answer, and say so in the log."""
    asked = await request.json()
    logged = request.scope[REQUEST_KEY]
    assert logged is current_request()
    probability = float(asked["amount"]) / 1000
    logged.answer(probability, decision="approve" if probability >= 0.5 else "refer", threshold=0.5)
    logged.with_features([float(asked["amount"])])
    logged.about(subject_id=asked.get("case", "unknown"))
    if probability < 0.5:
        logged.reason("The amount is low")
    return JSONResponse({"request_id": logged.request_id, "probability": probability})


def sync_score(request: Request) -> Response:
    """Answer in a thread of the server's pool: the request is found there too."""
    current_request().answer(0.75)
    return PlainTextResponse("0.75")


async def status(request: Request) -> Response:
    """Answer with any status."""
    return PlainTextResponse("no", int(request.path_params["code"]))


async def fail(_: Request) -> Response:
    """Fail as code does."""
    raise ZeroDivisionError("applicant-canary")


async def late(_: Request) -> Response:
    """Take too long."""
    raise TimeoutError


async def slow(_: Request) -> Response:
    """Give the client time to go away."""
    await asyncio.sleep(0.8)
    return PlainTextResponse("slow")


async def cached(_: Request) -> Response:
    """Answer without the model."""
    current_request().came_to(v1.INFERENCE_OUTCOME_ANSWERED_FROM_CACHE)
    return PlainTextResponse("cached")


async def stream(_: Request) -> Response:
    """Answer in parts."""

    async def parts() -> AsyncIterator[bytes]:
        for number in range(5):
            yield b"part %d\n" % number
            await asyncio.sleep(0)

    return StreamingResponse(parts())


async def health(_: Request) -> Response:
    """Nothing that a model answers."""
    return PlainTextResponse("ok")


def make_app() -> Starlette:
    """The model server."""
    return Starlette(
        routes=[
            Route("/v1/score", score, methods=["POST"]),
            Route("/v1/sync", sync_score),
            Route("/v1/status/{code}", status),
            Route("/v1/fail", fail),
            Route("/v1/late", late),
            Route("/v1/slow", slow),
            Route("/v1/cached", cached),
            Route("/v1/stream", stream),
            Route("/ok", health),
        ]
    )


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve on a free port until the block ends; give the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", ws="none")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
