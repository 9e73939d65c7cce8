"""Stage 13: what the request log holds, how far it came, and how long it is kept."""

from __future__ import annotations

from datetime import UTC, datetime

from examples.loan_approval.folder import LOGS
from examples.loan_approval.job import Job
from examples.loan_approval.logged import read_log
from examples.loan_approval.people import CREDIT_RETENTION, LOG, LOG_ORIGIN, OPERATOR
from examples.loan_approval.serve import FINISHED_STEP, STARTED_STEP
from mlspec import v1
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.requests import LOG_FORMAT, erase
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
        step.input(job.folder.artifact(f"{LOGS}/tile", role="request log"))
        log = read_log(job)
        body.tree_size, body.root_sha256 = log.size, log.root
        body.checkpoint = log.report.checkpoint.note.to_bytes().decode()
        body.timestamp_tokens.extend(log.tokens)
        body.start_time.CopyFrom(log.entries[0].opened.open_time)
        body.end_time.FromDatetime(datetime.now(UTC))
        body.first_sequence_number, body.end_sequence_number = 0, log.size
        body.entry_counts.CopyFrom(log.report.counts)
        body.retention.CopyFrom(retention())
        body.erased_side_record_count = log.erased_count
        for name, role in (
            ("tile", "leaves"),
            ("side", "side records"),
            ("access.log", "text lines"),
            ("checkpoint", "checkpoint"),
        ):
            body.locations.append(job.folder.artifact(f"{LOGS}/{name}", role=role))
        body.last_check.verdict = v1.VERDICT_PASS
        body.last_check.tree_size = log.size
        body.last_check.check_time.FromDatetime(datetime.now(UTC))


def forget_stranger(job: Job) -> None:
    """Erase what the log has of a caller that it did not know.

    Applicants must be kept for 25 months.
    """
    place = job.folder.requests
    strangers = [
        request.entry.sequence_number
        for request in read_log(job).requests
        if request.record.status_code == UNAUTHORIZED
    ]
    erase(place, LogFolder.open(place), indexes=strangers)


def retention() -> v1.LogRetention:
    """How long leaves and side records are kept."""
    made = v1.LogRetention(ground="25 months, 12 CFR 1002.12(b)")
    made.leaf_retention_duration.FromTimedelta(CREDIT_RETENTION)
    made.side_record_retention_duration.FromTimedelta(CREDIT_RETENTION)
    return made
