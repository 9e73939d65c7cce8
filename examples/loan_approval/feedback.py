"""What becomes known about an answer after it was given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from examples.loan_approval.objectives import APPROVE, PROBABILITY, REFER
from mlspec import v1
from mlspec.requestlog.requests import RequestLogger

UNDERWRITERS = v1.Actor(
    kind=v1.ACTOR_KIND_TEAM, identity="underwriting@bank.example", display_name="Underwriting"
)
REFUSE = "refuse"


class UnknownRequestError(Exception):
    """No answer was given under this id."""


@dataclass
class Feedback:
    """Which answers were given, so that feedback on others is refused."""

    log: RequestLogger
    given: dict[str, str] = field(default_factory=dict)

    def remember(self, request_id: str, decision: str) -> None:
        """Note an answer."""
        self.given[request_id] = decision

    def learn(self, content: dict[str, object]) -> str:
        """Log a piece of feedback: `{"request_id": ..., "approved": true or false}`.

        Raises:
            UnknownRequestError: No answer was given under this id.
            ValueError: It does not fit.
        """
        request_id, approved = content.get("request_id"), content.get("approved")
        if not isinstance(request_id, str) or not isinstance(approved, bool) or len(content) != 2:
            raise ValueError("feedback: must have request_id, a text, and approved, true or false")
        if request_id not in self.given:
            raise UnknownRequestError("request_id: no answer was given under it")
        self.log.feedback(
            request_id,
            source=v1.FEEDBACK_SOURCE_SYSTEM_OF_RECORD,
            actions_taken=["loan approved" if approved else "loan refused"],
            ground_truth=v1.GroundTruth(bool_value=approved, output_name=PROBABILITY),
            human_override=override(approved) if self.given[request_id] == REFER else None,
        )
        return request_id


def override(approved: bool) -> v1.HumanOverride:
    """What the underwriters made of an application that the service referred to them."""
    made = v1.HumanOverride(
        actor=UNDERWRITERS,
        decision=APPROVE if approved else REFUSE,
        reason="referred by the service",
        confirmed=not approved,
    )
    made.override_time.FromDatetime(datetime.now(UTC))
    return made
