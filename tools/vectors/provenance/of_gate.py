"""Cases about the launch: objectives, the gate, and the roll-out that relies on it."""

from datetime import UTC, datetime

from mlspec import v1
from tools.vectors.provenance import people, steps
from tools.vectors.provenance.case import AT, Case, Seen
from tools.vectors.provenance.story import START, Edit, Story, digest, tell

SEEN_BY = datetime(2024, 12, 2, 9, 30, tzinfo=UTC)
BOTH = ("releaser", "officer")
DAY = 86_400


def objectives() -> list[Case]:
    """Cases of objectives.fixed_beforehand."""
    rule, order = "objectives.fixed_beforehand", ("objectives", "evaluate")
    seen = (Seen(1, SEEN_BY),)
    return [
        Case(
            rule,
            "seen_before",
            "An outsider saw the objectives in the log before the evaluation was logged.",
            tell(),
            log=order,
            seen=seen,
        ),
        Case(
            rule,
            "no_log_not_proven",
            "There is no record log: dates in records are claims.",
            tell(),
            ("objectives.time",),
        ),
        Case(
            rule,
            "own_log_not_proven",
            "The log has the objectives first, but no outsider saw it before the evaluation.",
            tell(),
            ("objectives.time",),
            log=order,
            seen=(Seen(2, SEEN_BY),),
        ),
        Case(
            rule,
            "not_a_parent_not_proven",
            "Neither training nor evaluation rests on the objectives.",
            tell(
                {"train": _without_parent("objectives"), "evaluate": _without_parent("objectives")}
            ),
            ("objectives.not_a_parent",),
            log=order,
            seen=seen,
        ),
        Case(
            rule,
            "inferred_fail",
            "The objectives were put together by an adapter, not recorded.",
            tell({"objectives": _inferred}),
            ("objectives.state", "objectives.time"),
        ),
        Case(
            rule,
            "fixed_afterwards_fail",
            "The log has the evaluation before the objectives.",
            tell(),
            ("objectives.fixed_afterwards",),
            log=("evaluate", "objectives"),
            seen=seen,
        ),
    ]


def _without_parent(name: str) -> Edit:
    def edit(record: v1.Record, story: Story) -> None:
        kept = [each for each in record.header.parents if each != story.ref(name)]
        del record.header.parents[:]
        record.header.parents.extend(kept)

    return edit


def missed(record: v1.Record, _story: Story) -> None:
    """Let the evaluation miss the bar."""
    outcome = record.model_evaluation.outcome
    outcome.required_results[0].observed = 0.7
    outcome.required_results[0].verdict = outcome.verdict = v1.VERDICT_FAIL
    outcome.required_results[0].reason = "0.7 is less than 0.75"


def waive(days: int) -> Edit:
    """Let the gate pass by a waiver that ends so many days after it was given."""

    def edit(record: v1.Record, _story: Story) -> None:
        body = record.gate_decision
        body.verdict = v1.VERDICT_PASS_BY_WAIVER
        waiver = body.waivers.add(subject_id="auc", reason="Manual review of each refusal.")
        waiver.approver.kind = v1.ACTOR_KIND_PERSON
        waiver.approver.identity = "officer@bank.example"
        waiver.approve_time.seconds = body.decide_time.seconds
        waiver.expire_time.seconds = body.decide_time.seconds + days * DAY

    return edit


def _relied_after(days: int) -> Edit:
    def edit(record: v1.Record, _story: Story) -> None:
        record.header.create_time.seconds = START + days * DAY

    return edit


def waivers() -> list[Case]:
    """Cases of gate.passed with a waiver."""
    rule = "gate.passed"
    edits = {"evaluate": missed, "gate": waive(90)}
    return [
        Case(
            rule,
            "waived",
            "A criterion was missed; an officer countersigned the waiver.",
            tell(edits, signers={"gate": BOTH}),
            waived=True,
        ),
        Case(
            rule,
            "waiver_unsigned_fail",
            "Nobody who may waive signed the decision.",
            tell(edits),
            ("gate.waiver_unsigned",),
        ),
        Case(
            rule,
            "waiver_alone_fail",
            "The officer signed alone, without the gate.",
            tell(edits, signers={"gate": ("officer",)}),
            ("gate.waiver_alone",),
        ),
        Case(
            rule,
            "waiver_expired_fail",
            "The roll-out says that it came after the waiver had ended.",
            tell(edits | {"serve": _relied_after(91)}, signers={"gate": BOTH}),
            ("gate.expired",),
        ),
        Case(
            rule,
            "waiver_ended_since_not_proven",
            "The waiver ended since, and only the roll-out's own date says that it held then.",
            tell(edits, signers={"gate": BOTH}),
            ("gate.expiry_unproven",),
            at=datetime(2025, 6, 1, tzinfo=UTC),
        ),
        Case(
            rule,
            "waiver_ended_since",
            "The waiver ended since, and an outsider saw the roll-out before that.",
            tell(edits, signers={"gate": BOTH}),
            waived=True,
            at=datetime(2025, 6, 1, tzinfo=UTC),
            log=("serve",),
            seen=(Seen(1, AT),),
        ),
    ]


def gates() -> list[Case]:
    """Cases of gate.passed without one."""
    rule, later = "gate.passed", {"serve": {"later": _later}}
    return [
        Case(rule, "whole", "The model passed the gate that the roll-out names.", tell()),
        Case(
            rule,
            "no_gate_not_proven",
            "The roll-out names no gate decision.",
            tell({"serve": lambda record, _: record.model_serving.ClearField("gate_decision")}),
            ("gate.missing",),
        ),
        Case(
            rule,
            "failed_fail",
            "The gate decided FAIL, and the model was rolled out.",
            tell({"evaluate": missed, "gate": _decide(v1.VERDICT_FAIL)}),
            ("gate.verdict",),
        ),
        Case(
            rule,
            "no_decision_fail",
            "The gate's step failed and decided nothing, and the model was rolled out.",
            tell({"gate": _decided_nothing}),
            (
                "gate.no_digest",
                "gate.no_evidence",
                "gate.no_objectives",
                "gate.state",
                "gate.verdict",
            ),
        ),
        Case(
            rule,
            "other_model_fail",
            "The gate decided about another model.",
            tell({"gate": lambda record, _: _set_model(record.gate_decision.model)}),
            ("gate.other_model",),
        ),
        Case(
            rule,
            "environment_fail",
            "The gate let the model into staging, and it went into production.",
            tell({"gate": _only_staging}),
            ("gate.environment",),
        ),
        Case(
            rule,
            "evidence_inferred_fail",
            "The evaluation was put together by an adapter, not recorded.",
            tell({"evaluate": _inferred}),
            ("gate.evidence_state",),
        ),
        Case(
            rule,
            "evidence_deleted_fail",
            "The evaluation is not there.",
            tell(dropped=["evaluate"]),
            ("gate.no_evidence",),
        ),
        Case(
            rule,
            "outcome_fail",
            "The gate copied another outcome than the evaluation has.",
            tell({"evaluate": missed, "gate": _embellish}),
            ("gate.outcome",),
        ),
        Case(
            rule,
            "bound_fail",
            "Evaluation and gate used a lower bound than the objectives.",
            tell({"evaluate": _lower}),
            ("gate.criterion",),
        ),
        Case(
            rule,
            "left_out_fail",
            "The objectives have a criterion that nobody looked at.",
            tell({"objectives": _one_more}),
            ("gate.criterion_missing",),
        ),
        Case(
            rule,
            "no_baseline_fail",
            "A criterion that speaks of a baseline passed, and the objectives name none.",
            tell({"objectives": _against_baseline}),
            ("gate.undecided",),
        ),
        Case(
            rule,
            "superseded_fail",
            "A later decision had taken its place before the roll-out.",
            tell(beside=later),
            ("gate.superseded",),
            log=("later", "serve"),
        ),
        Case(
            rule,
            "superseded_not_proven",
            "A later decision took its place, and nothing shows whether before the roll-out.",
            tell(beside=later),
            ("gate.superseded",),
        ),
        Case(
            rule,
            "superseded_since",
            "A later decision took its place after the roll-out.",
            tell(beside=later),
            log=("serve", "later"),
        ),
        Case(
            rule,
            "newer_evidence_not_proven",
            "The evaluation needs a newer reader.",
            tell({"evaluate": newer_version}),
            ("record.not_understood",),
        ),
    ]


def _decide(verdict: v1.Verdict.ValueType) -> Edit:
    def edit(record: v1.Record, _story: Story) -> None:
        record.gate_decision.verdict = verdict

    return edit


def _set_model(model: v1.ModelVersionReference) -> None:
    model.digest.CopyFrom(digest("another model"))


def _decided_nothing(record: v1.Record, story: Story) -> None:
    _failed(record, story)
    record.ClearField("gate_decision")


def _only_staging(record: v1.Record, _story: Story) -> None:
    record.gate_decision.target_environments.append("staging")


def _inferred(record: v1.Record, _story: Story) -> None:
    record.header.capture = v1.CAPTURE_METHOD_INFERRED


def _embellish(record: v1.Record, _story: Story) -> None:
    outcome = record.gate_decision.evidence[0].outcome
    outcome.required_results[0].observed = 0.8
    outcome.required_results[0].verdict = outcome.verdict = v1.VERDICT_PASS


def _lower(record: v1.Record, _story: Story) -> None:
    record.model_evaluation.outcome.required_results[0].bound = 0.6


def _one_more(record: v1.Record, _story: Story) -> None:
    more = record.objectives.criteria.add()
    more.CopyFrom(record.objectives.criteria[0])
    more.id = more.measured.metric.name = "ece"


def _against_baseline(record: v1.Record, _story: Story) -> None:
    record.objectives.criteria[0].measured.metric.scope = v1.METRIC_SCOPE_BASELINE


def newer_version(record: v1.Record, _story: Story) -> None:
    """Let a record need a newer reader."""
    record.header.spec_version = record.header.least_reader_version = "999.0.0"


def _later(story: Story) -> v1.Record:
    record = steps.gate(story)
    record.header.parents.append(story.ref("gate"))
    record.gate_decision.previous_decision.CopyFrom(story.ref("gate"))
    return record


def deployments() -> list[Case]:
    """Cases of deployment.model."""
    rule, other = "deployment.model", ("deployment.other_model",)
    return [
        Case(
            rule,
            "whole",
            "One model was trained, evaluated, tested, packaged and rolled out.",
            tell(),
        ),
        Case(
            rule,
            "other_model_fail",
            "Another model is rolled out than was packaged, trained and evaluated (C6).",
            tell({"serve": serve_other}),
            other,
        ),
        Case(
            rule,
            "other_package_fail",
            "The package holds another model (C6).",
            tell({"package": package_other}),
            other,
        ),
        Case(
            rule,
            "other_evaluated_fail",
            "Another model was evaluated (C6).",
            tell({"evaluate": lambda record, _: _set_model(record.model_evaluation.model)}),
            other,
        ),
        Case(
            rule,
            "other_trained_fail",
            "The training made another model (C6).",
            tell({"train": _train_other}),
            other,
        ),
        Case(
            rule,
            "no_package_not_proven",
            "The roll-out names no packaging.",
            tell({"serve": lambda record, _: record.model_serving.ClearField("packaging")}),
            ("deployment.no_packaging",),
        ),
        Case(
            rule,
            "failed_training_fail",
            "The training that made the model failed.",
            tell({"train": _failed}),
            ("deployment.step_failed",),
        ),
        Case(
            rule,
            "finished_fail",
            "The record is of phase FINISHED: no request can name it.",
            tell({"serve": _finished}, beside={"serve": {"started": steps.serve}}),
            ("deployment.phase",),
        ),
        Case(
            rule,
            "hosted_not_proven",
            "The model has no digest: somebody else hosts it.",
            tell({"serve": lambda record, _: record.model_serving.to_model.ClearField("digest")}),
            ("deployment.no_digest",),
        ),
        Case(
            rule,
            "failed_roll_out_fail",
            "The roll-out failed.",
            tell({"serve": _failed}),
            ("deployment.state",),
        ),
    ]


def serve_other(record: v1.Record, _story: Story) -> None:
    """Let another model be rolled out."""
    _set_model(record.model_serving.to_model)


def package_other(record: v1.Record, _story: Story) -> None:
    """Let the package hold another model."""
    _set_model(record.model_packaging.model)


def _train_other(record: v1.Record, _story: Story) -> None:
    _set_model(record.model_training.trained_models[0].model)


def _finished(record: v1.Record, story: Story) -> None:
    body = record.model_serving
    body.phase, body.result = v1.SERVING_PHASE_FINISHED, v1.ROLL_OUT_RESULT_SUCCEEDED
    body.started.CopyFrom(story.ref("started"))
    body.steps.add(name="all", traffic_rate=1, state=v1.ROLL_OUT_STEP_STATE_SUCCEEDED)
    record.header.parents.append(story.ref("started"))


def _failed(record: v1.Record, _story: Story) -> None:
    record.header.state = v1.RECORD_STATE_FAILED
    record.header.failure.kind = "TimeoutError"


def logs() -> list[Case]:
    """Cases of deployment.log_origin."""
    rule = "deployment.log_origin"
    return [
        Case(rule, "whole", "The roll-out names a log that the trust file believes.", tell()),
        Case(
            rule,
            "no_log_not_proven",
            "The roll-out names no request log.",
            tell({"serve": lambda record, _: record.model_serving.ClearField("request_logs")}),
            ("deployment.no_log",),
        ),
        Case(
            rule,
            "unknown_log_not_proven",
            "The trust file does not know the log.",
            tell({"serve": _unknown_log}),
            ("deployment.unknown_log",),
        ),
        Case(
            rule,
            "other_key_fail",
            "The roll-out names another key for the log than the trust file.",
            tell({"serve": _other_key}),
            ("deployment.log_key",),
        ),
    ]


def _unknown_log(record: v1.Record, _story: Story) -> None:
    record.model_serving.request_logs[0].origin = "elsewhere.example/requests"


def _other_key(record: v1.Record, _story: Story) -> None:
    record.model_serving.request_logs[0].keyid = people.key("stranger").keyid


def all_cases() -> list[Case]:
    """Return all of them."""
    return [*objectives(), *gates(), *waivers(), *deployments(), *logs()]
