"""Moments that records and leaves claim, whatever somebody wrote there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp


def moment(stamp: Timestamp) -> datetime:
    """Return a timestamp as a time in UTC, the nearest there is if it lies outside all calendars.

    The rules of the schema forbid that, but they do not decide about what is of a newer version.
    """
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        end = datetime.max if stamp.seconds > 0 else datetime.min
        return end.replace(tzinfo=UTC)
