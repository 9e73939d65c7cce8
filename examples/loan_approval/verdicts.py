"""Decides launch criteria on metrics. Three answers: PASS, FAIL, UNDECIDED.

What is not known never passes.

A metric that is missing, has no value, no interval where one is asked for, or too few rows; another
unit; another split; no slice to look at; no baseline; a result that is not finite: each is
UNDECIDED, with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from mlspec import v1


class Unknown(Exception):  # noqa: N818 - it is an answer, not an error
    """The evidence is not enough; says why."""


@dataclass(frozen=True)
class Evidence:
    """What criteria are decided on: metrics of one split, and the baseline's on the same rows."""

    split_name: str
    metrics: Sequence[v1.Metric]
    baseline: Sequence[v1.Metric] = field(default=())

    def find(self, term: v1.MetricTerm, part: v1.Slice | None) -> v1.Metric:
        """The metric that a term names.

        Raises:
            Unknown: There is none.
        """
        in_baseline = term.scope == v1.METRIC_SCOPE_BASELINE
        wanted = None if term.scope == v1.METRIC_SCOPE_OVERALL else part
        for metric in self.baseline if in_baseline else self.metrics:
            if metric.name == term.name and _same_slice(metric, wanted):
                return metric
        raise Unknown(f"{'baseline.' if in_baseline else ''}{term.name} was not measured")

    def slices(self, feature: str) -> list[v1.Slice]:
        """The slices by one feature that metrics were measured on, by name."""
        found = {
            metric.slice.name: metric.slice
            for metric in self.metrics
            if metric.HasField("slice")
            and len(metric.slice.conditions) == 1
            and metric.slice.conditions[0].feature == feature
        }
        return [found[name] for name in sorted(found)]

    def row_count(self, part: v1.Slice) -> int:
        """Rows of a slice: the most that any of its metrics rests on."""
        return max((m.sample_count for m in self.metrics if _same_slice(m, part)), default=0)


@dataclass(frozen=True)
class _Value:
    number: float
    sample_counts: tuple[int, ...]


def decide_all(criteria: Iterable[v1.Criterion], evidence: Evidence) -> list[v1.CriterionResult]:
    """Each criterion on each of its slices."""
    return [result for criterion in criteria for result in decide(criterion, evidence)]


def decide(criterion: v1.Criterion, evidence: Evidence) -> list[v1.CriterionResult]:
    """One result for each slice of a criterion, or one for all rows; never none."""
    if not criterion.slice_features and not criterion.slices:
        return [_decide_on(criterion, evidence, None)]
    small = {o.slice.name for o in omitted(criterion, evidence)}
    large = [part for part in slices_of(criterion, evidence) if part.name not in small]
    if not large:
        return [
            _result(criterion, None, v1.VERDICT_UNDECIDED, reason="there is no slice to look at")
        ]
    return [_decide_on(criterion, evidence, part) for part in large]


def omitted(criterion: v1.Criterion, evidence: Evidence) -> list[v1.OmittedSlice]:
    """The slices of a criterion that have too few rows to be looked at."""
    counted = [(part, evidence.row_count(part)) for part in slices_of(criterion, evidence)]
    return [
        v1.OmittedSlice(criterion_id=criterion.id, slice=part, row_count=count)
        for part, count in counted
        if count < criterion.slice_min_row_count
    ]


def slices_of(criterion: v1.Criterion, evidence: Evidence) -> list[v1.Slice]:
    """The slices that a criterion names, as far as the evidence has them.

    None if it is of all rows.
    """
    parts = list(criterion.slices)
    for feature in criterion.slice_features:
        parts += evidence.slices(feature)
    return parts


def overall(
    criteria: Iterable[v1.Criterion], results: Sequence[v1.CriterionResult]
) -> v1.Verdict.ValueType:
    """FAIL if a required criterion fails, UNDECIDED if one is or none was decided, else PASS."""
    required = {c.id for c in criteria if c.severity == v1.CRITERION_SEVERITY_REQUIRE}
    verdicts = {r.verdict for r in results if r.criterion_id in required}
    if required - {r.criterion_id for r in results}:
        verdicts.add(v1.VERDICT_UNDECIDED)
    if v1.VERDICT_FAIL in verdicts:
        return v1.VERDICT_FAIL
    return v1.VERDICT_PASS if verdicts == {v1.VERDICT_PASS} else v1.VERDICT_UNDECIDED


def _decide_on(
    criterion: v1.Criterion, evidence: Evidence, part: v1.Slice | None
) -> v1.CriterionResult:
    try:
        if criterion.HasField("split_name") and criterion.split_name != evidence.split_name:
            raise Unknown(f"measured on {evidence.split_name}, not on {criterion.split_name}")
        value = _evaluate(criterion.measured, criterion.unit, evidence, part)
        if not value.sample_counts:
            raise Unknown("it rests on no rows")
    except Unknown as unknown:
        return _result(criterion, part, v1.VERDICT_UNDECIDED, reason=str(unknown))
    count = min(value.sample_counts)
    needed = max(criterion.min_sample_count, 1)
    if count < needed:
        reason = f"{count} rows, at least {needed} are asked for"
        return _result(criterion, part, v1.VERDICT_UNDECIDED, value.number, count, reason)
    if holds(value.number, criterion.comparison, criterion.bound):
        return _result(criterion, part, v1.VERDICT_PASS, value.number, count)
    reason = f"{value.number:.4f} is not {_SIGNS[criterion.comparison]} {criterion.bound:g}"
    return _result(criterion, part, v1.VERDICT_FAIL, value.number, count, reason)


def holds(observed: float, comparison: int, bound: float) -> bool:
    """Whether a finite number is on the right side of a bound."""
    match comparison:
        case v1.COMPARISON_LESS:
            return observed < bound
        case v1.COMPARISON_LESS_OR_EQUAL:
            return observed <= bound
        case v1.COMPARISON_GREATER:
            return observed > bound
        case v1.COMPARISON_GREATER_OR_EQUAL:
            return observed >= bound
    raise ValueError(f"comparison: must order two numbers (got {comparison})")


_SIGNS = {
    v1.COMPARISON_LESS: "<",
    v1.COMPARISON_LESS_OR_EQUAL: "<=",
    v1.COMPARISON_GREATER: ">",
    v1.COMPARISON_GREATER_OR_EQUAL: ">=",
}


def _evaluate(term: v1.Expression, unit: str, evidence: Evidence, part: v1.Slice | None) -> _Value:
    match term.WhichOneof("term"):
        case "number":
            return _Value(term.number, ())
        case "metric":
            return _look_up(term.metric, unit, evidence, part)
        case "operation":
            operands = [_evaluate(o, unit, evidence, part) for o in term.operation.operands]
            number = _operate(term.operation.kind, [o.number for o in operands])
            return _Value(number, tuple(n for o in operands for n in o.sample_counts))
    raise Unknown("the criterion measures nothing")


def _look_up(term: v1.MetricTerm, unit: str, evidence: Evidence, part: v1.Slice | None) -> _Value:
    metric = evidence.find(term, part)
    if metric.WhichOneof("value") != "number_value":
        raise Unknown(f"{term.name} has no value: {metric.undefined_reason or 'not a number'}")
    if metric.unit != unit:
        raise Unknown(f"{term.name} is in '{metric.unit}', the bound in '{unit}'")
    if not metric.HasField("sample_count"):
        raise Unknown(f"{term.name} does not say how many rows it rests on")
    if term.estimate == v1.METRIC_ESTIMATE_POINT:
        number = metric.number_value
    elif not metric.HasField("interval"):
        raise Unknown(f"{term.name} has no interval")
    else:
        lower = term.estimate == v1.METRIC_ESTIMATE_LOWER
        number = metric.interval.lower if lower else metric.interval.upper
    if not math.isfinite(number):
        raise Unknown(f"{term.name} is not finite")
    return _Value(number, (metric.sample_count,))


def _operate(kind: v1.OperationKind.ValueType, numbers: list[float]) -> float:
    try:
        result = _OPERATIONS[kind](numbers)
    except (ZeroDivisionError, OverflowError):
        raise Unknown("a division by zero") from None
    except KeyError:
        raise Unknown(f"operation {kind} is not known here") from None
    if not math.isfinite(result):
        raise Unknown("the result is not finite")
    return result


_OPERATIONS: dict[v1.OperationKind.ValueType, Callable[[list[float]], float]] = {
    v1.OPERATION_KIND_ADD: lambda n: n[0] + n[1],
    v1.OPERATION_KIND_SUBTRACT: lambda n: n[0] - n[1],
    v1.OPERATION_KIND_MULTIPLY: lambda n: n[0] * n[1],
    v1.OPERATION_KIND_DIVIDE: lambda n: n[0] / n[1],
    v1.OPERATION_KIND_ABSOLUTE: lambda n: abs(n[0]),
    v1.OPERATION_KIND_NEGATE: lambda n: -n[0],
    v1.OPERATION_KIND_MINIMUM: min,
    v1.OPERATION_KIND_MAXIMUM: max,
}


def _same_slice(metric: v1.Metric, part: v1.Slice | None) -> bool:
    if part is None or not metric.HasField("slice"):
        return part is None and not metric.HasField("slice")
    return list(metric.slice.conditions) == list(part.conditions)


def _result(
    criterion: v1.Criterion,
    part: v1.Slice | None,
    verdict: v1.Verdict.ValueType,
    observed: float | None = None,
    count: int | None = None,
    reason: str | None = None,
) -> v1.CriterionResult:
    return v1.CriterionResult(
        criterion_id=criterion.id,
        slice=part,
        verdict=verdict,
        observed=observed,
        comparison=criterion.comparison,
        bound=criterion.bound,
        sample_count=count,
        reason=reason,
    )
