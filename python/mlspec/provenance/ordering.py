"""Which of two records came first, where anything shows it."""

from __future__ import annotations

from mlspec.provenance.closure import Closure
from mlspec.provenance.links import Link
from mlspec.provenance.times import LinkTimes, Times
from mlspec.store.rules import named_digests


class Order:
    """The order of records, by what cannot be claimed afterwards.

    A record comes before those that rest on it, for they hold its digest; before those that the
    record log has later; and, by the word of whoever sealed the manifest of their run, before
    those that stand later in it. The times in headers decide nothing.
    """

    def __init__(self, closure: Closure, times: Times) -> None:
        self._closure, self._times = closure, LinkTimes(times)
        self._places: dict[bytes, tuple[str, int]] = {}
        for run_id in closure.runs:
            for row in closure.manifests(run_id):
                link = closure.get(row.sha256)
                if link is not None:
                    digests = named_digests(link.record)
                    self._places |= {sha: (run_id, at) for at, sha in enumerate(digests)}

    def before(self, first: Link, second: Link) -> bool | None:
        """Tell whether the first came before the second. None: nothing shows it."""
        if first.sha256 in self._closure.above(second.sha256):
            return True
        if second.sha256 in self._closure.above(first.sha256):
            return False
        shown = self._times.before(first, second)
        if shown is not None:
            return shown
        places = self._places.get(first.sha256), self._places.get(second.sha256)
        if places[0] is None or places[1] is None or places[0][0] != places[1][0]:
            return None
        return places[0][1] < places[1][1]
