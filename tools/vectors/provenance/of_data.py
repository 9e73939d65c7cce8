"""Cases about data: hold-back sets, their custody and tests, and archived dataset versions."""

from mlspec import v1
from tools.vectors.provenance import steps
from tools.vectors.provenance.case import Case
from tools.vectors.provenance.story import VERSION_ID, Edit, Make, Story, digest, tell


def _reuse(purpose: v1.TrainingPurpose.ValueType) -> Edit:
    """Let the training use the hold-back set, as a split of another name."""

    def edit(record: v1.Record, _story: Story) -> None:
        used = record.model_training.data.add(purpose=purpose)
        used.split.name, used.split.role = "more", v1.SPLIT_ROLE_CALIBRATION
        used.split.digest.CopyFrom(digest("holdout"))

    return edit


def _whole_version(record: v1.Record, _story: Story) -> None:
    record.model_training.data[0].dataset_version.CopyFrom(
        v1.DatasetVersionReference(dataset_name="loanapp", id=VERSION_ID)
    )


NAMED = v1.DatasetVersionReference(dataset_name="loanapp")


def _data(record: v1.Record) -> v1.TrainingData:
    return record.model_training.data[0]


def _validation_as_train(record: v1.Record, _story: Story) -> None:
    _data(record).split.digest.CopyFrom(digest("validation"))


def _unknown_split(record: v1.Record, _story: Story) -> None:
    _data(record).split.digest.CopyFrom(digest("something"))
    _data(record).split.ClearField("splitting")


def _input(name: str, *, only: bool) -> Edit:
    """Let the training read a file; with `only`, and say nothing else of its data."""

    def edit(record: v1.Record, _story: Story) -> None:
        record.header.inputs.add(name=f"{name}.csv", digest=digest(name))
        if only:
            del record.model_training.data[:]

    return edit


def _evaluate_holdout(record: v1.Record, _story: Story) -> None:
    used = record.model_evaluation.data.split
    used.digest.CopyFrom(digest("holdout"))
    used.ClearField("splitting")


def _threshold(record: v1.Record, _story: Story) -> None:
    rule = record.model_evaluation.decision_rules.add(output_name="approval", threshold=0.5)
    rule.chosen_on.name, rule.chosen_on.role = "more", v1.SPLIT_ROLE_VALIDATION
    rule.chosen_on.digest.CopyFrom(digest("holdout"))


def _no_holdout() -> Story:
    def split(record: v1.Record, _story: Story) -> None:
        del record.data_splitting.splits[2]
        del record.data_splitting.leakage_checks[1]

    return tell({"split": split}, without=["open", "test"])


def _retired() -> Story:
    """Give the set up first, then train on it."""

    def retire(story: Story) -> v1.Record:
        record = story.draft(v1.STAGE_HOLDOUT_OPENED, "split")
        body = record.holdout_opened
        body.holdout.CopyFrom(steps.split(story, "holdout", v1.SPLIT_ROLE_HOLDOUT))
        body.purpose = v1.HOLDOUT_PURPOSE_RETIREMENT
        body.ClearField("model")
        body.ClearField("evaluation")
        return record

    def train(record: v1.Record, story: Story) -> None:
        record.header.parents.append(story.ref("retire"))
        _reuse(v1.TRAINING_PURPOSE_FIT)(record, story)

    return tell({"train": train}, beside={"train": {"retire": retire}})


def reused() -> list[Case]:
    """Cases of holdout.reused."""
    rule, problem = "holdout.reused", ("holdout.reused",)
    tune, calibrate = v1.TRAINING_PURPOSE_TUNE, v1.TRAINING_PURPOSE_CALIBRATE
    return [
        Case(rule, "whole", "Training and evaluation leave the hold-back set alone.", tell()),
        Case(rule, "retired", "The set was given up before the training that uses it.", _retired()),
        Case(
            rule,
            "training_fail",
            "The model is fitted to the hold-back set, under another name.",
            tell({"train": _reuse(v1.TRAINING_PURPOSE_FIT)}),
            problem,
        ),
        Case(
            rule,
            "tuning_fail",
            "The hold-back set chose between trials.",
            tell({"train": _reuse(tune)}),
            problem,
        ),
        Case(
            rule,
            "calibration_fail",
            "Probabilities were calibrated on the hold-back set.",
            tell({"train": _reuse(calibrate)}),
            problem,
        ),
        Case(
            rule,
            "threshold_fail",
            "The threshold was chosen on the hold-back set.",
            tell({"evaluate": _threshold}),
            problem,
        ),
        Case(
            rule,
            "evaluation_fail",
            "The model was evaluated on the hold-back set.",
            tell({"evaluate": _evaluate_holdout}),
            problem,
        ),
        Case(
            rule,
            "input_fail",
            "The training read the file of the hold-back set.",
            tell({"train": _input("holdout", only=False)}),
            problem,
        ),
        Case(
            rule,
            "dataset_version_fail",
            "The training used all of the dataset version that the set was cut from.",
            tell({"train": _whole_version}),
            problem,
        ),
        Case(
            rule,
            "other_role_fail",
            "The training calls the validation split its training split.",
            tell({"train": _validation_as_train}),
            ("holdout.other_split",),
        ),
        Case(
            rule,
            "unknown_split_not_proven",
            "The training used a split that no record in reach made.",
            tell({"train": _unknown_split}),
            ("holdout.unknown_split",),
        ),
        Case(
            rule,
            "no_digest_not_proven",
            "The training read a stream, which has no digest.",
            tell({"train": lambda record, _: _data(record).split.ClearField("digest")}),
            ("holdout.no_digest",),
        ),
        Case(
            rule,
            "unnamed_version_not_proven",
            "The training used a dataset version that only its name is known of.",
            tell({"train": lambda record, _: _data(record).dataset_version.MergeFrom(NAMED)}),
            ("holdout.no_digest",),
        ),
        Case(
            rule,
            "unknown_input_not_proven",
            "The training names no data, and its input is no known split.",
            tell({"train": _input("something", only=True)}),
            ("holdout.unknown_input",),
        ),
        Case(
            rule,
            "known_input",
            "The training names no data, and its input is the training split.",
            tell({"train": _input("train", only=True)}),
        ),
        Case(
            rule,
            "none_not_proven",
            "No set was held back.",
            _no_holdout(),
            ("holdout.none",),
        ),
    ]


def opened() -> list[Case]:
    """Cases of holdout.opened_before_test."""
    rule = "holdout.opened_before_test"
    first = {"open": {"first": steps.opening}}
    return [
        Case(rule, "whole", "The test names an opening of its set, for its model.", tell()),
        Case(
            rule,
            "second_opening",
            "The set was opened before, and the second opening names and counts the first.",
            tell({"open": _second, "test": _count(2)}, beside=first),
        ),
        Case(
            rule,
            "no_test_not_proven",
            "There is no hold-back test.",
            _no_holdout(),
            ("holdout.no_test",),
        ),
        Case(
            rule,
            "not_opened_fail",
            "The opening that the test names is not there.",
            tell(dropped=["open"]),
            ("holdout.not_opened",),
        ),
        Case(
            rule,
            "not_a_parent_fail",
            "The test does not rest on its opening.",
            tell({"test": lambda record, _: record.header.parents.pop(0)}),
            ("holdout.opening_parent",),
        ),
        Case(
            rule,
            "other_set_fail",
            "The opening was of another set.",
            tell({"open": _other_set}),
            ("holdout.other_opening",),
        ),
        Case(
            rule,
            "uncounted_fail",
            "The set was opened before, and nobody counts that.",
            tell(beside=first),
            ("holdout.opening_number",),
        ),
        Case(
            rule,
            "miscounted_fail",
            "The opening says that it is the second, and rests on one that is not there.",
            tell({"open": _second, "test": _count(2)}, beside=first, dropped=["first"]),
            ("holdout.opening_number",),
        ),
        Case(
            rule,
            "inferred_fail",
            "The opening was put together by an adapter, not recorded.",
            tell({"open": _inferred}),
            ("holdout.opening_state",),
        ),
        Case(
            rule,
            "opened_late_fail",
            "The record log has the test before its opening.",
            tell(),
            ("holdout.opened_late",),
            log=("test", "open"),
        ),
    ]


def _second(record: v1.Record, story: Story) -> None:
    record.header.parents.append(story.ref("first"))
    record.holdout_opened.opening_number = 2
    record.holdout_opened.previous_opening.CopyFrom(story.ref("first"))


def _count(number: int) -> Edit:
    def edit(record: v1.Record, _story: Story) -> None:
        record.holdout_test.opening_number = number

    return edit


def _other_set(record: v1.Record, _story: Story) -> None:
    record.holdout_opened.holdout.digest.CopyFrom(digest("another"))


def custody() -> list[Case]:
    """Cases of holdout.custodian."""
    rule, transformed = "holdout.custodian", {"train": {"transform": _transform}}
    return [
        Case(rule, "whole", "The custodian signed the opening.", tell()),
        Case(
            rule,
            "transformed_by_custodian",
            "The custodian transformed the set and kept it closed.",
            tell(beside=transformed, signers={"transform": ("custodian",)}),
        ),
        Case(
            rule,
            "no_opening_not_proven",
            "There is no hold-back test, and no opening.",
            _no_holdout(),
            ("holdout.no_opening",),
        ),
        Case(
            rule,
            "not_released_fail",
            "Data engineers opened the set: they may sign openings, and may not release.",
            tell(signers={"open": ("data",)}),
            ("holdout.not_released",),
        ),
        Case(
            rule,
            "other_commitment_fail",
            "The opening has another commitment than the splitting.",
            tell({"open": _other_commitment}),
            ("holdout.commitment",),
        ),
        Case(
            rule,
            "other_set_fail",
            "The opening is of a set that the splitting did not hold back.",
            tell({"open": _other_set}),
            ("holdout.other_set",),
        ),
        Case(
            rule,
            "no_splitting_not_proven",
            "The opening does not say which splitting put the set into custody.",
            tell({"open": lambda record, _: _opened(record).ClearField("splitting")}),
            ("holdout.no_custody",),
        ),
        Case(
            rule,
            "other_custodian_fail",
            "The opening names another custodian than the splitting.",
            tell({"open": _other_custodian}),
            ("holdout.other_custodian",),
        ),
        Case(
            rule,
            "transformed_fail",
            "Data engineers transformed the set without opening it.",
            tell(beside=transformed, signers={"transform": ("data",)}),
            ("holdout.transformed",),
        ),
    ]


def _transform(story: Story) -> v1.Record:
    record = story.draft(v1.STAGE_DATA_TRANSFORMATION, "split")
    body = record.data_transformation
    body.input_split.CopyFrom(steps.split(story, "holdout", v1.SPLIT_ROLE_HOLDOUT))
    return record


def _opened(record: v1.Record) -> v1.SplitReference:
    return record.holdout_opened.holdout


def _other_commitment(record: v1.Record, _story: Story) -> None:
    record.holdout_opened.commitment_root.CopyFrom(digest("another root"))


def _inferred(record: v1.Record, _story: Story) -> None:
    record.header.capture = v1.CAPTURE_METHOD_INFERRED


def _other_custodian(record: v1.Record, _story: Story) -> None:
    record.holdout_opened.custodian.identity = "trainer@bank.example"


def apart() -> list[Case]:
    """Cases of holdout.not_evaluation."""
    rule = "holdout.not_evaluation"
    return [
        Case(rule, "whole", "The test is a step of its own, on rows of its own.", tell()),
        Case(
            rule,
            "none_not_proven",
            "There is no hold-back test.",
            _no_holdout(),
            ("holdout.no_test",),
        ),
        Case(
            rule,
            "same_step_fail",
            "The test says that it is the evaluation's step and attempt.",
            tell({"evaluate": _step, "test": _step}, without=["manifest"]),
            ("holdout.same_step",),
        ),
        Case(
            rule,
            "same_rows_fail",
            "The evaluation was on the hold-back set, so the test confirms nothing.",
            tell({"evaluate": _evaluate_holdout}),
            ("holdout.same_rows",),
        ),
        Case(
            rule,
            "other_model_fail",
            "The test is of another model than the evaluation.",
            tell({"test": _other_model}),
            ("holdout.other_model",),
        ),
        Case(
            rule,
            "other_objectives_fail",
            "The test is held against other objectives than the evaluation.",
            tell({"test": _easier}, beside={"ingest": {"easier": steps.objectives}}),
            ("holdout.other_objectives",),
        ),
        Case(
            rule,
            "no_evaluation_fail",
            "The evaluation that the test confirms is not there.",
            tell(dropped=["evaluate"]),
            ("holdout.no_evaluation",),
        ),
    ]


def _step(record: v1.Record, _story: Story) -> None:
    record.header.step_name, record.header.step_attempt = "evaluate", 1


def _easier(record: v1.Record, story: Story) -> None:
    record.header.parents.append(story.ref("easier"))
    record.holdout_test.objectives.CopyFrom(story.ref("easier"))


def _other_model(record: v1.Record, _story: Story) -> None:
    record.holdout_test.model.digest.CopyFrom(digest("another model"))


def archived() -> list[Case]:
    """Cases of data.archived."""
    rule, archive = "data.archived", _change(v1.OBJECT_ACTION_ARCHIVE, "dataset")
    revive = _change(v1.OBJECT_ACTION_REACTIVATE, "archive")
    deprecate = _change(v1.OBJECT_ACTION_DEPRECATE, "dataset")
    return [
        Case(rule, "whole", "The dataset version was never archived.", tell()),
        Case(
            rule,
            "archived_later",
            "It was archived after the splitting, which used it last.",
            tell(beside={"gate": {"archive": archive}}),
        ),
        Case(
            rule,
            "reactivated",
            "It was archived and reactivated before it was used.",
            tell(beside={"ingest": {"archive": archive, "revive": revive}}),
        ),
        Case(
            rule,
            "deprecated",
            "It was deprecated: that is told, and stops nothing.",
            tell(beside={"ingest": {"deprecate": deprecate}}),
        ),
        Case(
            rule,
            "archived_fail",
            "It was archived, and split afterwards.",
            tell(beside={"split": {"archive": archive}}),
            ("data.archived",),
        ),
        Case(
            rule,
            "met_archived_fail",
            "The splitting says itself that the version was archived.",
            tell({"split": _met_archived}),
            ("data.archived",),
        ),
        Case(
            rule,
            "order_not_proven",
            "It was archived, and without a manifest or a log nobody knows when.",
            tell(beside={"split": {"archive": archive}}, without=["manifest"]),
            ("data.archived_order",),
        ),
        Case(
            rule,
            "no_history_not_proven",
            "The event that created it is not there.",
            tell(without=["dataset"]),
            ("data.no_history",),
        ),
    ]


def _change(action: v1.ObjectAction.ValueType, previous: str) -> Make:
    return lambda story: steps.change(story, action, previous)


def _met_archived(record: v1.Record, _story: Story) -> None:
    record.data_splitting.dataset_version.status = v1.OBJECT_STATUS_ARCHIVED


def all_cases() -> list[Case]:
    """Return all of them."""
    return [*reused(), *opened(), *custody(), *apart(), *archived()]
