"""The launch criteria of `loan_approval.mlo`, compiled by hand, each beside its text."""

from __future__ import annotations

from pathlib import Path

from examples.loan_approval.columns import SLICE_FEATURES
from mlspec import v1

SOURCE = Path(__file__).with_name("loan_approval.mlo")

REQUIRE, WARN = v1.CRITERION_SEVERITY_REQUIRE, v1.CRITERION_SEVERITY_WARN
AT_LEAST, AT_MOST = v1.COMPARISON_GREATER_OR_EQUAL, v1.COMPARISON_LESS_OR_EQUAL
POINT = v1.METRIC_ESTIMATE_POINT


def criteria() -> list[v1.Criterion]:
    """The criteria in the order of the source."""
    here, overall, baseline = (
        v1.METRIC_SCOPE_SLICE,
        v1.METRIC_SCOPE_OVERALL,
        v1.METRIC_SCOPE_BASELINE,
    )
    auc, approved = term("auc", here), term("approval_rate", here)
    approved_lower = term("approval_rate", here, v1.METRIC_ESTIMATE_LOWER)
    approved_overall = term("approval_rate", overall)
    return [
        clause("auc", "require auc >= 0.75 with n >= 250", auc, AT_LEAST, 0.75, rows=250),
        clause(
            "auc_lower",
            "require lower(auc) >= 0.70 with n >= 250",
            term("auc", here, v1.METRIC_ESTIMATE_LOWER),
            AT_LEAST,
            0.70,
            rows=250,
        ),
        clause("brier", "require brier <= 0.10", term("brier", here), AT_MOST, 0.10),
        clause("ece", "require ece <= 0.06", term("ece", here), AT_MOST, 0.06),
        clause(
            "auc_against_baseline",
            "require auc - baseline.auc >= -0.005",
            apply(v1.OPERATION_KIND_SUBTRACT, auc, term("auc", baseline)),
            AT_LEAST,
            -0.005,
        ),
        on_slices(
            clause("auc_by_group", "require auc >= 0.65 with n >= 30", auc, AT_LEAST, 0.65, rows=30)
        ),
        on_slices(
            clause(
                "approval_difference",
                "require abs(approval_rate - overall.approval_rate) <= 0.10 with n >= 30",
                apply(
                    v1.OPERATION_KIND_ABSOLUTE,
                    apply(v1.OPERATION_KIND_SUBTRACT, approved, approved_overall),
                ),
                AT_MOST,
                0.10,
                rows=30,
            )
        ),
        on_slices(
            clause(
                "approval_ratio",
                "require lower(approval_rate) / overall.approval_rate >= 0.80 with n >= 30",
                apply(v1.OPERATION_KIND_DIVIDE, approved_lower, approved_overall),
                AT_LEAST,
                0.80,
                rows=30,
            )
        ),
        clause(
            "latency",
            "warn latency_p99 <= 50 ms",
            term("latency_p99", here),
            AT_MOST,
            50,
            severity=WARN,
            unit="ms",
        ),
    ]


def term(
    name: str,
    scope: v1.MetricScope.ValueType,
    estimate: v1.MetricEstimate.ValueType = POINT,
) -> v1.Expression:
    """A metric by name."""
    return v1.Expression(metric=v1.MetricTerm(name=name, scope=scope, estimate=estimate))


def apply(kind: v1.OperationKind.ValueType, *operands: v1.Expression) -> v1.Expression:
    """An operation on other expressions."""
    return v1.Expression(operation=v1.Operation(kind=kind, operands=operands))


def clause(
    criterion_id: str,
    text: str,
    measured: v1.Expression,
    comparison: v1.Comparison.ValueType,
    bound: float,
    *,
    rows: int | None = None,
    severity: v1.CriterionSeverity.ValueType = REQUIRE,
    unit: str | None = None,
) -> v1.Criterion:
    """One criterion.

    Its line is looked up in the source, so that text and code cannot drift apart unseen.
    """
    return v1.Criterion(
        id=criterion_id,
        severity=severity,
        measured=measured,
        comparison=comparison,
        bound=bound,
        unit=unit,
        min_sample_count=rows,
        source_text=text,
        source_line=line_of(text),
    )


def on_slices(criterion: v1.Criterion) -> v1.Criterion:
    """The same on every value of race and sex that has 10 rows."""
    criterion.slice_features.extend(SLICE_FEATURES)
    criterion.slice_min_row_count = 10
    return criterion


def line_of(text: str) -> int:
    """The line of a clause in the source, from 1.

    Raises:
        ValueError: The source has no such line.
    """
    lines = [line.strip() for line in SOURCE.read_text(encoding="utf-8").splitlines()]
    return lines.index(text) + 1
