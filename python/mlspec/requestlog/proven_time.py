"""A time that an outsider vouches for."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import final

from mlspec.requestlog.proven import Proven, issue


class TimeMeans(StrEnum):
    """How a time was proven."""

    TIMESTAMP = "timestamp"
    WITNESSES = "witnesses"


@final
class ProvenTime(Proven):
    """By when something was there. Only the checks of tokens and cosignatures make one.

    It says nothing about how much earlier the thing was there.

    Attributes:
        time: The latest moment that the outsider's word allows, in UTC.
        means: Whether an authority's token or witnesses' cosignatures say so.
        by: Who: the authority's name, or the witnesses' identities.
    """

    __slots__ = ("by", "means", "time")

    time: datetime
    means: TimeMeans
    by: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M:%SZ}, by {', '.join(self.by)}"

    def __repr__(self) -> str:
        return f"ProvenTime({self})"


def issue_time(time: datetime, means: TimeMeans, by: tuple[str, ...]) -> ProvenTime:
    """Make a proven time. For the modules that verify tokens and cosignatures alone."""
    return issue(ProvenTime, time=time.astimezone(UTC), means=means, by=by)
