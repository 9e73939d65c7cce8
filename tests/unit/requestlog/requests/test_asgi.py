"""The middleware logs every request of a real HTTP server, and changes nothing else."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlspec import v1
from mlspec.errors import StateError
from mlspec.requestlog.disk import side_lock
from mlspec.requestlog.requests import RequestLogMiddleware, current_request
from mlspec.sealing.signers import write_private_key
from tests.unit.requestlog.requests.loan_app import make_app, serving
from tests.unit.requestlog.requests.serving import (
    CHECKPOINTED,
    SIGNER,
    buffered,
    deployment,
    details,
    inferences,
    logging,
)

ROOT = Path(__file__).parents[4]
PATHS = [str(ROOT / "python"), str(ROOT)]
TIMEOUT = 60.0  # the disk may be everybody's
MODES = {"checkpointed": CHECKPOINTED, "buffered": buffered(0.2)}


def get(address: str, **options: Any) -> httpx.Response:
    """Ask, with patience."""
    return httpx.get(address, timeout=TIMEOUT, **options)


def post(address: str, **options: Any) -> httpx.Response:
    """Send, with patience."""
    return httpx.post(address, timeout=TIMEOUT, **options)


@pytest.fixture(params=list(MODES))
def durability(request: pytest.FixtureRequest) -> v1.LogDurability:
    """Each of the two modes."""
    return MODES[request.param]


def test_a_request_is_logged_as_it_was_asked_and_answered(
    tmp_path: Path, durability: v1.LogDurability
) -> None:
    """Method, path, query, version, client, headers, status, bytes; and what the model said."""
    body = json.dumps({"amount": 400, "case": "case-4711"})
    with (
        logging(tmp_path, durability=durability) as log,
        serving(RequestLogMiddleware(make_app(), log)) as address,
    ):
        answer = post(
            f"{address}/v1/score?who=anna",
            content=body,
            headers={
                "content-type": "application/json",
                "referer": "https://intranet.bank.example/x",
                "user-agent": 'desk "5"',
                "x-request-id": "4bf92f3577b34da6a3ce929d0e0e4736",
            },
        )
        assert answer.status_code == 200
    record, told = inferences(tmp_path)[0], details(tmp_path)[0]
    assert record.request_id == answer.json()["request_id"] == answer.headers["x-request-id"]
    assert record.outcome == v1.INFERENCE_OUTCOME_ANSWERED
    assert (record.status_code, record.response_size_bytes) == (200, len(answer.content))
    assert record.latency_duration.nanos > 0
    assert record.input_media_type == "application/json"
    assert record.input_size_bytes == len(body)
    assert record.client_request_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert record.model.prediction.decision == "refer"
    assert record.principal_reasons[0].description == "The amount is low"
    assert told is not None
    assert told.host == "127.0.0.1"
    assert told.request_line == "POST /v1/score?who=anna HTTP/1.1"
    assert (told.agent, told.referrer) == ('desk "5"', "https://intranet.bank.example/x")
    assert told.subject_id == "case-4711"
    assert told.inputs == []
    line = (tmp_path / "access.log").read_text()
    assert line.startswith("127.0.0.1 - - [")
    assert (
        f'" 200 {len(answer.content)} "https://intranet.bank.example/x" "desk \\x225\\x22"' in line
    )


@pytest.mark.parametrize(
    ("path", "status", "outcome", "error_kind"),
    [
        ("/v1/status/201", 201, v1.INFERENCE_OUTCOME_ANSWERED, ""),
        ("/v1/status/422", 422, v1.INFERENCE_OUTCOME_INPUT_REFUSED, ""),
        ("/v1/status/403", 403, v1.INFERENCE_OUTCOME_POLICY_REFUSED, ""),
        ("/v1/status/429", 429, v1.INFERENCE_OUTCOME_OVERLOADED, ""),
        ("/v1/status/503", 503, v1.INFERENCE_OUTCOME_OVERLOADED, ""),
        ("/v1/status/504", 504, v1.INFERENCE_OUTCOME_TIMED_OUT, ""),
        ("/v1/status/500", 500, v1.INFERENCE_OUTCOME_FAILED, ""),
        ("/nowhere", 404, v1.INFERENCE_OUTCOME_INPUT_REFUSED, ""),
        ("/v1/score", 405, v1.INFERENCE_OUTCOME_INPUT_REFUSED, ""),
        ("/v1/fail", 500, v1.INFERENCE_OUTCOME_FAILED, "ZeroDivisionError"),
        ("/v1/late", 500, v1.INFERENCE_OUTCOME_FAILED, "TimeoutError"),
        ("/v1/cached", 200, v1.INFERENCE_OUTCOME_ANSWERED_FROM_CACHE, ""),
        ("/v1/sync", 200, v1.INFERENCE_OUTCOME_ANSWERED, ""),
        ("/v1/stream", 200, v1.INFERENCE_OUTCOME_ANSWERED, ""),
    ],
)
def test_failures_are_logged_with_their_true_status(
    tmp_path: Path,
    durability: v1.LogDurability,
    path: str,
    status: int,
    outcome: int,
    error_kind: str,
) -> None:
    """Refused, forbidden, overloaded, failed, late, unknown, cached, in parts."""
    with (
        logging(tmp_path, durability=durability) as log,
        serving(RequestLogMiddleware(make_app(), log)) as address,
    ):
        answer = get(address + path)
    assert answer.status_code == status
    record = inferences(tmp_path)[0]
    assert (record.status_code, record.outcome) == (status, outcome)
    assert record.error_kind == error_kind
    assert record.response_size_bytes == len(answer.content)
    files = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    assert not any(b"applicant-canary" in data for data in files)


def test_nothing_of_the_path_gets_into_the_leaf(tmp_path: Path) -> None:
    """A path can name a person; so can an id that a client chose."""
    with logging(tmp_path) as log, serving(RequestLogMiddleware(make_app(), log)) as address:
        get(f"{address}/v1/anna-canary", headers={"x-request-id": "anna-canary"})
    record, told = inferences(tmp_path)[0], details(tmp_path)[0]
    assert b"anna-canary" not in record.SerializeToString()
    assert told is not None
    assert told.client_request_id == "anna-canary"


def test_eight_clients_at_once_lose_nothing(tmp_path: Path, durability: v1.LogDurability) -> None:
    """Each of their requests is logged once, whatever came of it."""
    paths = ["/v1/sync", "/v1/status/422", "/v1/fail", "/v1/stream", "/v1/cached"]

    def ask(number: int) -> list[str]:
        # A connection each: the server closes one whose application raised.
        return [
            get(f"{address}{paths[each % 5]}").headers["x-request-id"]
            for each in range(number, number + 15)
        ]

    with (
        logging(tmp_path, durability=durability) as log,
        serving(RequestLogMiddleware(make_app(), log)) as address,
        ThreadPoolExecutor(8) as pool,
    ):
        told = [each for ids in pool.map(ask, range(8)) for each in ids]
    found = inferences(tmp_path)
    assert sorted(each.request_id for each in found) == sorted(told)
    assert sum(each.error_kind == "ZeroDivisionError" for each in found) == 24


@pytest.mark.parametrize("when", ["before the answer", "within the body"])
def test_a_client_that_goes_away_is_logged_as_abandoned(
    tmp_path: Path, durability: v1.LogDurability, when: str
) -> None:
    """With 499, and without a claim of what was sent."""
    lines = {
        "before the answer": b"GET /v1/slow HTTP/1.1\r\nhost: x\r\n\r\n",
        "within the body": b"POST /v1/score HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{",
    }
    with (
        logging(tmp_path, durability=durability) as log,
        serving(RequestLogMiddleware(make_app(), log)) as address,
    ):
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(lines[when])
            time.sleep(0.3)
        deadline = time.monotonic() + 60
        while log.counters()["accepted"] < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    record = inferences(tmp_path)[0]
    assert (record.outcome, record.status_code) == (v1.INFERENCE_OUTCOME_ABANDONED, 499)
    assert not record.HasField("response_size_bytes")


def test_what_cannot_be_logged_in_time_is_not_answered(tmp_path: Path) -> None:
    """A 503 goes out in its place, and the answer does not."""
    durability = v1.LogDurability()
    durability.checkpointed.max_wait_duration.FromSeconds(3)
    with (
        logging(tmp_path, durability=durability) as log,
        serving(RequestLogMiddleware(make_app(), log)) as address,
    ):
        with side_lock(str(tmp_path)):
            answer = get(f"{address}/v1/sync")
            with pytest.raises(httpx.RemoteProtocolError):
                get(f"{address}/v1/stream")
        again = get(f"{address}/v1/sync")
    assert answer.status_code == 503
    assert "0.75" not in answer.text
    assert again.text == "0.75"


def test_after_the_deployment_has_ended_nothing_is_answered(tmp_path: Path) -> None:
    """No model answers any more, and so the log could not name one."""
    with logging(tmp_path) as log:
        log.announce(deployment(1, v1.DEPLOYMENT_CHANGE_KIND_ENDED))
        with serving(RequestLogMiddleware(make_app(), log)) as address:
            assert get(f"{address}/v1/sync").status_code == 503
    assert inferences(tmp_path) == []


def test_paths_that_are_not_logged_are_counted(tmp_path: Path) -> None:
    """Asking for health is no request to a model."""
    with (
        logging(tmp_path) as log,
        serving(RequestLogMiddleware(make_app(), log, skip=["/ok"])) as address,
    ):
        answer = get(f"{address}/ok")
        assert log.counters()["skipped"] == 1
    assert "x-request-id" not in answer.headers
    assert inferences(tmp_path) == []


def test_bodies_are_kept_only_where_that_was_asked_for(tmp_path: Path) -> None:
    """In the side record, whole or not at all."""
    body = json.dumps({"amount": 700})
    with (
        logging(tmp_path) as log,
        serving(RequestLogMiddleware(make_app(), log, keep_bodies=1000)) as address,
    ):
        json_type = {"content-type": "application/json"}
        answer = post(f"{address}/v1/score", content=body, headers=json_type)
        long = json.dumps({"amount": 700, "case": "x" * 100, "more": "y" * 2000})
        post(f"{address}/v1/score", content=long, headers=json_type)
    kept, not_kept = details(tmp_path)
    assert kept is not None
    assert not_kept is not None
    assert kept.inputs[0].content == body.encode()
    assert kept.inputs[0].media_type == "application/json"
    assert kept.outputs[0].content == answer.content
    assert len(not_kept.inputs) == 0


def test_exceptions_are_raised_again_after_they_were_logged(tmp_path: Path) -> None:
    """An application without a framework's own handling: the server hears of it."""

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise TimeoutError

    with logging(tmp_path) as log, pytest.raises(TimeoutError):
        asyncio.run(call(RequestLogMiddleware(broken, log)))
    record = inferences(tmp_path)[0]
    assert (record.status_code, record.outcome) == (500, v1.INFERENCE_OUTCOME_TIMED_OUT)
    assert record.error_kind == "TimeoutError"


def test_an_application_that_forgets_to_answer_is_logged_as_failed(tmp_path: Path) -> None:
    """It returned, and the server will say 500."""

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    with logging(tmp_path) as log:
        asyncio.run(call(RequestLogMiddleware(silent, log)))
    record = inferences(tmp_path)[0]
    assert (record.status_code, record.outcome) == (200, v1.INFERENCE_OUTCOME_FAILED)
    assert record.response_size_bytes == 4


@pytest.mark.parametrize(("headers", "size"), [([(b"Content-Length", b"70")], 70), ([], None)])
def test_a_file_that_the_server_sends_has_the_size_that_was_declared(
    tmp_path: Path, headers: list[tuple[bytes, bytes]], size: int | None
) -> None:
    """The application only names it; without a length nobody claims one."""

    async def sending(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.pathsend", "path": "report.pdf"})

    with logging(tmp_path) as log:
        sent = asyncio.run(call(RequestLogMiddleware(sending, log)))
    record = inferences(tmp_path)[0]
    assert [each["type"] for each in sent] == ["http.response.start", "http.response.pathsend"]
    assert (record.response_size_bytes if record.HasField("response_size_bytes") else None) == size


def test_the_clients_id_header_is_the_applications_if_it_sets_one(tmp_path: Path) -> None:
    """And none at all if that was asked for."""

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"X-Request-ID", b"own")] if scope["path"] == "/own" else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    with logging(tmp_path) as log:
        own = asyncio.run(call(RequestLogMiddleware(answering, log), path="/own"))
        none = asyncio.run(call(RequestLogMiddleware(answering, log, id_header=None)))
        ours = asyncio.run(call(RequestLogMiddleware(answering, log)))
    assert own[0]["headers"] == [(b"X-Request-ID", b"own")]
    assert none[0]["headers"] == []
    assert ours[0]["headers"] == [(b"x-request-id", inferences(tmp_path)[2].request_id.encode())]


def test_a_cancelled_request_is_logged(tmp_path: Path) -> None:
    """As when a server is told to stop at once."""

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(60)

    async def cancel() -> None:
        task = asyncio.create_task(call(RequestLogMiddleware(endless, log)))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with logging(tmp_path) as log:
        asyncio.run(cancel())
    record = inferences(tmp_path)[0]
    assert record.outcome == v1.INFERENCE_OUTCOME_ABANDONED
    assert (record.error_kind, record.HasField("status_code")) == ("CancelledError", False)


def test_a_request_that_is_cancelled_while_it_waits_for_room_is_logged(tmp_path: Path) -> None:
    """As by a framework that stops when the client has all it wanted: the answer went out."""

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all"})

    async def cancel() -> None:
        app = RequestLogMiddleware(answering, log)
        with side_lock(str(tmp_path)):
            await call(app)
            await asyncio.sleep(0.3)  # the first one is in the writer's hands by now
            tasks = [asyncio.create_task(call(app)) for _ in range(4)]
            await asyncio.sleep(0.1)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        while log.counters()["accepted"] < 6:
            await asyncio.sleep(0.01)

    with logging(tmp_path, durability=buffered(0.2, 2)) as log:
        asyncio.run(cancel())
        assert log.counters()["dropped_queue_full"] == 0
    found = inferences(tmp_path)
    assert [(each.status_code, each.outcome) for each in found] == [
        (200, v1.INFERENCE_OUTCOME_ANSWERED)
    ] * 5


async def call(app: Any, path: str = "/") -> list[Any]:
    """Ask an application without a server."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [],
        "client": ("2001:db8::7", 1),
    }
    await app(scope, receive, send)
    return sent


def test_the_user_and_the_routes_pattern_come_from_the_framework(tmp_path: Path) -> None:
    """As frameworks put them into the scope; users that are nobody are nobody."""

    class User:
        is_authenticated = True
        display_name = "branch-12"

    class Nobody:
        is_authenticated = False

        @property
        def display_name(self) -> str:
            raise NotImplementedError

    class Pattern:
        path = "/v1/loans/{loan_id}"

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        scope["user"], scope["route"] = users.pop(), Pattern()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    users: list[Any] = ["text", Nobody(), User()]
    with logging(tmp_path) as log:
        for _ in range(3):
            asyncio.run(call(RequestLogMiddleware(answering, log)))
    assert [told.user for told in details(tmp_path) if told] == ["branch-12", "", "text"]
    assert {record.endpoint for record in inferences(tmp_path)} == {"/v1/loans/{loan_id}"}
    assert {told.host for told in details(tmp_path) if told} == {"2001:db8::7"}


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_what_is_no_request_passes_untouched(tmp_path: Path, kind: str) -> None:
    """The application gets the very objects that the server gave."""
    given: list[Any] = []

    async def app(*parts: Any) -> None:
        given.extend(parts)

    parts = ({"type": kind}, object(), object())
    with logging(tmp_path) as log:
        asyncio.run(RequestLogMiddleware(app, log)(*parts))  # type: ignore[arg-type]
    assert [a is b for a, b in zip(given, parts, strict=True)] == [True] * 3
    assert inferences(tmp_path) == []


def test_outside_of_a_request_there_is_none() -> None:
    """Whoever asks for it hears what is missing."""
    with pytest.raises(StateError) as caught:
        current_request()
    assert caught.value.id == "log.request.none"


SERVER = """
import sys
from pathlib import Path
from mlspec.requestlog.requests import RequestLogMiddleware
from mlspec.sealing import load_private_key
from tests.unit.requestlog.requests.loan_app import make_app, serving
from tests.unit.requestlog.requests.serving import logging
with logging(Path(sys.argv[1]), signer=load_private_key(sys.argv[2])) as log:
    with serving(RequestLogMiddleware(make_app(), log)) as address:
        print(address, flush=True)
        sys.stdin.read()
"""


def test_a_killed_server_has_logged_every_answer_that_a_client_got(tmp_path: Path) -> None:
    """Eight clients ask until it dies; whatever they have in hand is in the log."""
    key, folder = tmp_path / "key.pem", tmp_path / "log"
    write_private_key(SIGNER, key, None)
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, folder, key],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PATHS)},
    )
    assert server.stdout is not None
    address = server.stdout.readline().decode().strip()
    assert address.startswith("http://")
    answered: list[str] = []

    def ask(_: int) -> None:
        with httpx.Client(timeout=TIMEOUT) as client:
            while True:
                try:
                    answered.append(client.get(f"{address}/v1/sync").headers["x-request-id"])
                except httpx.TransportError:
                    return

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, number) for number in range(8)]
        while len(answered) < 80 and server.poll() is None:
            time.sleep(0.01)
        server.kill()
        for each in asking:
            each.result()
    server.communicate()
    with logging(folder):
        pass
    assert len(answered) >= 80
    logged = {record.request_id for record in inferences(folder)}
    assert set(answered) <= logged
    assert len(logged) <= len(answered) + 8
