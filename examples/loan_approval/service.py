"""The service: answers over HTTP, and lets no answer out before its leaf is in the log."""

from __future__ import annotations

import hmac
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from examples.loan_approval.feedback import Feedback, UnknownRequestError, parse_feedback
from examples.loan_approval.leaf import Asked, Deployment, Reply, inference_leaf, request_detail
from examples.loan_approval.package import MAX_BODY_BYTES
from examples.loan_approval.reqlog import RequestLog
from examples.loan_approval.roll_out import RollOut
from examples.loan_approval.scoring import RefusedError, Scorer
from mlspec import v1
from mlspec.codec import parse_json
from mlspec.errors import MLSpecError
from mlspec.records import new_id

DECISIONS, FEEDBACK, OK = "/v1/decisions", "/v1/feedback", "/ok"
USER = "loan-desk"
JSON_TYPE = re.compile(r"application/json(\s*;.*)?\Z", re.IGNORECASE)


class TooLargeError(Exception):
    """The body is over the limit."""


@dataclass
class Service:
    """One deployment of one model. An ASGI application."""

    scorer: Scorer
    log: RequestLog
    deployment: Deployment
    roll_out: RollOut
    token: str
    feedback: Feedback = field(default_factory=Feedback)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; write it down first."""
        request = Request(scope, receive)
        if request.url.path == OK and request.method == "GET":
            await PlainTextResponse("ok\n")(scope, receive, send)
            return
        asked = Asked(new_id(), datetime.now(UTC), time.perf_counter_ns(), request)
        try:
            asked.body = await read_body(request)
            reply = self.answer(asked)
        except TooLargeError:
            reply = Reply(413, {"error": "body: too large"}, v1.INFERENCE_OUTCOME_INPUT_REFUSED)
        except ClientDisconnect:
            reply = Reply(499, {}, v1.INFERENCE_OUTCOME_ABANDONED)
        except Exception as error:  # noqa: BLE001 - whatever failed, the request is on record
            reply = Reply(500, {"error": "failed"}, v1.INFERENCE_OUTCOME_FAILED)
            reply.error_kind = type(error).__name__
        response = self.response(asked, reply)
        self.write(asked, reply, response)
        await response(scope, receive, send)

    def answer(self, asked: Asked) -> Reply:
        """What a request gets."""
        path, method = asked.request.url.path, asked.request.method
        if path not in (DECISIONS, FEEDBACK):
            return refused(404, "path: is not known here")
        asked.endpoint = path
        if method != "POST":
            return refused(405, "method: must be POST")
        if not self.known(asked.request.headers):
            return Reply(401, {"error": "unknown"}, v1.INFERENCE_OUTCOME_POLICY_REFUSED)
        asked.user = USER
        if not JSON_TYPE.match(asked.request.headers.get("content-type", "")):
            return refused(415, "content-type: must be application/json")
        try:
            content = parse_json(asked.body)
        except MLSpecError as error:
            return refused(400, f"body: must be JSON ({error})")
        if not isinstance(content, dict):
            return refused(400, "body: must be an object")
        return self.decide(asked, content) if path == DECISIONS else self.learn(content)

    def known(self, headers: Headers) -> bool:
        """Whether the caller has the token."""
        given = headers.get("authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {self.token}".encode())

    def decide(self, asked: Asked, content: dict[str, object]) -> Reply:
        """Answer an application: by the model, or send it to an underwriter."""
        application = content.get("application_id")
        if not isinstance(application, str) or not 1 <= len(application) <= 64:
            return refused(422, "application_id: must be a text of 1 to 64 characters")
        asked.subject = application
        try:
            answer = self.scorer.answer(content.get("features"))
        except RefusedError as error:
            asked.failed = True
            return refused(422, *error.problems)
        asked.row = answer.row
        if not self.roll_out.takes(application):
            reply = Reply(200, {}, v1.INFERENCE_OUTCOME_ANSWERED_BY_FALLBACK)
            reply.content = {"request_id": asked.request_id, "decision": "refer", "reasons": []}
            reply.decision = "refer"
            return reply
        reasons = self.scorer.reasons(answer) if answer.decision == "refer" else []
        reply = Reply(200, {}, v1.INFERENCE_OUTCOME_ANSWERED)
        reply.answer, reply.reasons, reply.decision = answer, reasons, answer.decision
        reply.content = {
            "request_id": asked.request_id,
            "decision": answer.decision,
            "approval_probability": answer.probability,
            "reasons": [reason.description for reason in reasons],
            "model": f"{self.deployment.model.model_name}@{self.deployment.model.version}",
        }
        return reply

    def learn(self, content: dict[str, object]) -> Reply:
        """Take in what became known about an earlier answer."""
        try:
            leaf = parse_feedback(content, self.feedback)
        except UnknownRequestError as error:
            return refused(404, str(error))
        except ValueError as error:
            return refused(422, str(error))
        reply = Reply(200, {"request_id": leaf.request_id}, v1.INFERENCE_OUTCOME_ANSWERED)
        reply.feedback = leaf
        return reply

    def response(self, asked: Asked, reply: Reply) -> Response:
        """The answer as bytes."""
        headers = {"x-request-id": asked.request_id}
        if reply.status == 405:
            headers["allow"] = "POST"
        return JSONResponse(reply.content, reply.status, headers)

    def write(self, asked: Asked, reply: Reply, response: Response) -> None:
        """Put a request, or the feedback that it brought, into the log.

        Then let the roll-out count it.
        """
        if reply.feedback is not None:
            self.log.append(v1.LogEntry(feedback=reply.feedback))
            return
        record = inference_leaf(asked, reply, self.deployment, len(response.body))
        number = self.log.size
        self.log.append(v1.LogEntry(inference=record), request_detail(asked, reply))
        if reply.decision:
            self.feedback.remember(asked.request_id, number, reply.decision)
        if asked.endpoint == DECISIONS and asked.user:
            self.roll_out.count(reply.outcome)


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
