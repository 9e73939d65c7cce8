"""What becomes known about an answer after it was given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from examples.loan_approval.objectives import APPROVE, PROBABILITY, REFER
from mlspec import v1

UNDERWRITERS = v1.Actor(
    kind=v1.ACTOR_KIND_TEAM, identity="underwriting@bank.example", display_name="Underwriting"
)
REFUSE = "refuse"


class UnknownRequestError(Exception):
    """No answer was given under this id."""


@dataclass
class Feedback:
    """Which answers were given, so that feedback can name their leaves."""

    given: dict[str, tuple[int, str]] = field(default_factory=dict)

    def remember(self, request_id: str, sequence_number: int, decision: str) -> None:
        """Note an answer."""
        self.given[request_id] = (sequence_number, decision)


def parse_feedback(content: dict[str, object], known: Feedback) -> v1.InferenceFeedback:
    """The leaf of a piece of feedback: `{"request_id": ..., "approved": true or false}`.

    Raises:
        UnknownRequestError: No answer was given under this id.
        ValueError: It does not fit.
    """
    request_id, approved = content.get("request_id"), content.get("approved")
    if not isinstance(request_id, str) or not isinstance(approved, bool) or len(content) != 2:
        raise ValueError("feedback: must have request_id, a text, and approved, true or false")
    if request_id not in known.given:
        raise UnknownRequestError("request_id: no answer was given under it")
    number, decision = known.given[request_id]
    now = datetime.now(UTC)
    leaf = v1.InferenceFeedback(
        request_id=request_id,
        inference_sequence_number=number,
        source=v1.FEEDBACK_SOURCE_SYSTEM_OF_RECORD,
        actions_taken=["loan approved" if approved else "loan refused"],
        ground_truth=v1.GroundTruth(bool_value=approved, output_name=PROBABILITY),
    )
    leaf.feedback_time.FromDatetime(now)
    if decision == REFER:
        override = v1.HumanOverride(
            actor=UNDERWRITERS,
            decision=APPROVE if approved else REFUSE,
            reason="referred by the service",
            confirmed=not approved,
        )
        override.override_time.FromDatetime(now)
        leaf.human_override.CopyFrom(override)
    return leaf
