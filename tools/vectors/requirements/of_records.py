"""The cases about the records of a deployment."""

from mlspec import v1
from tools.vectors.provenance.of_gate import BOTH, missed, waive
from tools.vectors.provenance.steps import STEPS
from tools.vectors.provenance.story import Story, tell
from tools.vectors.requirements.case import Case, requires
from tools.vectors.requirements.logs import WITNESSES

EVERY = tuple(STEPS)
ONE = WITNESSES[:1]


def about_records() -> list[Case]:
    """Return the cases."""
    return [*_namespace(), *_stages(), *_gate(), *_times(), *_witnesses(), *_record_log()]


def _namespace() -> list[Case]:
    rule, asked = "requirement.namespace", requires(gate_required=True)
    return [
        Case(rule, "bound", "The deployment's namespace is bound.", asked, tell()),
        Case(
            rule,
            "no_deployment_fail",
            "There is no deployment that would say whose requirements bind.",
            asked,
            tell(),
            "requirement.no_deployment",
            deployment="nothing",
        ),
    ]


def _stages() -> list[Case]:
    rule = "requirement.stages"
    asked = requires(stages=[v1.STAGE_OBJECTIVES, v1.STAGE_HOLDOUT_TEST])
    monitoring = requires(stages=[v1.STAGE_MONITORING])
    untested = tell(without=("open", "test"))
    return [
        Case(rule, "there", "There is a record of each stage.", asked, tell()),
        Case(rule, "missing_fail", "Nobody tested the model.", asked, untested, rule),
        Case(
            rule,
            "unsuccessful_fail",
            "The hold-back test was skipped.",
            asked,
            tell({"test": _skipped}),
            rule,
        ),
        Case(rule, "another_fail", "Nothing was monitored.", monitoring, tell(), rule),
    ]


def _skipped(record: v1.Record, _story: Story) -> None:
    record.header.state = v1.RECORD_STATE_SKIPPED


def _gate() -> list[Case]:
    rule, asked = "requirement.gate", requires(gate_required=True)
    edits = {"evaluate": missed, "gate": waive(90)}
    waived = tell(edits, signers={"gate": BOTH})
    return [
        Case(rule, "passed", "The model passed its gate.", asked, tell()),
        Case(rule, "waived", "Somebody who may has waived.", asked, waived, waived=True),
        Case(
            rule,
            "not_proven_fail",
            "The roll-out names no gate: what is not proven is not enough where it is required.",
            asked,
            tell({"serve": _no_gate}),
            rule,
        ),
        Case(
            rule, "waiver_unsigned_fail", "Nobody who may waive signed.", asked, tell(edits), rule
        ),
    ]


def _no_gate(record: v1.Record, _story: Story) -> None:
    record.model_serving.ClearField("gate_decision")


def _times() -> list[Case]:
    rule, asked = "requirement.timestamps", requires(timestamp_required=True)
    seen = "Both witnesses saw a checkpoint that covers every record."
    return [
        Case(rule, "seen", seen, asked, tell(), logged=EVERY),
        Case(
            rule,
            "t3_one_witness_fail",
            "One witness of two saw the checkpoint.",
            asked,
            tell(),
            rule,
            logged=EVERY,
            witnesses=ONE,
        ),
        Case(
            rule,
            "t3_one_record_fail",
            "One record is not in the log.",
            asked,
            tell(),
            rule,
            logged=[name for name in EVERY if name != "train"],
        ),
        Case(rule, "t3_no_log_fail", "Nothing was logged.", asked, tell(), rule),
    ]


def _witnesses() -> list[Case]:
    rule, asked = "requirement.witnesses", requires(witnesses_required=True)
    seen = "Both witnesses saw what is shown of the logs."
    few = "One witness of two saw the"
    return [
        Case(rule, "seen", seen, asked, tell(), logged=EVERY),
        Case(
            rule,
            "records_fail",
            f"{few} record log.",
            asked,
            tell(),
            rule,
            logged=EVERY,
            witnesses=ONE,
        ),
        Case(
            rule,
            "requests_fail",
            f"{few} request log.",
            asked,
            tell(),
            rule,
            logged=EVERY,
            request_witnesses=ONE,
        ),
        Case(
            rule,
            "nothing_shown_fail",
            "No checkpoint is shown.",
            asked,
            tell(),
            rule,
            shows_requests=False,
        ),
    ]


def _record_log() -> list[Case]:
    rule, asked = "requirement.record_log", requires(record_log_required=True)
    every = "Every record is in the log; no outsider need have seen it."
    return [
        Case(rule, "every", every, asked, tell(), logged=EVERY, witnesses=()),
        Case(
            rule,
            "one_missing_fail",
            "The roll-out itself is not in the log.",
            asked,
            tell(),
            rule,
            logged=[name for name in EVERY if name != "serve"],
        ),
    ]
