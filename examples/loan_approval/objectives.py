"""Stage 1: what the model is for, what may go wrong and for whom, and the bar.

Sealed before anything else.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from examples.loan_approval.criteria import SOURCE, criteria
from examples.loan_approval.job import Job
from examples.loan_approval.metrics import THRESHOLD
from examples.loan_approval.people import APPROVER, CREDIT_RETENTION, POLICY_OWNER
from examples.loan_approval.profile import equals
from mlspec import digests, v1

PROBABILITY = "approval_probability"
DECISION = "decision"
APPROVE, REFER = "approve", "refer"


def seal_objectives(job: Job) -> None:
    """Write the objectives down and seal them."""
    now = datetime.now(UTC)
    body = v1.Objectives(
        name="loan_approval",
        version=1,
        intended_use="Sort mortgage applications: those that the lender would plainly approve go "
        "ahead, all others go to an underwriter, who decides.",
        intended_users=["underwriters of the bank", "the loan service"],
        out_of_scope_uses=[
            "refusing an application without a person",
            "setting interest rates",
            "applications with amounts beyond those that the model was fitted to",
        ],
        owner=POLICY_OWNER.actor,
        approver=APPROVER.actor,
        affected_groups=affected_groups(),
        outputs=outputs(),
        possible_errors=possible_errors(),
        criteria=criteria(),
        baseline=v1.ObjectivesBaseline(
            other_baseline="a logistic regression on the same inputs, fitted to the same rows"
        ),
        retention_rules=retention_rules(),
    )
    text = SOURCE.read_text(encoding="utf-8")
    body.criteria_source.CopyFrom(
        v1.CriteriaSource(
            text=text,
            digest=digests.digest_bytes(text.encode()),
            language_version="1",
            file_name=SOURCE.name,
        )
    )
    body.set_time.FromDatetime(now)
    body.review_time.FromDatetime(now + timedelta(days=365))
    with job.step(POLICY_OWNER, body, "objectives") as step:
        step.input(SOURCE, role="objectives", media_type="text/plain", uri=SOURCE.name)


def affected_groups() -> list[v1.AffectedGroup]:
    """Who is touched by the model."""
    effect = "the application is approved at once, or waits for an underwriter"
    groups = [v1.AffectedGroup(name="applicants for a mortgage", effect=effect)]
    for feature, values in (
        ("race", ("black", "hispanic", "white")),
        ("sex", ("female", "male")),
    ):
        groups += [
            v1.AffectedGroup(
                name=f"{value} applicants", effect=effect, slice=equals(feature, value)
            )
            for value in values
        ]
    return groups


def outputs() -> list[v1.ObjectiveOutput]:
    """The probability, and what is made of it."""
    probability = v1.FeatureDefinition(name=PROBABILITY, kind=v1.FEATURE_KIND_NUMBER)
    probability.number_domain.CopyFrom(v1.NumberDomain(min_value=0, max_value=1))
    decision = v1.FeatureDefinition(name=DECISION, kind=v1.FEATURE_KIND_CATEGORY)
    for word in (APPROVE, REFER):
        decision.value_domain.values.add(string_value=word)
    process = (
        "At the threshold and above the application goes ahead. Below it an underwriter decides, "
        "sees the reasons, and tells the applicant how to object."
    )
    return [
        v1.ObjectiveOutput(
            feature=probability,
            meaning="the probability that the lender's underwriters approve the application",
            task=v1.PREDICTION_TASK_BINARY_CLASSIFICATION,
            automation=v1.DECISION_AUTOMATION_ADVISORY,
            decision_threshold=THRESHOLD,
            favourable_value=v1.Scalar(number_value=1),
            decision_process=process,
        ),
        v1.ObjectiveOutput(
            feature=decision,
            meaning="approve: go ahead; refer: an underwriter decides",
            task=v1.PREDICTION_TASK_BINARY_CLASSIFICATION,
            automation=v1.DECISION_AUTOMATION_ADVISORY,
            favourable_value=v1.Scalar(string_value=APPROVE),
            decision_process=process,
        ),
    ]


def possible_errors() -> list[v1.PossibleError]:
    """What may go wrong, who bears it, and which criteria bound it."""
    return [
        v1.PossibleError(
            id="wrong_approval",
            kind=v1.ERROR_KIND_FALSE_POSITIVE,
            description="an application goes ahead that an underwriter would have refused",
            output_name=DECISION,
            cost="a loan that may not be paid back",
            bearers=["the bank", "the applicant"],
            symptom="in arrears, months later",
            severity=v1.ERROR_SEVERITY_MODERATE,
            mitigations=["amounts beyond the fences of the data are always referred"],
            criterion_ids=["auc", "auc_lower", "brier", "auc_against_baseline"],
        ),
        v1.PossibleError(
            id="needless_referral",
            kind=v1.ERROR_KIND_FALSE_NEGATIVE,
            description="an application waits although an underwriter would have approved it",
            output_name=DECISION,
            cost="days of delay, and an underwriter's time",
            bearers=["the applicant", "the bank"],
            symptom="at once: the underwriter approves",
            severity=v1.ERROR_SEVERITY_LOW,
            mitigations=["each referral names its reasons"],
            criterion_ids=["auc", "ece"],
        ),
        v1.PossibleError(
            id="unequal_referral",
            kind=v1.ERROR_KIND_DISPARITY,
            description="applicants of one group are referred more often than others",
            output_name=DECISION,
            cost="old injustice in the decisions that were learned from goes on",
            bearers=["black applicants", "Hispanic applicants", "women"],
            symptom="only in numbers over many applications, by group",
            severity=v1.ERROR_SEVERITY_CRITICAL,
            mitigations=[
                "race, sex, age, marital status and what stands for them are no inputs",
                "a person decides on each referral",
            ],
            criterion_ids=["auc_by_group", "approval_difference", "approval_ratio"],
        ),
        v1.PossibleError(
            id="late_answer",
            kind=v1.ERROR_KIND_UNAVAILABLE,
            description="the answer comes too late for the person who waits at the desk",
            cost="the application is entered again by hand",
            bearers=["the applicant", "the bank's staff"],
            symptom="at once",
            severity=v1.ERROR_SEVERITY_LOW,
            criterion_ids=["latency"],
        ),
    ]


def retention_rules() -> list[v1.RetentionRule]:
    """How long things are kept, at least."""
    rules = []
    for subject, kept, ground in (
        (
            v1.RETENTION_SUBJECT_DOCUMENTS,
            timedelta(days=3653),
            "10 years, Regulation (EU) 2024/1689, article 18",
        ),
        (v1.RETENTION_SUBJECT_REQUEST_LOG, CREDIT_RETENTION, "25 months, 12 CFR 1002.12(b)"),
        (v1.RETENTION_SUBJECT_DECISIONS, CREDIT_RETENTION, "25 months, 12 CFR 1002.12(b)"),
        (v1.RETENTION_SUBJECT_MODEL, timedelta(days=3653), None),
    ):
        rule = v1.RetentionRule(subject=subject, ground=ground)
        rule.keep_duration.FromTimedelta(kept)
        rules.append(rule)
    return rules
