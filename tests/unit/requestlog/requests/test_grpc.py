"""The interceptors log every call of real gRPC servers, of threads and of coroutines."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from mlspec import v1
from mlspec.requestlog.disk import side_lock
from mlspec.requestlog.requests import RequestLogger, current_request
from mlspec.requestlog.requests.grpc_calls import host_of
from mlspec.requestlog.requests.grpc_interceptor import (
    async_request_log_interceptor,
    request_log_interceptor,
)
from tests.unit.requestlog.requests.serving import (
    CHECKPOINTED,
    buffered,
    deployment,
    details,
    inferences,
    logging,
)

SERVICE = "loans.v1.Scoring"
CODE = grpc.StatusCode

Serving = Callable[[RequestLogger], AbstractContextManager[Any]]


def score(asked: bytes, context: Any) -> bytes:
    """Answer, refuse, fail, or take long, as asked."""
    request = current_request()
    request.answer(0.5, decision="approve")
    if asked == b"refuse":
        context.abort(CODE.INVALID_ARGUMENT, "no")
    if asked == b"set":
        context.set_code(CODE.PERMISSION_DENIED)
    if asked == b"fail":
        raise ZeroDivisionError("applicant-canary")
    if asked == b"slow":
        time.sleep(1.0)
    return b"0.5"


def parts(asked: bytes, context: Any) -> Iterator[bytes]:
    """Answer in parts, which may break off, or go on for ever."""
    number = 0
    while number < 3 or asked == b"endless":
        current_request().about(row_count=number + 1)
        yield b"part"
        number += 1
        if asked == b"fail":
            raise ZeroDivisionError
        if asked == b"endless":
            time.sleep(0.01)


def total(asked: Iterator[bytes], context: Any) -> bytes:
    """Answer to many messages with one."""
    current_request().answer(sum(len(each) for each in asked))
    return b"total"


def both(asked: Iterator[bytes], context: Any) -> Iterator[bytes]:
    """Answer each message."""
    for each in asked:
        current_request().answer(1)
        yield each


async def score_async(asked: bytes, context: Any) -> bytes:
    """As `score`."""
    current_request().answer(0.5, decision="approve")
    if asked == b"refuse":
        await context.abort(CODE.INVALID_ARGUMENT, "no")
    if asked == b"set":
        context.set_code(CODE.PERMISSION_DENIED)
    if asked == b"fail":
        raise ZeroDivisionError("applicant-canary")
    if asked == b"slow":
        await asyncio.sleep(1.0)
    return b"0.5"


async def parts_async(asked: bytes, context: Any) -> AsyncIterator[bytes]:
    """As `parts`."""
    number = 0
    while number < 3 or asked == b"endless":
        current_request().about(row_count=number + 1)
        yield b"part"
        number += 1
        if asked == b"fail":
            raise ZeroDivisionError
        if asked == b"endless":
            await asyncio.sleep(0.01)


async def total_async(asked: AsyncIterator[bytes], context: Any) -> bytes:
    """As `total`."""
    current_request().answer(sum([len(each) async for each in asked]))
    return b"total"


async def both_async(asked: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
    """As `both`."""
    async for each in asked:
        current_request().answer(1)
        yield each


async def written_async(asked: bytes, context: Any) -> None:
    """Answer in parts, written to the context."""
    for _ in range(3):
        await context.write(b"part")


def handlers(one: Any, many: Any, sum_up: Any, talk: Any, **others: Any) -> Any:
    """The service's methods."""
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "Score": grpc.unary_unary_rpc_method_handler(one),
            "Parts": grpc.unary_stream_rpc_method_handler(many),
            "Total": grpc.stream_unary_rpc_method_handler(sum_up),
            "Both": grpc.stream_stream_rpc_method_handler(talk),
            **others,
        },
    )


@contextmanager
def threads(log: RequestLogger) -> Iterator[Any]:
    """A server with a pool of threads."""
    with ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool, interceptors=[request_log_interceptor(log)])
        server.add_generic_rpc_handlers((handlers(score, parts, total, both),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
        server.stop(5).wait()


@contextmanager
def coroutines(log: RequestLogger) -> Iterator[Any]:
    """A server of coroutines, with one method that is none."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[Any, int]:
        server = grpc.aio.server(interceptors=[async_request_log_interceptor(log)])
        more: dict[str, Any] = {
            "Sync": grpc.unary_unary_rpc_method_handler(score),
            "Written": grpc.unary_stream_rpc_method_handler(written_async),
        }
        made = handlers(score_async, parts_async, total_async, both_async, **more)
        server.add_generic_rpc_handlers((made,))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server, port

    server, port = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(5), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(params=[threads, coroutines], ids=["threads", "coroutines"])
def serving(request: pytest.FixtureRequest) -> Serving:
    """Each kind of server."""
    made: Serving = request.param
    return made


@pytest.fixture(params=[CHECKPOINTED, buffered(0.2)], ids=["checkpointed", "buffered"])
def durability(request: pytest.FixtureRequest) -> v1.LogDurability:
    """Each of the two modes."""
    made: v1.LogDurability = request.param
    return made


def ask(channel: Any, method: str, message: bytes, **options: Any) -> bytes:
    """Call a method with one answer."""
    made: bytes = channel.unary_unary(f"/{SERVICE}/{method}")(message, **options)
    return made


def test_a_call_is_logged_as_it_was_asked_and_answered(
    tmp_path: Path, serving: Serving, durability: v1.LogDurability
) -> None:
    """Method, client, metadata, sizes, and what the model said."""
    with logging(tmp_path, durability=durability) as log, serving(log) as channel:
        metadata = (("x-request-id", "4bf92f3577b34da6a3ce929d0e0e4736"),)
        assert ask(channel, "Score", b"hello", metadata=metadata) == b"0.5"
    record, told = inferences(tmp_path)[0], details(tmp_path)[0]
    assert (record.status_code, record.outcome) == (200, v1.INFERENCE_OUTCOME_ANSWERED)
    assert (record.input_size_bytes, record.response_size_bytes) == (5, 3)
    assert record.endpoint == f"/{SERVICE}/Score"
    assert record.model.prediction.decision == "approve"
    assert record.client_request_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert told is not None
    assert told.host == "127.0.0.1"
    assert told.request_line == f"POST /{SERVICE}/Score HTTP/2.0"
    assert "grpc-python" in told.agent


@pytest.mark.parametrize(
    ("message", "code", "status", "outcome", "error_kind"),
    [
        (b"refuse", CODE.INVALID_ARGUMENT, 400, v1.INFERENCE_OUTCOME_INPUT_REFUSED, ""),
        (b"set", CODE.PERMISSION_DENIED, 403, v1.INFERENCE_OUTCOME_POLICY_REFUSED, ""),
        (b"fail", CODE.UNKNOWN, 500, v1.INFERENCE_OUTCOME_FAILED, "ZeroDivisionError"),
    ],
)
def test_failures_are_logged_with_their_code(
    tmp_path: Path,
    serving: Serving,
    message: bytes,
    code: grpc.StatusCode,
    status: int,
    outcome: int,
    error_kind: str,
) -> None:
    """Refused by the method, by a code that it set, and by an exception."""
    with (
        logging(tmp_path) as log,
        serving(log) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        ask(channel, "Score", message)
    assert caught.value.code() is code
    record = inferences(tmp_path)[0]
    assert (record.status_code, record.outcome) == (status, outcome)
    assert record.error_kind == error_kind
    files = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    assert not any(b"applicant-canary" in data for data in files)


def test_an_unknown_method_is_logged_too(tmp_path: Path, serving: Serving) -> None:
    """Its name is a stranger's, and stands in the side record only."""
    with (
        logging(tmp_path) as log,
        serving(log) as channel,
        pytest.raises(grpc.RpcError) as caught,
    ):
        ask(channel, "Nothing", b"")
    assert caught.value.code() is CODE.UNIMPLEMENTED
    record, told = inferences(tmp_path)[0], details(tmp_path)[0]
    assert (record.status_code, record.endpoint) == (501, "")
    assert told is not None
    assert told.request_line == f"POST /{SERVICE}/Nothing HTTP/2.0"


def test_streams_are_logged_with_the_sum_of_their_messages(
    tmp_path: Path, serving: Serving, durability: v1.LogDurability
) -> None:
    """In each direction, and in both."""
    with logging(tmp_path, durability=durability) as log, serving(log) as channel:
        assert len(list(channel.unary_stream(f"/{SERVICE}/Parts")(b"ask"))) == 3
        messages = [b"a", b"bc", b"def"]
        assert channel.stream_unary(f"/{SERVICE}/Total")(iter(messages)) == b"total"
        assert list(channel.stream_stream(f"/{SERVICE}/Both")(iter(messages))) == messages
        with pytest.raises(grpc.RpcError):
            list(channel.unary_stream(f"/{SERVICE}/Parts")(b"fail"))
    made = inferences(tmp_path)
    sizes = [(record.input_size_bytes, record.response_size_bytes) for record in made]
    assert sizes == [(3, 12), (6, 5), (6, 6), (4, 4)]
    assert made[0].row_count == 3
    assert made[1].model.prediction.integer_value == 6
    assert [record.status_code for record in made] == [200, 200, 200, 500]
    assert made[3].error_kind == "ZeroDivisionError"


def test_methods_of_the_other_kinds_are_logged_on_a_server_of_coroutines(tmp_path: Path) -> None:
    """One that runs in a thread, and one that writes its parts to the context."""
    with logging(tmp_path) as log, coroutines(log) as channel:
        assert ask(channel, "Sync", b"hello") == b"0.5"
        for message in (b"refuse", b"set", b"fail"):
            with pytest.raises(grpc.RpcError):
                ask(channel, "Sync", message)
        assert len(list(channel.unary_stream(f"/{SERVICE}/Written")(b"ask"))) == 3
    sync, *refused, written = inferences(tmp_path)
    assert sync.model.prediction.decision == "approve"
    assert [each.status_code for each in refused] == [400, 403, 500]
    assert (written.status_code, written.HasField("response_size_bytes")) == (200, False)


def test_a_client_that_goes_away_is_logged_as_abandoned(
    tmp_path: Path, serving: Serving, durability: v1.LogDurability
) -> None:
    """From a call and from a stream."""
    with logging(tmp_path, durability=durability) as log, serving(log) as channel:
        call = channel.unary_unary(f"/{SERVICE}/Score").future(b"slow")
        time.sleep(0.4)
        call.cancel()
        stream = channel.unary_stream(f"/{SERVICE}/Parts")(b"endless")
        next(stream)
        stream.cancel()
        deadline = time.monotonic() + 60
        while log.counters()["accepted"] < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    made = inferences(tmp_path)
    assert [(each.status_code, each.outcome) for each in made] == [
        (499, v1.INFERENCE_OUTCOME_ABANDONED)
    ] * 2


def test_a_call_whose_time_is_over_is_logged_as_late(tmp_path: Path, serving: Serving) -> None:
    """By the deadline that the client set."""
    with logging(tmp_path) as log, serving(log) as channel:
        with pytest.raises(grpc.RpcError):
            ask(channel, "Score", b"slow", timeout=0.4)
        deadline = time.monotonic() + 60
        while log.counters()["accepted"] < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    record = inferences(tmp_path)[0]
    assert (record.status_code, record.outcome) == (504, v1.INFERENCE_OUTCOME_TIMED_OUT)


def test_eight_clients_at_once_lose_nothing(
    tmp_path: Path, serving: Serving, durability: v1.LogDurability
) -> None:
    """Calls, streams and failures."""

    def client(number: int) -> None:
        for _ in range(10):
            ask(channel, "Score", b"x" * number)
            list(channel.unary_stream(f"/{SERVICE}/Parts")(b"x" * number))
            with pytest.raises(grpc.RpcError):
                ask(channel, "Score", b"fail")

    with (
        logging(tmp_path, durability=durability) as log,
        serving(log) as channel,
        ThreadPoolExecutor(8) as pool,
    ):
        for done in [pool.submit(client, number) for number in range(8)]:
            done.result()
    made = inferences(tmp_path)
    assert len({each.request_id for each in made}) == len(made) == 240
    assert sum(each.error_kind == "ZeroDivisionError" for each in made) == 80


def test_what_cannot_be_logged_in_time_is_not_answered(tmp_path: Path, serving: Serving) -> None:
    """The call ends as UNAVAILABLE, without the answer."""
    durability = v1.LogDurability()
    durability.checkpointed.max_wait_duration.FromSeconds(3)
    with logging(tmp_path, durability=durability) as log, serving(log) as channel:
        with side_lock(str(tmp_path)), pytest.raises(grpc.RpcError) as caught:
            ask(channel, "Score", b"hello")
        assert caught.value.code() is CODE.UNAVAILABLE
        with side_lock(str(tmp_path)), pytest.raises(grpc.RpcError) as caught:
            list(channel.unary_stream(f"/{SERVICE}/Parts")(b"hello"))
        assert caught.value.code() is CODE.UNAVAILABLE
        assert ask(channel, "Score", b"hello") == b"0.5"


def test_after_the_deployment_has_ended_nothing_is_answered(
    tmp_path: Path, serving: Serving
) -> None:
    """No model answers any more, and so the log could not name one."""
    with logging(tmp_path) as log, serving(log) as channel:
        log.announce(deployment(1, v1.DEPLOYMENT_CHANGE_KIND_ENDED))
        with pytest.raises(grpc.RpcError) as caught:
            ask(channel, "Score", b"hello")
        assert caught.value.code() is CODE.UNAVAILABLE
    assert inferences(tmp_path) == []


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("ipv4:192.0.2.7:5000", "192.0.2.7"),
        ("ipv6:[2001:db8::7]:5000", "2001:db8::7"),
        ("ipv6:%5B2001:db8::7%5D:5000", "2001:db8::7"),
        ("unix:/run/scoring.sock", None),
        ("unix:", None),
    ],
)
def test_a_peers_host_is_its_bare_address(peer: str, host: str | None) -> None:
    """Whatever else stands in the name that gRPC has for it."""
    assert host_of(peer) == host
