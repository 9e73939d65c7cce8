"""The cases about the request logs of a deployment."""

from mlspec import v1
from tools.vectors.provenance import people
from tools.vectors.provenance.story import OTHER_RUN, Edit, Make, Story, tell
from tools.vectors.requirements.case import CHECKPOINTED, Case, requires
from tools.vectors.requirements.logs import DAY


def about_logs() -> list[Case]:
    """Return the cases."""
    return [*_request_log(), *_retention(), *_loss_window()]


def _request_log() -> list[Case]:
    rule, asked = "requirement.request_log", requires(request_log_required=True)
    worker = "A worker's log stands beside the one that is believed."
    return [
        Case(rule, "believed", "The trust file believes the log.", asked, tell()),
        Case(rule, "with_worker", worker, asked, tell({"serve": _worker})),
        Case(rule, "none_fail", "The roll-out names no log.", asked, tell({"serve": _none}), rule),
        Case(
            rule,
            "other_key_fail",
            "The roll-out names another key of the log.",
            asked,
            tell({"serve": _other_key}),
            rule,
        ),
        Case(
            rule,
            "unknown_fail",
            "The trust file does not know the log.",
            asked,
            tell({"serve": _unknown}),
            rule,
        ),
    ]


def _worker(record: v1.Record, _story: Story) -> None:
    log = record.model_serving.request_logs.add(
        origin=f"{people.LOG_ORIGIN}/2", keyid=people.key("data").keyid
    )
    log.durability.CopyFrom(CHECKPOINTED)


def _none(record: v1.Record, _story: Story) -> None:
    del record.model_serving.request_logs[:]


def _other_key(record: v1.Record, _story: Story) -> None:
    record.model_serving.request_logs[0].keyid = people.key("data").keyid


def _unknown(record: v1.Record, _story: Story) -> None:
    record.model_serving.request_logs[0].origin = "bank.example/elsewhere"


def _retention() -> list[Case]:
    rule = "requirement.log_retention"
    asked = requires()
    asked.log_retention_duration.FromSeconds(183 * DAY)
    shorter, long = _stated(_statement(182)), _stated(_statement(183))
    other = _stated(_statement(183, "bank.example/elsewhere"))
    said = ("statement",)
    return [
        Case(rule, "stated", "A statement says 183 days.", asked, long, statements=said),
        Case(rule, "promised", "The objectives do.", asked, tell({"objectives": _promise(183)})),
        Case(rule, "unsaid_fail", "Nobody says how long.", asked, tell(), rule),
        Case(rule, "shorter_fail", "It says 182 days.", asked, shorter, rule, statements=said),
        Case(
            rule,
            "other_log_fail",
            "It is about another log.",
            asked,
            other,
            rule,
            statements=said,
        ),
        Case(
            rule,
            "promise_broken_fail",
            "The objectives promise more than the statement keeps.",
            asked,
            _stated(_statement(1), {"objectives": _promise(183)}),
            rule,
            statements=said,
        ),
    ]


def _stated(make: Make, edits: dict[str, Edit] | None = None) -> Story:
    return tell(
        edits,
        beside={"manifest": {"statement": make}},
        signers={"statement": ("operator",)},
    )


def _statement(days: int, origin: str = people.LOG_ORIGIN) -> Make:
    def make(story: Story) -> v1.Record:
        record = story.draft(v1.STAGE_LOGGING, run=OTHER_RUN)
        record.logging.origin = origin
        record.logging.retention.leaf_retention_duration.FromSeconds(days * DAY)
        return record

    return make


def _promise(days: int) -> Edit:
    def edit(record: v1.Record, _story: Story) -> None:
        rule = record.objectives.retention_rules.add(subject=v1.RETENTION_SUBJECT_REQUEST_LOG)
        rule.keep_duration.FromSeconds(days * DAY)

    return edit


def _loss_window() -> list[Case]:
    rule = "requirement.max_loss_window"
    nothing, five = requires(), requires()
    nothing.max_loss_window_duration.FromSeconds(0)
    five.max_loss_window_duration.FromSeconds(5)
    kept = "The log says, and the roll-out says, that an answer waits for the disk."
    lossy = tell({"serve": _buffered(5)})
    return [
        Case(rule, "checkpointed", kept, nothing, tell()),
        Case(rule, "buffered", "It may lose as much as is allowed.", five, lossy, opened=[lost(5)]),
        Case(
            rule,
            "buffered_fail",
            "It may lose nothing, and the log is buffered.",
            nothing,
            tell(),
            rule,
            opened=[lost(0)],
        ),
        Case(
            rule,
            "roll_out_fail",
            "The roll-out says that more may be lost.",
            five,
            tell({"serve": _buffered(6)}),
            rule,
        ),
        Case(
            rule,
            "unopened_fail",
            "Nothing shows how the log was opened.",
            five,
            tell(),
            rule,
            opened=[],
        ),
    ]


def lost(seconds: int) -> v1.LogDurability:
    """Return the durability of a log that may lose so much."""
    made = v1.LogDurability()
    made.buffered.loss_window_duration.FromSeconds(seconds)
    made.buffered.loss_window_entry_count = 1000
    return made


def _buffered(seconds: int) -> Edit:
    def edit(record: v1.Record, _story: Story) -> None:
        record.model_serving.request_logs[0].durability.CopyFrom(lost(seconds))

    return edit
