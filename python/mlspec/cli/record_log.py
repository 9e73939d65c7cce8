"""The record log that `mlspec verify` is given beside a store."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from mlspec.errors import UsageError
from mlspec.files import read_bytes

if TYPE_CHECKING:
    from mlspec.provenance import Times
    from mlspec.requestlog.checking import LogLine
    from mlspec.sealing import TrustPolicy

_MAX_NOTE: Final = 65_536


class RecordLog(NamedTuple):
    """What a record log shows.

    Attributes:
        lines: What verifying all of it found. Empty: there is no log.
        times: What it proves about records. None: nothing, or it does not hold.
        exit_code: 1 if it does not hold.
    """

    lines: tuple[LogLine, ...] = ()
    times: Times | None = None
    exit_code: int = 0


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

    note = None if known is None else read_bytes(known, max_bytes=_MAX_NOTE)
    report = verify_trusted_log(folder, trust, known=note, at=at)
    if report.exit_code:
        return RecordLog(report.lines, None, report.exit_code)
    return RecordLog(report.lines, FolderTimes(folder, trust, at=at))
