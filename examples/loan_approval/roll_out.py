"""How the model takes over: a quarter of the applications first, then all, if nothing fails."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from examples.loan_approval.criteria import term
from examples.loan_approval.verdicts import Evidence, decide_all, overall
from mlspec import v1

CANARY_RATE = 0.25
CANARY_REQUESTS = 40
FAILED_SHARE = "failed_request_rate"
MAX_FAILED_SHARE = 0.02
ASSIGNMENT = "SHA-256 of the application id, first 4 bytes, big endian, over 2^32, below the rate"
TAKEN = (v1.INFERENCE_OUTCOME_ANSWERED, v1.INFERENCE_OUTCOME_ANSWERED_BY_FALLBACK)
FAILURES = (
    v1.INFERENCE_OUTCOME_FAILED,
    v1.INFERENCE_OUTCOME_TIMED_OUT,
    v1.INFERENCE_OUTCOME_OVERLOADED,
)


def planned() -> list[v1.PlannedRollOutStep]:
    """The plan: a canary, then everybody."""
    criterion = v1.Criterion(
        id="few-failures",
        severity=v1.CRITERION_SEVERITY_REQUIRE,
        measured=term(FAILED_SHARE, v1.METRIC_SCOPE_SLICE),
        comparison=v1.COMPARISON_LESS_OR_EQUAL,
        bound=MAX_FAILED_SHARE,
        min_sample_count=CANARY_REQUESTS,
    )
    return [
        v1.PlannedRollOutStep(
            name="canary",
            traffic_rate=CANARY_RATE,
            assignment=ASSIGNMENT,
            min_request_count=CANARY_REQUESTS,
            criteria=[criterion],
        ),
        v1.PlannedRollOutStep(name="all", traffic_rate=1, assignment="every application"),
    ]


@dataclass
class RollOut:
    """Where a roll-out stands."""

    plan: list[v1.PlannedRollOutStep] = field(default_factory=planned)
    steps: list[v1.RollOutStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._moved: v1.PlannedRollOutStep | None = None
        self._begin(self.plan[0])

    def moved(self) -> v1.PlannedRollOutStep | None:
        """The step that traffic was moved to since this was asked last. None: it was not."""
        moved, self._moved = self._moved, None
        return moved

    def takes(self, application: str) -> bool:
        """Whether the model answers this application now."""
        if self.steps[-1].state != v1.ROLL_OUT_STEP_STATE_ONGOING:
            return False
        hashed = hashlib.sha256(application.encode()).digest()
        return int.from_bytes(hashed[:4], "big") / 2**32 < self.steps[-1].traffic_rate

    def count(self, outcome: v1.InferenceOutcome.ValueType) -> None:
        """Count an application, and move on when the step has had enough."""
        step, plan = self.steps[-1], self.plan[len(self.steps) - 1]
        if step.state != v1.ROLL_OUT_STEP_STATE_ONGOING:
            return
        step.request_count += outcome in (v1.INFERENCE_OUTCOME_ANSWERED, *FAILURES)
        step.failed_request_count += outcome in FAILURES
        self._seen += outcome in (*TAKEN, *FAILURES)
        last = len(self.steps) == len(self.plan)
        if last or self._seen < plan.min_request_count or self._end(plan) != v1.VERDICT_PASS:
            return
        self._begin(self.plan[len(self.steps)])
        self._moved = self.plan[len(self.steps) - 1]

    def finish(self) -> list[v1.RollOutStep]:
        """The steps as they went."""
        if self.steps[-1].state == v1.ROLL_OUT_STEP_STATE_ONGOING:
            self._end(self.plan[len(self.steps) - 1])
        return self.steps

    def _begin(self, plan: v1.PlannedRollOutStep) -> None:
        step = v1.RollOutStep(
            name=plan.name,
            traffic_rate=plan.traffic_rate,
            state=v1.ROLL_OUT_STEP_STATE_ONGOING,
            request_count=0,
            failed_request_count=0,
        )
        step.start_time.FromDatetime(datetime.now(UTC))
        self.steps.append(step)
        self._seen = 0

    def _end(self, plan: v1.PlannedRollOutStep) -> v1.Verdict.ValueType:
        step = self.steps[-1]
        step.end_time.FromDatetime(datetime.now(UTC))
        share = step.failed_request_count / self._seen if self._seen else 0.0
        step.metrics.add(
            name=FAILED_SHARE,
            custom_kind="failed requests over all applications of the step",
            number_value=share,
            direction=v1.METRIC_DIRECTION_LOWER,
            sample_count=self._seen,
        )
        results = decide_all(plan.criteria, Evidence(plan.name, step.metrics))
        verdict = overall(plan.criteria, results) if plan.criteria else v1.VERDICT_PASS
        if plan.criteria:
            step.outcome.CopyFrom(v1.CriteriaOutcome(required_results=results, verdict=verdict))
        passed = verdict == v1.VERDICT_PASS
        step.state = (
            v1.ROLL_OUT_STEP_STATE_SUCCEEDED if passed else v1.ROLL_OUT_STEP_STATE_ROLLED_BACK
        )
        return verdict
