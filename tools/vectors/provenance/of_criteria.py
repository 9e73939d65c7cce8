"""Cases of gate.passed about criteria: slices, severities, samples, metrics that stand twice."""

from mlspec import v1
from tools.vectors.provenance.case import Case
from tools.vectors.provenance.story import Edit, Story, tell

_RULE = "gate.passed"
_CRITERION = ("gate.criterion",)


def black(part: v1.Slice, name: str = "race=black") -> None:
    """Make a slice of one race; its name does not count."""
    part.name = name
    condition = part.conditions.add(feature="race", comparison=v1.COMPARISON_EQUAL)
    condition.values.add(string_value="black")


def _asked(*, features: tuple[str, ...] = ()) -> Edit:
    """Let the objectives ask for the criterion on a slice, or on all slices of features."""

    def edit(record: v1.Record, _story: Story) -> None:
        criterion = record.objectives.criteria[0]
        criterion.slice_features.extend(features)
        if not features:
            black(criterion.slices.add())

    return edit


def _outcome(record: v1.Record) -> v1.CriteriaOutcome:
    of_test = record.WhichOneof("body") == "holdout_test"
    return record.holdout_test.outcome if of_test else record.model_evaluation.outcome


def _sliced(record: v1.Record, _story: Story) -> None:
    """Let the result be that of the slice, under a name of its own."""
    black(_outcome(record).required_results[0].slice, "black applicants")


def _omitted(record: v1.Record, _story: Story) -> None:
    """Say that the slice has too few rows."""
    omitted = _outcome(record).omitted_slices.add(criterion_id="auc", row_count=3)
    black(omitted.slice)


def _twice(record: v1.Record, story: Story) -> None:
    """Measure the metric on the slice twice."""
    _sliced(record, story)
    for value in (0.7, 0.9):
        metric = record.model_evaluation.metrics.add(name="auc", number_value=value)
        black(metric.slice)


def _result(**fields: object) -> Edit:
    """Let a result say something else."""

    def edit(record: v1.Record, _story: Story) -> None:
        for field, value in fields.items():
            setattr(_outcome(record).required_results[0], field, value)

    return edit


def _only_warn(record: v1.Record, _story: Story) -> None:
    """Let the criterion that was decided as required only warn; another one is required."""
    required = record.objectives.criteria.add()
    required.CopyFrom(record.objectives.criteria[0])
    required.id = "other"
    record.objectives.criteria[0].severity = v1.CRITERION_SEVERITY_WARN


def _asks_for_more(record: v1.Record, _story: Story) -> None:
    record.objectives.criteria[0].min_sample_count = 1_000


def _of_split(name: str) -> Edit:
    def edit(record: v1.Record, _story: Story) -> None:
        record.objectives.criteria[0].split_name = name

    return edit


def _without_result(record: v1.Record, _story: Story) -> None:
    """Let the evaluation decide another criterion instead."""
    _outcome(record).required_results[0].criterion_id = "other"


def _second_of_test(record: v1.Record, _story: Story) -> None:
    """Ask for one criterion on the test's split, and for another on the evaluation's."""
    record.objectives.criteria[0].split_name = "final"
    other = record.objectives.criteria.add()
    other.CopyFrom(record.objectives.criteria[0])
    other.id, other.split_name = "other", "validation"


def _both_results(record: v1.Record, _story: Story) -> None:
    outcome = _outcome(record)
    more = outcome.required_results.add()
    more.CopyFrom(outcome.required_results[0])
    more.criterion_id = "other"


def _other_objectives(record: v1.Record, story: Story) -> None:
    record.header.parents.append(story.ref("lower"))
    record.model_evaluation.objectives.CopyFrom(story.ref("lower"))


def _lower(story: Story) -> v1.Record:
    record = story.draft(v1.STAGE_OBJECTIVES)
    record.objectives.criteria[0].bound = 0.6
    return record


def all_cases() -> list[Case]:
    """Return all of them."""
    return [*_of_slices(), *_of_results()]


def _of_slices() -> list[Case]:
    both = {"evaluate": _sliced, "test": _sliced}
    race = {"objectives": _asked(features=("race",))}
    return [
        Case(
            _RULE,
            "slice",
            "A criterion has its result on the slice that the objectives list, by its conditions.",
            tell({"objectives": _asked(), **both}),
        ),
        Case(
            _RULE,
            "slice_omitted",
            "The slice has too few rows, and the evidence says so.",
            tell({"objectives": _asked(), "evaluate": _omitted, "test": _omitted}),
        ),
        Case(
            _RULE,
            "slice_left_out_fail",
            "The slice that the objectives list has no result.",
            tell({"objectives": _asked()}),
            ("gate.criterion_missing",),
        ),
        Case(
            _RULE,
            "slice_feature",
            "A criterion on all races has a result on one.",
            tell({**race, **both}),
        ),
        Case(
            _RULE,
            "slice_feature_left_out_fail",
            "A criterion on all races has a result on none.",
            tell(race),
            ("gate.criterion_missing",),
        ),
        Case(
            _RULE,
            "metric_twice_fail",
            "The metric of a criterion that passed stands twice for its slice.",
            tell({"objectives": _asked(), "evaluate": _twice, "test": _sliced}),
            ("gate.undecided",),
        ),
    ]


def _of_results() -> list[Case]:
    only_one = {"objectives": _of_split("final"), "evaluate": _result(criterion_id="other")}
    return [
        Case(
            _RULE,
            "unknown_criterion_fail",
            "A result is of no criterion of the objectives.",
            tell(only_one),
            _CRITERION,
        ),
        Case(
            _RULE,
            "by_split",
            "Each criterion is decided on its split, and all of them in the hold-back test.",
            tell(
                {"objectives": _second_of_test, "evaluate": _without_result, "test": _both_results}
            ),
        ),
        Case(
            _RULE,
            "severity_fail",
            "A criterion that only warns was counted as required.",
            tell({"objectives": _only_warn, "evaluate": _both_results, "test": _both_results}),
            _CRITERION,
        ),
        Case(
            _RULE,
            "comparison_fail",
            "The evaluation compared the other way round.",
            tell(
                {"evaluate": _result(comparison=v1.COMPARISON_LESS_OR_EQUAL, bound=0.9)},
            ),
            _CRITERION,
        ),
        Case(
            _RULE,
            "sample_fail",
            "A criterion passed on fewer rows than the objectives ask for.",
            tell({"objectives": _asks_for_more}),
            _CRITERION,
        ),
        Case(
            _RULE,
            "other_objectives_fail",
            "The evaluation was held against easier objectives than the gate names.",
            tell({"evaluate": _other_objectives}, beside={"ingest": {"lower": _lower}}),
            ("gate.other_objectives",),
        ),
    ]
