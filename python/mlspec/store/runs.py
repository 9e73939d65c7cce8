"""Whether a run's records are those that its manifest names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mlspec.errors import MLSpecError
from mlspec.store.facts import MANIFEST_STAGE, UnverifiedRecord
from mlspec.store.labels import label_of
from mlspec.store.report import Line, Verdict
from mlspec.store.rules import named_digests

if TYPE_CHECKING:
    from mlspec.store.protocol import Store

_COPY: Final = "Get the store, or the run's records, from a copy."
_FINISH: Final = "Let the run end, or allow unfinished runs; else get the store from a copy."


def lines(store: Store, run_id: str, *, allow_unfinished: bool) -> Iterator[Line]:
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
        named = named_digests(manifest)
        count = manifest.run_manifest.record_count
    except MLSpecError as error:
        words = f"must have a manifest that can be read ({error.message})"
        yield Line(Verdict.FAIL, "run", run_id, label, words, _COPY, "run.manifest")
        return
    others = [row for row in rows if row.stage != MANIFEST_STAGE]
    yield from _compared(run_id, label, others, named, count)


def _compared(
    run_id: str, label: str, rows: list[UnverifiedRecord], named: list[bytes], count: int
) -> Iterator[Line]:
    there, wanted = {row.sha256 for row in rows}, set(named)
    missing = [digest for digest in named if digest not in there]
    added = [row for row in rows if row.sha256 not in wanted]
    problems = []
    if missing:
        problems.append(f"lacks {len(missing)}")
    if added:
        problems.append(f"has {len(added)} that it does not name")
    if len(wanted) != len(named) or count != len(named):
        problems.append(f"names {len(named)} and counts {count}")
    if not problems and [row.sha256 for row in rows] != named:
        problems.append("has them in another order")
    if not problems:
        words = f"its {len(named)} records are those that its manifest names"
        yield Line(Verdict.PASS, "run", run_id, label, words)
        return
    words = f"must have the records that its manifest names ({', '.join(problems)})"
    yield Line(Verdict.FAIL, "run", run_id, label, words, _COPY, "run.records")
    for digest in missing:
        words = f"must be in the store: the manifest of run {run_id} names it"
        yield Line(Verdict.FAIL, "record", digest.hex(), "missing", words, _COPY, "record.missing")
    for row in added:
        words = f"must not be in the store: the manifest of run {run_id} does not name it"
        yield Line(Verdict.FAIL, "record", row.hex, label_of(row), words, _COPY, "record.added")
    if not missing and not added:
        for row in (row for row, digest in zip(rows, named, strict=False) if row.sha256 != digest):
            words = f"must be where the manifest of run {run_id} has it"
            yield Line(Verdict.FAIL, "record", row.hex, label_of(row), words, _COPY, "record.order")
