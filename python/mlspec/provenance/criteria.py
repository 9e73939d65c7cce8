"""Whether what a gate's evidence came to is what the objectives ask for: bounds, slices, all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from mlspec import v1
from mlspec.provenance.findings import Finding
from mlspec.provenance.judging import Judge
from mlspec.provenance.links import Link

SliceKey = frozenset[tuple[str, int, frozenset[bytes]]]
"""A slice by its conditions as a set: names do not count."""

_AGAIN: Final = "Decide the gate again, from records and objectives that agree."
_PASSED: Final = v1.VERDICT_PASS


def slice_key(part: v1.Slice) -> SliceKey:
    """Return what two equal slices have in common."""
    return frozenset(
        (each.feature, each.comparison, frozenset(v.SerializeToString() for v in each.values))
        for each in part.conditions
    )


def criteria_problems(
    judge: Judge, gate: Link, evidence: Link, outcome: v1.CriteriaOutcome, objectives: v1.Objectives
) -> Iterator[Finding]:
    """Yield where the outcome of an evidence is not what its record and the objectives say."""
    body = evidence.body
    if not isinstance(body, (v1.ModelEvaluation, v1.HoldoutTest)):
        return
    criteria = {criterion.id: criterion for criterion in objectives.criteria}
    counts = Counter((metric.name, slice_key(metric.slice)) for metric in body.metrics)
    where = f"evidence {evidence.hex[:12]}"
    lists = (
        (outcome.required_results, v1.CRITERION_SEVERITY_REQUIRE),
        (outcome.warn_results, v1.CRITERION_SEVERITY_WARN),
    )
    for results, severity in lists:
        for result in results:
            criterion = criteria.get(result.criterion_id)
            for words in _differences(result, severity, criterion):
                message = f"{where}: {result.criterion_id} {words}"
                yield judge.failed(gate, message, "gate.criterion", _AGAIN)
            if criterion is not None and result.verdict == _PASSED:
                for words in _undecidable(criterion, result, counts, objectives):
                    message = f"{where}: {result.criterion_id} {words}, so it is undecided"
                    yield judge.failed(gate, message, "gate.undecided", _AGAIN)
    for criterion in objectives.criteria:
        if _is_of(criterion, body):
            for words in _left_out(criterion, outcome):
                message = f"{where}: {criterion.id} {words}"
                yield judge.failed(gate, message, "gate.criterion_missing", _AGAIN)


def _differences(
    result: v1.CriterionResult, severity: int, criterion: v1.Criterion | None
) -> Iterator[str]:
    if criterion is None:
        yield "must be a criterion of the objectives"
        return
    if criterion.severity != severity:
        yield "must have the severity that the objectives give it"
    if criterion.comparison != result.comparison:
        yield "must be compared as the objectives say"
    if criterion.bound != result.bound:
        yield f"must have the bound of the objectives, {criterion.bound:g} (got {result.bound:g})"
    least = criterion.min_sample_count or 1
    if result.verdict == _PASSED and result.sample_count < least:
        yield f"must rest on at least {least} rows (got {result.sample_count})"


def _undecidable(
    criterion: v1.Criterion,
    result: v1.CriterionResult,
    counts: Counter[tuple[str, SliceKey]],
    objectives: v1.Objectives,
) -> Iterator[str]:
    """Yield why a criterion that passed could not be decided."""
    key = slice_key(result.slice)
    for term in _terms(criterion.measured):
        if term.scope == v1.METRIC_SCOPE_BASELINE and not objectives.HasField("baseline"):
            yield "speaks of a baseline that the objectives do not name"
        scope = frozenset() if term.scope == v1.METRIC_SCOPE_OVERALL else key
        if counts[term.name, scope] > 1:
            yield f"rests on metric {term.name!r}, which stands twice"


def _terms(expression: v1.Expression) -> Iterator[v1.MetricTerm]:
    ahead = [expression]
    while ahead:
        each = ahead.pop()
        if each.HasField("metric"):
            yield each.metric
        ahead += each.operation.operands


def _is_of(criterion: v1.Criterion, body: v1.ModelEvaluation | v1.HoldoutTest) -> bool:
    """Tell whether a criterion is to be decided on these rows."""
    if isinstance(body, v1.HoldoutTest) or not criterion.HasField("split_name"):
        return True
    return criterion.split_name == body.data.split.name


def _left_out(criterion: v1.Criterion, outcome: v1.CriteriaOutcome) -> Iterator[str]:
    """Yield what a criterion has no result on, though it should."""
    results = (*outcome.required_results, *outcome.warn_results)
    own = [result for result in results if result.criterion_id == criterion.id]
    seen = {slice_key(result.slice) for result in own}
    omitted = (each for each in outcome.omitted_slices if each.criterion_id == criterion.id)
    seen |= {slice_key(each.slice) for each in omitted}
    if not own:
        yield "must have a result"
        return
    if all(
        result.verdict == v1.VERDICT_UNDECIDED and not result.slice.conditions for result in own
    ):
        return
    for part in criterion.slices:
        if slice_key(part) not in seen:
            yield f"must have a result on slice {part.name or 'without a name'!r}"
    for feature in criterion.slice_features:
        if feature not in _features(seen):
            yield f"must have results on slices of {feature!r}"


def _features(keys: Iterable[SliceKey]) -> set[str]:
    return {feature for key in keys for feature, _, _ in key}
