"""The service: answers over HTTP. Who wraps it logs each request before its answer goes out."""

from __future__ import annotations

import asyncio
import hmac
import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from examples.loan_approval.answers import Reply, note
from examples.loan_approval.feedback import Feedback, UnknownRequestError
from examples.loan_approval.package import MAX_BODY_BYTES
from examples.loan_approval.roll_out import RollOut
from examples.loan_approval.scoring import RefusedError, Scorer
from mlspec import v1
from mlspec.codec import parse_json
from mlspec.errors import MLSpecError
from mlspec.requestlog.requests import LoggedRequest, current_request

DECISIONS, FEEDBACK, OK = "/v1/decisions", "/v1/feedback", "/ok"
NOT_LOGGED = (OK, FEEDBACK)
"""A probe, and feedback, whose leaf is of another kind."""

USER = "loan-desk"
JSON_TYPE = re.compile(r"application/json(\s*;.*)?\Z", re.IGNORECASE)


class TooLargeError(Exception):
    """The body is over the limit."""


@dataclass
class Service:
    """One deployment of one model. An ASGI application."""

    scorer: Scorer
    model_name: str
    roll_out: RollOut
    feedback: Feedback
    token: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        if request.url.path == OK and request.method == "GET":
            response: Response = PlainTextResponse("ok\n")
        elif request.url.path in NOT_LOGGED:
            reply = await asyncio.to_thread(self.learn, request, await read_body(request))
            response = JSONResponse(reply.content, reply.status)
        else:
            logged = current_request()
            reply = await self.answer(request, logged)
            note(logged, reply)
            headers = {"x-request-id": logged.request_id}
            if reply.status == 405:
                headers["allow"] = "POST"
            response = JSONResponse(reply.content, reply.status, headers)
        await response(scope, receive, send)

    async def answer(self, request: Request, logged: LoggedRequest) -> Reply:
        """What a request gets."""
        if request.url.path != DECISIONS:
            return refused(404, "path: is not known here")
        logged.about(endpoint=DECISIONS)
        try:
            body = await read_body(request)
        except TooLargeError:
            return refused(413, "body: too large")
        content = self.content_of(request, body)
        if isinstance(content, Reply):
            return content
        logged.about(user=USER)
        reply = self.decide(logged, content)
        self.roll_out.count(reply.outcome)
        if reply.decision is not None:
            self.feedback.remember(logged.request_id, reply.decision)
        return reply

    def content_of(self, request: Request, body: bytes) -> dict[str, object] | Reply:
        """The object that a known caller posted, or why there is none."""
        if request.method != "POST":
            return refused(405, "method: must be POST")
        if not self.known(request.headers):
            return Reply(401, {"error": "unknown"}, v1.INFERENCE_OUTCOME_POLICY_REFUSED)
        if not JSON_TYPE.match(request.headers.get("content-type", "")):
            return refused(415, "content-type: must be application/json")
        try:
            content = parse_json(body)
        except MLSpecError as error:
            return refused(400, f"body: must be JSON ({error})")
        return content if isinstance(content, dict) else refused(400, "body: must be an object")

    def known(self, headers: Headers) -> bool:
        """Whether the caller has the token."""
        given = headers.get("authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {self.token}".encode())

    def decide(self, logged: LoggedRequest, content: dict[str, object]) -> Reply:
        """Answer an application: by the model, or send it to an underwriter."""
        application = content.get("application_id")
        if not isinstance(application, str) or not 1 <= len(application) <= 64:
            return refused(422, "application_id: must be a text of 1 to 64 characters")
        logged.about(subject_id=application)
        try:
            answer = self.scorer.answer(content.get("features"))
        except RefusedError as error:
            return refused(422, *error.problems)
        logged.about(row_count=1)
        logged.with_features(answer.row)
        if not self.roll_out.takes(application):
            referred: dict[str, object] = {
                "request_id": logged.request_id,
                "decision": "refer",
                "reasons": [],
            }
            by_hand = v1.INFERENCE_OUTCOME_ANSWERED_BY_FALLBACK
            return Reply(200, referred, by_hand, decision="refer")
        reasons = self.scorer.reasons(answer) if answer.decision == "refer" else []
        given: dict[str, object] = {
            "request_id": logged.request_id,
            "decision": answer.decision,
            "approval_probability": answer.probability,
            "reasons": [reason.description for reason in reasons],
            "model": self.model_name,
        }
        answered = v1.INFERENCE_OUTCOME_ANSWERED
        return Reply(200, given, answered, answer.decision, answer, reasons)

    def learn(self, request: Request, body: bytes) -> Reply:
        """Take in what became known about an earlier answer."""
        content = self.content_of(request, body)
        if isinstance(content, Reply):
            return content
        try:
            request_id = self.feedback.learn(content)
        except UnknownRequestError as error:
            return refused(404, str(error))
        except ValueError as error:
            return refused(422, str(error))
        return Reply(200, {"request_id": request_id}, v1.INFERENCE_OUTCOME_ANSWERED)


def refused(status: int, *problems: str) -> Reply:
    """An answer to a request that does not fit."""
    content: dict[str, object] = {"error": problems[0], "problems": list(problems)}
    return Reply(status, content, v1.INFERENCE_OUTCOME_INPUT_REFUSED)


async def read_body(request: Request) -> bytes:
    """The body, as long as it is within the limit.

    Raises:
        TooLargeError: It is not.
        ClientDisconnect: The client went away.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise TooLargeError
    return body
