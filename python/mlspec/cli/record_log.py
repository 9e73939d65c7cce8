"""The record log that `mlspec verify` is given beside a store."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from mlspec.cli.loading import read_checkpoint
from mlspec.errors import UsageError

if TYPE_CHECKING:
    from mlspec.provenance.folder_times import FolderTimes
    from mlspec.requestlog.checking import LogLine
    from mlspec.sealing import TrustPolicy
    from mlspec.store import Store

_LINK: Final = "log.records"


class RecordLog(NamedTuple):
    """What a record log shows.

    Attributes:
        lines: What verifying all of it found. Empty: there is no log.
        times: What it proves about records. None: nothing, or it does not hold.
        exit_code: 1 if it does not hold.
    """

    lines: tuple[LogLine, ...] = ()
    times: FolderTimes | None = None
    exit_code: int = 0

    def held_against(self, store: Store) -> RecordLog:
        """Return the same with a line on whether log and store have the same records.

        A log may be of several stores, so what only the log has is no failure by itself.
        """
        if self.times is None:
            return self
        from mlspec.requestlog.checking import LogLine, Verdict

        logged = self.times.records
        stored = {row.sha256 for row in store.records()}
        lost, new = len(logged - stored), len(stored - logged)
        if not lost and not new:
            words = f"the store has the {len(logged)} records that the log has, and no other"
            line = LogLine(_LINK, Verdict.PASS, words)
        else:
            words = (
                "that the store has what was logged, and no other:"
                f" it lacks {lost} records of the log, and {new} of its own are not in the log"
            )
            remedy = "Unless the log is of other stores too, records were removed or not logged."
            line = LogLine(_LINK, Verdict.NOT_PROVEN, words, remedy)
        return self._replace(lines=(*self.lines, line))


def read_record_log(
    folder: str | None, known: str | None, trust: TrustPolicy, at: datetime | None
) -> RecordLog:
    """Verify a record log, against a checkpoint that was seen before if one is named.

    Raises UsageError for a checkpoint without a log, and what verifying the log raises.
    """
    if folder is None:
        if known is not None:
            raise UsageError(
                "must come with the record log that it is of",
                error_id="usage",
                path="--known-checkpoint",
                remedy="Name the log's folder with --record-log.",
            )
        return RecordLog()
    from mlspec.provenance.folder_times import FolderTimes
    from mlspec.requestlog.checking import verify_trusted_log

    report = verify_trusted_log(folder, trust, known=read_checkpoint(known), at=at)
    if report.exit_code:
        return RecordLog(report.lines, None, report.exit_code)
    return RecordLog(report.lines, FolderTimes(folder, trust, at=at))
