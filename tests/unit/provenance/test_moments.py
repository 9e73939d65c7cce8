"""Moments outside all calendars are no reason to fail in another way than by a finding."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from mlspec.provenance.moments import moment


@pytest.mark.parametrize("seconds", [10**15, 253402300800, -62135596801, -(2**63), 2**63 - 1])
def test_a_moment_outside_the_calendar_is_the_nearest_there_is(seconds: int) -> None:
    """The rules forbid it, but they do not decide about records of a newer version."""
    nearest = datetime.max if seconds > 0 else datetime.min
    assert moment(Timestamp(seconds=seconds)) == nearest.replace(tzinfo=UTC)


def test_a_moment_is_in_utc() -> None:
    """And f-strings can say it."""
    assert moment(Timestamp(seconds=86_400)) == datetime(1970, 1, 2, tzinfo=UTC)
    assert f"{moment(Timestamp(seconds=10**15)):%Y-%m-%d}" == "9999-12-31"
