"""Whether the runs behind a deployment are whole: neither a record too few nor one too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mlspec.errors import StoreNotFoundError
from mlspec.provenance.closure import Closure
from mlspec.provenance.findings import Finding, Verdict
from mlspec.provenance.judging import Judge
from mlspec.provenance.links import Link
from mlspec.provenance.rollout import RollOut
from mlspec.sealing import Sealed
from mlspec.store import Verdict as LineVerdict
from mlspec.store import runs
from mlspec.store.facts import UnverifiedRecord
from mlspec.store.rules import named_digests

_END: Final = "Let the run end, so that its manifest says which records it has."
_COPY: Final = "Get the run's records from a copy that has all of them."


def run_manifest(case: RollOut) -> Iterator[Finding]:
    """Each run's records are those that its one signed manifest names."""
    judge = Judge("run.manifest")
    for run_id in case.closure.runs:
        yield from _of_run(judge, case, run_id)


def _of_run(judge: Judge, case: RollOut, run_id: str) -> Iterator[Finding]:
    closure, judged = case.closure, _Run(case.closure, run_id)
    rows = closure.manifests(run_id)
    if not rows:
        words = "must have its manifest: without it nobody knows that no record was left out"
        yield Finding(
            judge.rule, Verdict.NOT_PROVEN, run_id, judged.label, words, "run.unfinished", _END
        )
        return
    manifests = [closure.get(row.sha256) for row in rows]
    if len(rows) == 1 and manifests[0] is None:
        words = "must have a manifest that a trusted key vouches for"
        yield Finding(judge.rule, Verdict.FAIL, run_id, judged.label, words, "run.manifest", _COPY)
        return
    lines = [
        line
        for line in runs.lines(judged, run_id, allow_unfinished=False)
        if line.verdict is not LineVerdict.PASS
    ]
    for line in lines:
        yield Finding(
            judge.rule, Verdict.FAIL, line.name, line.label, line.message, line.id, line.remedy
        )
    doubtful = [row for row in closure.runs[run_id] if closure.get(row.sha256) is None]
    for row in doubtful:
        words = f"its record {row.hex[:12]} must verify, as the manifest names it"
        yield Finding(
            judge.rule, Verdict.FAIL, run_id, judged.label, words, "run.unverified", _COPY
        )
    if not lines and not doubtful and manifests[0] is not None:
        yield _whole(judge, manifests[0], judged.label, run_id)


def _whole(judge: Judge, manifest: Link, label: str, run_id: str) -> Finding:
    """Make the finding of a run whose records are there: a failed manifest counts nothing."""
    header = manifest.header
    if (header.state, header.capture) != (1, 1):
        words = "must have a manifest that SUCCEEDED and was RECORDED"
        return Finding(judge.rule, Verdict.FAIL, run_id, label, words, "run.manifest_state", _COPY)
    count = len(manifest.record.run_manifest.entries)
    found = judge.passed(manifest, f"its {count} records are those that its manifest names")
    return Finding(found.rule, found.verdict, run_id, label, found.message, found.id, found.remedy)


class _Run:
    """One run as `mlspec.store.runs` looks at it.

    Its rows stand in the manifest's order: only a store has an order of its own to be judged.
    """

    def __init__(self, closure: Closure, run_id: str) -> None:
        self._closure = closure
        self._rows = closure.runs[run_id]
        self.label = str(self._rows[0].pipeline_name or "run") if self._rows else "run"

    def records(self, *, run: str) -> Iterator[UnverifiedRecord]:
        """Yield the rows of the run."""
        places: dict[bytes, int] = {}
        for row in self._closure.manifests(run):
            link = self._closure.get(row.sha256)
            if link is not None:
                places = {sha: at for at, sha in enumerate(named_digests(link.record))}
        yield from _by(self._rows, places)

    def get(self, digest: bytes) -> Sealed:
        """Return a verified record. Raises StoreNotFoundError."""
        link = self._closure.get(digest)
        if link is None:
            raise StoreNotFoundError("must be verified", error_id="record.missing")
        return link.verified.sealed


def _by(rows: Sequence[UnverifiedRecord], places: dict[bytes, int]) -> list[UnverifiedRecord]:
    return sorted(rows, key=lambda row: places.get(row.sha256, len(places)))
