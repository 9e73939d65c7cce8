"""Stage 13: what the request log holds, how far it came, and how long it is kept."""

from __future__ import annotations

from datetime import UTC, datetime

from examples.loan_approval.job import Job
from examples.loan_approval.logreader import counts, erase, read_log
from examples.loan_approval.ncsa import LOG_FORMAT
from examples.loan_approval.objectives import CREDIT_RETENTION
from examples.loan_approval.people import LOG, LOG_ORIGIN, OPERATOR
from examples.loan_approval.reqlog import CHECKPOINT, LEAVES, LINES, SIDE
from examples.loan_approval.serve import FINISHED_STEP, LOGS, STARTED_STEP
from mlspec import v1
from mlspec.sealing import load_private_key

UNAUTHORIZED = 401


def state_log(job: Job) -> None:
    """Read the log again, and seal a statement about all of it."""
    started = job.past(v1.ModelServing, STARTED_STEP)
    parents = [started, job.past(v1.ModelServing, FINISHED_STEP), job.past(v1.Monitoring)]
    body = v1.Logging(
        origin=LOG_ORIGIN,
        kind=v1.LOG_KIND_REQUESTS,
        keyid=load_private_key(LOG.key_path(job.folder)).keyid,
        durability=started.body.request_logs[0].durability,
        deployments=[started.reference],
        line_format=LOG_FORMAT,
    )
    with job.step(OPERATOR, body, "log", parents) as step:
        forget_stranger(job)
        step.input(job.folder.artifact(f"{LOGS}/{LEAVES}", role="request log"))
        log = read_log(job.folder)
        body.tree_size, body.root_sha256, body.checkpoint = len(log.leaves), log.root, log.note
        body.start_time.CopyFrom(log.entries[0].opened.open_time)
        body.end_time.FromDatetime(datetime.now(UTC))
        body.first_sequence_number, body.end_sequence_number = 0, len(log.leaves)
        body.entry_counts.CopyFrom(counts(log.entries))
        body.retention.CopyFrom(retention())
        body.erased_side_record_count = log.erased_count
        for name, role in (
            (LEAVES, "leaves"),
            (SIDE, "side records"),
            (LINES, "text lines"),
            (CHECKPOINT, "checkpoint"),
        ):
            body.locations.append(job.folder.artifact(f"{LOGS}/{name}", role=role))
        body.last_check.verdict = v1.VERDICT_PASS
        body.last_check.tree_size = len(log.leaves)
        body.last_check.check_time.FromDatetime(datetime.now(UTC))


def forget_stranger(job: Job) -> None:
    """Erase what the log has of a caller that it did not know.

    Applicants must be kept for 25 months.
    """
    for request in read_log(job.folder).requests:
        if request.record.status_code == UNAUTHORIZED and request.detail is not None:
            erase(job.folder.root / LOGS, request.entry.sequence_number)


def retention() -> v1.LogRetention:
    """How long leaves and side records are kept."""
    made = v1.LogRetention(ground="25 months, 12 CFR 1002.12(b)")
    made.leaf_retention_duration.FromTimedelta(CREDIT_RETENTION)
    made.side_record_retention_duration.FromTimedelta(CREDIT_RETENTION)
    return made
