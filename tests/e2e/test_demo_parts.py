"""Parts of the loan example that must be exact: verdicts, roll-out."""

from __future__ import annotations

import pytest

from examples.loan_approval.verdicts import Evidence, decide, overall
from mlspec import v1

POINT, LOWER = v1.METRIC_ESTIMATE_POINT, v1.METRIC_ESTIMATE_LOWER
HERE, OVERALL, BASELINE = (
    v1.METRIC_SCOPE_SLICE,
    v1.METRIC_SCOPE_OVERALL,
    v1.METRIC_SCOPE_BASELINE,
)
BLACK = v1.Slice(
    name="race=black",
    conditions=[
        v1.SliceCondition(
            feature="race",
            comparison=v1.COMPARISON_EQUAL,
            values=[v1.Scalar(string_value="black")],
        )
    ],
)


def term(
    name: str = "auc",
    scope: v1.MetricScope.ValueType = HERE,
    estimate: v1.MetricEstimate.ValueType = POINT,
) -> v1.Expression:
    """A metric by name."""
    return v1.Expression(metric=v1.MetricTerm(name=name, scope=scope, estimate=estimate))


def criterion(measured: v1.Expression | None = None, bound: float = 0.8) -> v1.Criterion:
    """`auc >= 0.8`, unless said otherwise."""
    return v1.Criterion(
        id="auc",
        severity=v1.CRITERION_SEVERITY_REQUIRE,
        measured=measured or term(),
        comparison=v1.COMPARISON_GREATER_OR_EQUAL,
        bound=bound,
    )


def metric(value: float = 0.8, count: int | None = 100) -> v1.Metric:
    """`auc` over some rows."""
    return v1.Metric(name="auc", number_value=value, sample_count=count)


def verdict(asked: v1.Criterion, *metrics: v1.Metric) -> v1.CriterionResult:
    """The one result of a criterion."""
    [result] = decide(asked, Evidence("validation", metrics))
    return result


def test_a_value_at_the_bound_passes_and_one_below_fails() -> None:
    """`>=` holds for the bound itself."""
    assert verdict(criterion(), metric(0.8)).verdict == v1.VERDICT_PASS
    below = verdict(criterion(), metric(0.7999999999))
    assert below.verdict == v1.VERDICT_FAIL
    assert below.reason


def quotient() -> v1.Expression:
    """The metric by zero."""
    operands = [term(), v1.Expression(number=0)]
    kind = v1.OPERATION_KIND_DIVIDE
    return v1.Expression(operation=v1.Operation(kind=kind, operands=operands))


UNDECIDED = {
    "no metric": (criterion(), ()),
    "no value": (criterion(), (v1.Metric(name="auc", undefined_reason="one class"),)),
    "no sample count": (criterion(), (metric(count=None),)),
    "no rows": (criterion(), (metric(count=0),)),
    "no interval": (criterion(term(estimate=LOWER)), (metric(),)),
    "no baseline": (criterion(term(scope=BASELINE)), (metric(),)),
    "division by zero": (criterion(quotient()), (metric(),)),
    "NaN": (criterion(), (metric(float("nan")),)),
    "a constant": (criterion(v1.Expression(number=1)), (metric(),)),
}


@pytest.mark.parametrize("case", UNDECIDED)
def test_what_is_not_known_is_undecided(case: str) -> None:
    """A missing, undefined, unsure or endless quantity never passes and never fails."""
    asked, metrics = UNDECIDED[case]
    result = verdict(asked, *metrics)
    assert result.verdict == v1.VERDICT_UNDECIDED
    assert result.reason


def test_too_few_rows_another_unit_and_another_split_are_undecided() -> None:
    """What is asked for beside the bound must hold before the bound is looked at."""
    for field, value in (("min_sample_count", 101), ("unit", "ms"), ("split_name", "holdout")):
        asked = criterion()
        setattr(asked, field, value)
        assert verdict(asked, metric()).verdict == v1.VERDICT_UNDECIDED


def test_slices_are_decided_one_by_one_and_none_at_all_is_undecided() -> None:
    """A slice has a result of its own; without any slice there is one result, undecided."""
    asked = criterion()
    asked.slice_features.append("race")
    of_slice = metric(0.9)
    of_slice.slice.CopyFrom(BLACK)
    assert verdict(asked, metric(0.1), of_slice).verdict == v1.VERDICT_PASS
    assert verdict(asked, metric(0.9)).verdict == v1.VERDICT_UNDECIDED
    asked.slice_min_row_count = 101
    assert verdict(asked, metric(0.9), of_slice).verdict == v1.VERDICT_UNDECIDED


def test_the_worst_required_result_decides() -> None:
    """FAIL before UNDECIDED before PASS; a criterion without a result is undecided."""
    asked = criterion()
    passed, failed = verdict(asked, metric(0.9)), verdict(asked, metric(0.1))
    unknown = verdict(asked)
    assert overall([asked], [passed]) == v1.VERDICT_PASS
    assert overall([asked], [passed, unknown]) == v1.VERDICT_UNDECIDED
    assert overall([asked], [passed, unknown, failed]) == v1.VERDICT_FAIL
    assert overall([asked], []) == v1.VERDICT_UNDECIDED
    assert overall([], []) == v1.VERDICT_UNDECIDED
    asked.severity = v1.CRITERION_SEVERITY_WARN
    assert overall([asked], [failed]) == v1.VERDICT_UNDECIDED
