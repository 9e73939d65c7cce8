"""Checking a whole log, of any size, in memory that does not grow with it."""

from mlspec.requestlog.checking.exporting import export_log, record_batch
from mlspec.requestlog.checking.finding import find_request, last_requests
from mlspec.requestlog.checking.report import UNPROVEN, LogLine, LogReport, Verdict
from mlspec.requestlog.checking.segment import Delegation, Durability
from mlspec.requestlog.checking.trusting import trusted_log, verify_trusted_log
from mlspec.requestlog.checking.whole import verify_log

__all__ = [
    "UNPROVEN",
    "Delegation",
    "Durability",
    "LogLine",
    "LogReport",
    "Verdict",
    "export_log",
    "find_request",
    "last_requests",
    "record_batch",
    "trusted_log",
    "verify_log",
    "verify_trusted_log",
]
