"""Signals of the service itself: latency, failures, refused applications, lost entries."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from examples.loan_approval.logged import ReadLog
from examples.loan_approval.monitor_agent import DROPPED, ERRORS, LATENCY, REFUSED
from examples.loan_approval.roll_out import FAILURES, MAX_FAILED_SHARE
from examples.loan_approval.service import DECISIONS
from examples.loan_approval.signals import AT_MOST, Bounds, judged
from mlspec import v1

Row = tuple[
    str,
    v1.SignalKind.ValueType,
    v1.SignalStatistic.ValueType,
    float | None,
    int,
    Bounds,
]
"""A signal's name, kind, statistic, value, sample count and bounds."""


def service_signals(objectives: v1.Objectives, log: ReadLog) -> list[v1.MonitoringSignal]:
    """Latency, failures, refused applications, and entries that were lost."""
    asked = [r for r in log.requests if r.record.endpoint == DECISIONS]
    times = [r.record.latency_duration.ToMicroseconds() / 1000 for r in asked]
    latency = next(c for c in objectives.criteria if c.id == "latency").bound
    failed = sum(r.record.outcome in FAILURES for r in log.requests)
    refused = sum(r.record.outcome == v1.INFERENCE_OUTCOME_INPUT_REFUSED for r in asked)
    dropped = sum(entry.dropped.dropped_count for entry in log.entries)
    total = len(log.requests)
    rate, count = v1.SIGNAL_STATISTIC_REQUEST_RATE, v1.SIGNAL_STATISTIC_COUNT
    quantile, domain = v1.SIGNAL_STATISTIC_QUANTILE, v1.SIGNAL_STATISTIC_OUT_OF_DOMAIN_RATE
    rows: Sequence[Row] = (
        (
            LATENCY,
            v1.SIGNAL_KIND_LATENCY,
            quantile,
            float(np.percentile(times, 99)) if times else None,
            len(times),
            Bounds(AT_MOST, latency / 2, latency),
        ),
        (
            ERRORS,
            v1.SIGNAL_KIND_ERRORS,
            rate,
            failed / total if total else None,
            total,
            Bounds(AT_MOST, MAX_FAILED_SHARE / 2, MAX_FAILED_SHARE),
        ),
        (
            REFUSED,
            v1.SIGNAL_KIND_DATA_QUALITY,
            domain,
            refused / len(asked) if asked else None,
            len(asked),
            Bounds(AT_MOST, 0.15, 0.3),
        ),
        (
            DROPPED,
            v1.SIGNAL_KIND_DROPPED_LOG_ENTRIES,
            count,
            float(dropped),
            total,
            Bounds(AT_MOST, None, 0.0),
        ),
    )
    made = []
    for name, kind, statistic, value, samples, bounds in rows:
        signal = v1.MonitoringSignal(name=name, kind=kind, statistic=statistic)
        if name == LATENCY:
            signal.unit = "ms"
        made.append(judged(signal, value, samples, 1, bounds))
    return made
