"""What is proven about when records were sealed, as far as the rules ask for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from mlspec.provenance.links import Link


class Times(Protocol):
    """What record logs and outsiders show about records: `RecordTimes` of `requestlog`.

    With namespaces, only logs count that may speak for all of them.
    """

    def before(self, first: bytes, second: bytes, *namespaces: str) -> bool | None:
        """Tell whether the first record is proven to be earlier. None: nothing is proven."""

    def seen_before(self, first: bytes, second: bytes, *namespaces: str) -> bool:
        """Tell whether an outsider had seen the first record when the second was logged."""

    def time_of(self, sha256: bytes, namespace: str | None = None) -> datetime | None:
        """Return a moment by which the record was there, as an outsider vouches. None: none."""


class NoTimes:
    """Nothing is proven about any time."""

    def before(self, _first: bytes, _second: bytes, *_namespaces: str) -> bool | None:
        """Return None."""
        return None

    def seen_before(self, _first: bytes, _second: bytes, *_namespaces: str) -> bool:
        """Return False."""
        return False

    def time_of(self, _sha256: bytes, _namespace: str | None = None) -> datetime | None:
        """Return None."""
        return None


class LinkTimes:
    """Times, asked about verified records: whose namespaces a log must be allowed to speak for."""

    def __init__(self, times: Times) -> None:
        self._times = times

    def before(self, first: Link, second: Link) -> bool | None:
        """Tell whether the first record is proven to be earlier. None: nothing is proven."""
        return self._times.before(first.sha256, second.sha256, *_namespaces(first, second))

    def seen_before(self, first: Link, second: Link) -> bool:
        """Tell whether an outsider had seen the first record when the second was logged."""
        return self._times.seen_before(first.sha256, second.sha256, *_namespaces(first, second))

    def time_of(self, link: Link) -> datetime | None:
        """Return a moment by which the record was there, as an outsider vouches. None: none."""
        return self._times.time_of(link.sha256, link.header.namespace_name)


def _namespaces(first: Link, second: Link) -> tuple[str, str]:
    return first.header.namespace_name, second.header.namespace_name


def judgement(
    times: Times, sha256: bytes, at: datetime | None, namespace: str | None = None
) -> datetime:
    """Return the time to judge a record's keys at: a proven one, else the stated one, else now."""
    return times.time_of(sha256, namespace) or at or datetime.now(UTC)
