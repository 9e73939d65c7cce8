"""One request while it is answered: what the server saw, and what the application adds."""

from __future__ import annotations

import os
import time
from typing import Any, Final, final

from mlspec import v1
from mlspec.errors import LimitError
from mlspec.requestlog.requests import bounds
from mlspec.requestlog.requests.deployment import Deployment, Served
from mlspec.requestlog.requests.outcomes import (
    error_kind_of,
    outcome_of_exception,
    outcome_of_status,
)
from mlspec.requestlog.requests.side import MAX_CONTENT, SALT_SIZE
from mlspec.requestlog.requests.tickets import Ticket
from mlspec.validation import validate

_MAX_REASONS: Final = 4
_MAX_ROWS: Final = 2**31 - 1
_MAX_CONTENTS: Final = 256
# What the other fields of a detail can take at most, all together, is less than 192 KiB.
_MAX_EXTRAS: Final = MAX_CONTENT - 192 * 1024
_KINDS: Final = frozenset(v1.FeatureKind.values())
_OUTCOMES: Final = frozenset(v1.InferenceOutcome.values()) - {0}


@final
class LoggedRequest:
    """A request that will be one entry of the log. Get it from a `RequestLogger`.

    Texts that name a person (host, user, request line, referrer, agent, subject, features) go to
    the side record, which can be erased; the rest is in the leaf for ever. Every method raises
    UsageError for what an entry cannot hold, and then changes nothing.

    Attributes:
        request_id: The server's id; feedback names it.
        deployment: What answers it.
    """

    # Defaults stand here, because setting thirty attributes for each request would cost more than
    # the rest of it. What is internal to this room has a name without underscore all the same.
    served: Served
    host: str | None = None
    ident: str | None = None
    user: str | None = None
    request_line: str | None = None
    referrer: str | None = None
    agent: str | None = None
    client_request_id: str | None = None
    subject_id: str | None = None
    conversation_id: str | None = None
    opaque_id: str | None = None
    endpoint: str | None = None
    input_kind: int = 0
    input_media_type: str | None = None
    input_size: int | None = None
    row_count: int | None = None
    outcome: int = 0
    status: int | None = None
    response_size: int | None = None
    latency_ns: int = 0
    error_kind: str | None = None
    answered: bounds.Answer | None = None
    decision: str | None = None
    threshold: float | None = None
    confidence: float | None = None
    features: bounds.Tensor | None = None
    leaf_features: bounds.Tensor | None = None
    leaf_extras: v1.InferenceRecord | None = None
    side_extras: v1.RequestDetail | None = None
    salt: bytes | None = None
    ticket: Ticket | None = None

    def __init__(self, deployment: Deployment, request_id: str | None = None) -> None:
        """Begin a request: its time and its latency count from here. Raises UsageError."""
        self.deployment = deployment
        self.served = deployment.served or deployment.require_served()
        self.request_id = (
            os.urandom(16).hex() if request_id is None else bounds.request_id(request_id)
        )
        self.time_ns = time.time_ns()
        self.started_ns = time.perf_counter_ns()

    def answer(
        self,
        value: Any = None,
        *,
        decision: str | None = None,
        threshold: float | None = None,
        confidence: float | None = None,
    ) -> None:
        """Say what the model answered.

        Args:
            value: A number, whole number, text or bytes, of 1024 bytes at most; an array or
                `Tensor` of as many. None: it stands in the side record (`output`).
            decision: What the application makes of it, for example "approve".
            threshold: What the number was compared with.
            confidence: How sure the model says it is, 0 to 1.
        """
        answered = None if value is None else bounds.answer(value)
        if decision is not None:
            decision = bounds.short_text(decision, 64, "decision")
        if threshold is not None:
            threshold = bounds.finite(threshold, "threshold")
        if confidence is not None:
            confidence = bounds.rate(confidence, "confidence")
        self.answered, self.decision = answered, decision
        self.threshold, self.confidence = threshold, confidence

    def answered_by(self, name: str, version: str) -> None:
        """Say which of the deployment's models answers, if it has several."""
        self.served = self.deployment.of_model(name, version)

    def with_features(
        self, values: Any, *, personal: bool = True, kind: int = v1.FEATURE_KIND_TENSOR
    ) -> None:
        """Keep the features, in the order of the deployment's feature schema.

        Args:
            values: An array, a `Tensor`, or numbers.
            personal: Whether they are of a person. Only what is not may stand in the leaf.
            kind: What they are.
        """
        limit = bounds.MAX_TENSOR if personal else bounds.MAX_LEAF_TENSOR
        made = bounds.tensor(values, limit, "features")
        self.input_kind = bounds.known(kind, _KINDS, "kind")
        if personal:
            self.features = made
        else:
            self.leaf_features = made

    def reason(
        self,
        description: str,
        *,
        code: str | None = None,
        feature: str | None = None,
        contribution: float | None = None,
    ) -> None:
        """Add a principal reason, the weightiest first, in the words that the person is told."""
        made = v1.PrincipalReason(description=bounds.short_text(description, 512, "description"))
        if code is not None:
            made.code = bounds.short_text(code, 64, "code")
        if feature is not None:
            made.feature = bounds.short_text(feature, 255, "feature")
        if contribution is not None:
            made.contribution = bounds.finite(contribution, "contribution")
        extras = self.leaf_extras or v1.InferenceRecord()
        bounds.whole(len(extras.principal_reasons) + 1, 1, _MAX_REASONS, "principal_reasons")
        extras.principal_reasons.append(made)
        self.leaf_extras = extras

    def about(
        self,
        *,
        subject_id: str | None = None,
        user: str | None = None,
        conversation_id: str | None = None,
        endpoint: str | None = None,
        row_count: int | None = None,
    ) -> None:
        """Say whom or what the request is about; what is empty or None says nothing.

        Args:
            subject_id: The person or case, as the application names it.
            user: Who was authenticated.
            conversation_id: The conversation that it is part of.
            endpoint: The path as a pattern, without anything personal: it stands in the leaf.
            row_count: How many rows were asked about at once.
        """
        subject_id = subject_id and bounds.short_text(subject_id, 255, "subject_id")
        user = user and bounds.short_text(user, 255, "user")
        conversation_id = conversation_id and bounds.short_text(
            conversation_id, 255, "conversation_id"
        )
        endpoint = endpoint and bounds.endpoint(endpoint)
        row_count = row_count and bounds.whole(row_count, 1, _MAX_ROWS, "row_count")
        # Only now, when all of them fit.
        self.subject_id = subject_id or self.subject_id
        self.user = user or self.user
        self.conversation_id = conversation_id or self.conversation_id
        self.endpoint = endpoint or self.endpoint
        self.row_count = row_count or self.row_count

    def came_to(self, outcome: int, error_kind: str | None = None) -> None:
        """Say what came of it, where the status does not: a cache, a fallback, a policy."""
        made = error_kind and bounds.short_text(error_kind, 127, "error_kind")
        self.outcome = bounds.known(outcome, _OUTCOMES, "outcome")
        self.error_kind = made or self.error_kind

    def add_to_leaf(self, part: v1.InferenceRecord) -> None:
        """Merge what this class has no method for into the leaf.

        An explanation, a person's override, other models, what generative models have: nothing of
        it may name a person. Raises ValidationError.
        """
        self.leaf_extras = bounds.added_to_leaf(self.leaf_extras, part)

    def add_to_side(self, part: v1.RequestDetail) -> None:
        """Merge what this class has no method for into the side record, inputs and outputs.

        Raises ValidationError, LimitError.
        """
        made = v1.RequestDetail()
        made.CopyFrom(self.side_extras or v1.RequestDetail())
        made.MergeFrom(part)
        validate(made)
        if made.ByteSize() > _MAX_EXTRAS:
            raise LimitError(
                f"must be at most {_MAX_EXTRAS} bytes together (got {made.ByteSize()})",
                error_id="log.side.size",
                remedy="Keep what is large elsewhere, and name it by its digest.",
            )
        self.side_extras = made

    def keep(self, asked: bytes, answered: bytes) -> None:
        """Keep bodies of at most 256 KiB in the side record, if it has room for them."""
        part = v1.RequestDetail()
        if asked:
            part.inputs.add(content=asked, media_type=self.input_media_type)
        if answered:
            part.outputs.add(content=answered)
        extras = self.side_extras or v1.RequestDetail()
        room = _MAX_EXTRAS - extras.ByteSize()
        if max(len(extras.inputs), len(extras.outputs)) < _MAX_CONTENTS and part.ByteSize() < room:
            extras.MergeFrom(part)
            self.side_extras = extras

    def failed_with(self, error: BaseException) -> None:
        """Say that an exception ended the request; its message is kept nowhere."""
        self.outcome = outcome_of_exception(error)
        self.error_kind = error_kind_of(error)

    def finish(self) -> None:
        """End the request: its latency counts until here. A second time changes nothing."""
        if not self.latency_ns:
            self.latency_ns = max(time.perf_counter_ns() - self.started_ns, 1)
            self.outcome = self.outcome or outcome_of_status(self.status)

    def side_salt(self) -> bytes:
        """Return the salt that the side record will have, to bind arguments of tools under."""
        if self.salt is None:
            self.salt = os.urandom(SALT_SIZE)
        return self.salt
