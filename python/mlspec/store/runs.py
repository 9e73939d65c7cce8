"""Whether a run's records are those that its manifest names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

from mlspec.errors import MLSpecError
from mlspec.store.facts import MANIFEST_STAGE, UnverifiedRecord
from mlspec.store.labels import label_of
from mlspec.store.report import Line, Verdict
from mlspec.store.rules import named_digests

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.sealing import Sealed

_COPY: Final = "Get the store, or the run's records, from a copy."
_FINISH: Final = "Let the run end, or allow unfinished runs; else get the store from a copy."


class RunRecords(Protocol):
    """The records of a run and their envelopes: a store, or what somebody else holds of it."""

    def records(self, *, run: str) -> Iterator[UnverifiedRecord]:
        """Yield the records of the run, in the order that its manifest is held against."""

    def get(self, digest: bytes) -> Sealed:
        """Return the envelope of a record. Raises StoreNotFoundError."""


def lines(store: RunRecords, run_id: str, *, allow_unfinished: bool) -> Iterator[Line]:
    """Yield one line for the run, and one for each record that is missing or too many."""
    rows = list(store.records(run=run_id))
    label = str(rows[0].pipeline_name or "run") if rows else "run"
    manifests = [row for row in rows if row.stage == MANIFEST_STAGE]
    if not manifests:
        verdict = Verdict.NOTE if allow_unfinished else Verdict.FAIL
        words = "must have its manifest: it is unfinished, or the manifest was deleted"
        yield Line(verdict, "run", run_id, label, words, _FINISH, "run.unfinished")
        return
    if len(manifests) > 1:
        words = f"must have one manifest (got {len(manifests)})"
        yield Line(Verdict.FAIL, "run", run_id, label, words, _COPY, "run.manifests")
        return
    try:
        manifest = store.get(manifests[0].sha256).peek()
    except MLSpecError as error:
        words = f"must have a manifest that can be read ({error.message})"
        yield Line(Verdict.FAIL, "run", run_id, label, words, _COPY, "run.manifest")
        return
    others = [row for row in rows if row.stage != MANIFEST_STAGE]
    yield from _compared(run_id, label, others, manifest)


def _compared(
    run_id: str, label: str, rows: list[UnverifiedRecord], manifest: v1.Record
) -> Iterator[Line]:
    named, count = named_digests(manifest), manifest.run_manifest.record_count
    there, wanted = {row.sha256 for row in rows}, set(named)
    missing = [digest for digest in named if digest not in there]
    added = [row for row in rows if row.sha256 not in wanted]
    moved = [] if missing or added else _moved(rows, named)
    other = _told_otherwise(rows, manifest)
    problems = {
        f"lacks {len(missing)}": missing,
        f"has {len(added)} that it does not name": added,
        f"has {len(moved)} in another place": moved,
        f"has {len(other)} that are not as it says": other,
        f"names {len(named)} and counts {count}": len(wanted) != len(named) or count != len(named),
    }
    found = [words for words, problem in problems.items() if problem]
    if not found:
        words = f"its {len(named)} records are those that its manifest names"
        yield Line(Verdict.PASS, "run", run_id, label, words)
        return
    words = f"must have the records that its manifest names ({', '.join(found)})"
    yield Line(Verdict.FAIL, "run", run_id, label, words, _COPY, "run.records")
    for digest in missing:
        words = f"must be in the store: the manifest of run {run_id} names it"
        yield Line(Verdict.FAIL, "record", digest.hex(), "missing", words, _COPY, "record.missing")
    for row in added:
        yield _wrong(row, "not be in the store: the manifest does not name it", "record.added")
    for row in moved:
        yield _wrong(row, "be where the manifest of its run has it", "record.order")
    for row in other:
        yield _wrong(row, "be as the manifest of its run says", "record.entry")


def _moved(rows: list[UnverifiedRecord], named: list[bytes]) -> list[UnverifiedRecord]:
    return [row for row, digest in zip(rows, named, strict=False) if row.sha256 != digest]


def _told_otherwise(rows: list[UnverifiedRecord], manifest: v1.Record) -> list[UnverifiedRecord]:
    """Return the records of which the manifest says something else than they do."""
    header = manifest.header
    entries = {
        bytes(entry.record.digest.sha256): (
            entry.record.stage,
            entry.record_id,
            entry.state,
            entry.step_name or None,
            entry.step_attempt or None,
            header.run_id,
            header.namespace_name,
        )
        for entry in manifest.run_manifest.entries
    }
    return [
        row
        for row in rows
        if row.sha256 in entries
        and entries[row.sha256]
        != (
            row.stage,
            row.record_id,
            row.state,
            row.step_name,
            row.step_attempt,
            row.run_id,
            row.namespace_name,
        )
    ]


def _wrong(row: UnverifiedRecord, rule: str, error_id: str) -> Line:
    return Line(Verdict.FAIL, "record", row.hex, label_of(row), f"must {rule}", _COPY, error_id)
