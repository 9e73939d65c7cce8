"""Stage 12: one window of the service's life, read from its log: alive, drifting, failing, fair?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from examples.loan_approval.deploy import PROBE_INTERVAL, Window
from examples.loan_approval.evaluate import PREDICTIONS
from examples.loan_approval.folder import LOGS
from examples.loan_approval.ingest import LATER
from examples.loan_approval.job import Job
from examples.loan_approval.logged import ReadLog, read_log
from examples.loan_approval.monitor_agent import APPROVALS, PREDICTION, QUALITY
from examples.loan_approval.people import LOG_ORIGIN, OPERATOR
from examples.loan_approval.serve import FINISHED_STEP, STARTED_STEP
from examples.loan_approval.service_signals import service_signals
from examples.loan_approval.signals import (
    approvals,
    groups,
    input_drift,
    missing_values,
    predictions,
    quality,
)
from examples.loan_approval.table import race, read_table, sex
from mlspec import v1

COOL_DOWN = timedelta(hours=24)
ACT, UNDECIDED = v1.SIGNAL_VERDICT_ACT, v1.SIGNAL_VERDICT_UNDECIDED
WARN, OK = v1.SIGNAL_VERDICT_WARN, v1.SIGNAL_VERDICT_OK


def monitor(job: Job, window: Window) -> None:
    """Read the window from the log, compute its signals, and seal the record of it."""
    started = job.past(v1.ModelServing, STARTED_STEP)
    analysis, evaluation = job.past(v1.DataAnalysis), job.past(v1.ModelEvaluation)
    objectives = job.past(v1.Objectives)
    parents = [started, job.past(v1.ModelServing, FINISHED_STEP), analysis, evaluation, objectives]
    body = v1.Monitoring(
        deployment=started.reference,
        model=started.body.to_model,
        reference=analysis.reference,
        reference_data=analysis.body.dataset_version,
    )
    with job.step(OPERATOR, body, "monitor", parents) as step:
        for path in (f"{LOGS}/tile", PREDICTIONS, LATER):
            step.input(job.folder.artifact(path, role="monitoring"))
        log = read_log(job)
        body.start_time.FromDatetime(window.start)
        body.end_time.FromDatetime(window.end)
        body.liveness.CopyFrom(liveness(window, log))
        body.log_windows.append(log_window(log))
        scored = [r for r in log.requests if r.record.outcome == v1.INFERENCE_OUTCOME_ANSWERED]
        evaluated = pd.read_csv(job.folder.at(PREDICTIONS))
        allowed = next(c for c in objectives.body.criteria if c.id == "approval_difference").bound
        body.monitoring_signals.extend(
            [
                *input_drift(analysis.body, log.requests),
                missing_values(analysis.body, log.requests),
                predictions(evaluated, evaluation.reference, scored),
                approvals(evaluation.body, scored),
                *quality(objectives.body, evaluation.body, scored),
                *service_signals(objectives.body, log),
                *groups(scored, people(job), allowed),
            ]
        )
        body.labelled_request_count = sum(r.label is not None for r in log.requests)
        body.verdict = verdict(body)
        body.rollback_strategy.CopyFrom(strategy())
        body.actions.extend(actions(body))


def people(job: Job) -> pd.DataFrame:
    """Race and sex by application id: the lender's own file."""
    raw = read_table(job.folder.at(LATER))[1].frame()
    names = [f"A-{number:04d}" for number in range(1, len(raw) + 1)]
    return pd.DataFrame({"race": race(raw).to_numpy(), "sex": sex(raw).to_numpy()}, index=names)


def liveness(window: Window, log: ReadLog) -> v1.Liveness:
    """Whether the service answered its probes, and how many requests failed."""
    found, seen = log.report.counts, window.heartbeats
    live = seen.sent > 0 and seen.answered == seen.sent
    made = v1.Liveness(
        state=v1.LIVENESS_STATE_LIVE if live else v1.LIVENESS_STATE_DEGRADED,
        request_count=found.inference_count,
        failed_request_count=found.failed_inference_count,
    )
    made.probe_interval_duration.FromTimedelta(PROBE_INTERVAL)
    if not seen.sent:
        made.state, made.reason = v1.LIVENESS_STATE_UNKNOWN, "it was not probed"
    else:
        made.uptime_rate = seen.answered / seen.sent
    if seen.last is not None:
        made.last_heartbeat_time.FromDatetime(seen.last)
    return made


def log_window(log: ReadLog) -> v1.LogWindow:
    """The leaves that were read, in the tree that was verified."""
    return v1.LogWindow(
        origin=LOG_ORIGIN,
        state=v1.LOG_READ_STATE_VERIFIED,
        first_sequence_number=0,
        end_sequence_number=log.size,
        tree_size=log.size,
        root_sha256=log.root,
        dropped_count=log.report.counts.dropped_count,
    )


def verdict(body: v1.Monitoring) -> v1.SignalVerdict.ValueType:
    """ACT if a signal says so, else UNDECIDED if one is, else WARN, else OK."""
    found = {signal.verdict for signal in body.monitoring_signals}
    if body.liveness.state == v1.LIVENESS_STATE_UNKNOWN:
        found.add(UNDECIDED)
    elif body.liveness.state == v1.LIVENESS_STATE_DEGRADED:
        found.add(WARN)
    return next(each for each in (ACT, UNDECIDED, WARN, OK) if each in found)


def strategy() -> v1.RollbackStrategy:
    """What happens when the model fails: it stops answering, and underwriters decide as before."""
    stop, by_itself = v1.ROLLBACK_TARGET_STOP, v1.ROLLBACK_MODE_AUTOMATIC
    made = v1.RollbackStrategy(
        rules=[
            v1.RollbackRule(
                name="not-live",
                conditions=[v1.RollbackCondition(not_live=True)],
                target=stop,
                mode=by_itself,
                description="the service does not answer its probes",
            ),
            v1.RollbackRule(
                name="answers-moved",
                conditions=[
                    v1.RollbackCondition(signal_name=PREDICTION, verdict=ACT),
                    v1.RollbackCondition(signal_name=APPROVALS, verdict=ACT),
                ],
                target=stop,
                mode=by_itself,
                description="fewer approvals, and scores distributed otherwise, at once",
            ),
            v1.RollbackRule(
                name="answers-wrong",
                conditions=[v1.RollbackCondition(signal_name=QUALITY, verdict=ACT)],
                target=stop,
                mode=by_itself,
                description="the answers are no better than chance",
            ),
            v1.RollbackRule(
                name="groups-apart",
                conditions=[
                    v1.RollbackCondition(signal_kind=v1.SIGNAL_KIND_DISPARITY, verdict=ACT)
                ],
                target=stop,
                mode=v1.ROLLBACK_MODE_BY_HAND,
                description="a group is approved far less often: a person is asked",
            ),
        ]
    )
    made.cool_down_duration.FromTimedelta(COOL_DOWN)
    return made


def rule_that_holds(body: v1.Monitoring) -> v1.RollbackRule | None:
    """The first rule whose conditions all hold; None if no rule does."""
    return next(
        (
            rule
            for rule in body.rollback_strategy.rules
            if all(condition_holds(condition, body) for condition in rule.conditions)
        ),
        None,
    )


def condition_holds(condition: v1.RollbackCondition, body: v1.Monitoring) -> bool:
    """Whether a condition holds in this window."""
    if condition.HasField("not_live"):
        return body.liveness.state != v1.LIVENESS_STATE_LIVE
    of_kind = condition.HasField("signal_kind")
    meant = [
        signal
        for signal in body.monitoring_signals
        if (
            signal.kind == condition.signal_kind
            if of_kind
            else signal.name == condition.signal_name
        )
    ]
    needed = condition.verdict or ACT
    reached = (WARN, ACT) if needed == WARN else (needed,)
    return any(signal.verdict in reached for signal in meant)


def actions(body: v1.Monitoring) -> list[v1.MonitoringAction]:
    """What was done: the operator was told, and a rollback rule that holds stopped the service."""
    told = [signal.name for signal in body.monitoring_signals if signal.verdict != OK]
    made = []
    if told:
        made.append(
            v1.MonitoringAction(
                kind=v1.MONITORING_ACTION_KIND_NOTIFIED,
                signal_names=told,
                result="printed for the operator",
            )
        )
    rule = rule_that_holds(body)
    if rule is not None:
        made.append(
            v1.MonitoringAction(
                kind=v1.MONITORING_ACTION_KIND_STOPPED, result=f"rule {rule.name} holds"
            )
        )
    for action in made:
        action.action_time.FromDatetime(datetime.now(UTC))
    return made
