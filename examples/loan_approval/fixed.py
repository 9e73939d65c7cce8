"""Whether the bar was fixed before the jump: what the record log and the outsider show."""

from __future__ import annotations

from examples.loan_approval.job import Job, Past
from mlspec import v1
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.keeping import kept_tokens
from mlspec.requestlog.record_times import RecordTimes
from mlspec.requestlog.trusted_checkpoints import TrustedCheckpoint, verify_trusted


def fixed_beforehand(
    job: Job, objectives: Past[v1.Objectives], evaluation: Past[v1.ModelEvaluation]
) -> bool:
    """Whether an outsider had seen the objectives when the evaluation was logged.

    An outsider's token says that a checkpoint was there. If it covers the objectives, and the
    evaluation stands beyond it in the same tree, then no clock of the bank is asked.
    """
    log = LogFolder.open(job.folder.records)
    first, second = (place_of(log, past.verified.sha256) for past in (objectives, evaluation))
    seen = next((size for size in log.kept_sizes() if size > first), None)
    if seen is None:
        return False
    times, tokens = RecordTimes(), kept_tokens(job.folder.records, seen)
    times.add(log.prove(first, seen), log.leaf(first), job.trust, tokens=tokens)
    times.add(log.prove(second), log.leaf(second), job.trust)
    older = believed(job, log.checkpoint(seen), tokens)
    times.join(older, believed(job, log.checkpoint()), log.consistency(seen))
    return times.seen_before(objectives.verified.sha256, evaluation.verified.sha256)


def believed(job: Job, note: bytes, tokens: tuple[bytes, ...] = ()) -> TrustedCheckpoint:
    """A checkpoint of the record log, signed by the key that the trust file names."""
    known = next(each for each in job.trust.logs if each.kind == v1.LOG_KIND_RECORDS)
    return verify_trusted(note, known, job.trust, tokens=tokens)


def place_of(log: LogFolder, sha256: bytes) -> int:
    """The leaf that logs a record. Raises LookupError."""
    for index, leaf in log.leaves():
        if v1.LogEntry.FromString(leaf).logged_record.digest.sha256 == sha256:
            return index
    raise LookupError(f"record {sha256.hex()} must be in the record log")
