"""Verifying all of a store. The steps are numbered once, at `verify_lines`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from mlspec.errors import MLSpecError, UntrustedError, VerificationError
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.records import body_name, body_of
from mlspec.sealing import Sealed, unseal
from mlspec.store import runs
from mlspec.store.facts import EVENT_STAGE, MANIFEST_STAGE, Facts, facts_of
from mlspec.store.history import ObjectHistory
from mlspec.store.labels import label_of, stage_label
from mlspec.store.report import Line, Report, Verdict
from mlspec.store.rules import require_usable_data
from mlspec.store.walking import find

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.sealing import TrustPolicy
    from mlspec.store.protocol import Entry, Store

Progress = Callable[[int, int], None]

_REFERENCE: Final = "mlspec.v1.RecordReference"
_SHA256_SIZE: Final = 32


def verify_store(
    store: Store,
    trust: TrustPolicy,
    *,
    at: datetime | None = None,
    allow_unfinished: bool = False,
) -> Report:
    """Verify all of a store and keep every line. See `verify_lines`."""
    return Report.of(verify_lines(store, trust, at=at, allow_unfinished=allow_unfinished))


def verify_lines(
    store: Store,
    trust: TrustPolicy,
    *,
    at: datetime | None = None,
    allow_unfinished: bool = False,
    progress: Progress | None = None,
) -> Iterator[Line]:
    """Yield a line for each record, each run, and all that is wrong otherwise.

    1. The trust file must not have expired.
    2. Each row's envelope must hold a record whose SHA-256 is the row's key.
    3. Each row's index columns must say what the payload says.
    4. Each record must verify as `mlspec.unseal` verifies it.
    5. The records that each one names, as parents or in its body, must be in the store, of the
       stage that the reference says.
    6. The events about each object must be possible one after the other, and lead to its row; no
       work may rest on a dataset version that was archived by then.
    7. Each run must have one manifest, and the manifest must name the run's records: all of them,
       no others, in the order of storing, as they are, and as many as it says.
    8. Nothing must be wrong with the store's own indexes, and no row may be gone or stand twice.

    Steps 2, 3 and 5 to 8 fail whoever signed; only step 4 can find that nobody trusted did. A
    record that verifies and is not fully understood is NOT PROVEN, never PASS.

    Args:
        store: What to verify. Reads see one moment of it; writers are not held up.
        trust: Whom to believe; never from beside the store.
        at: The time to judge keys at. Default: now.
        allow_unfinished: Whether a run may lack its manifest, because it goes on.
        progress: Called with how many records are done, and of how many.

    Raises:
        UntrustedError: Step 1.
        StoreError: The store cannot be read.
    """
    trust.require_current()
    with store.snapshot():
        total = store.size()
        if total == 0:
            yield _store_line(store, "must hold a record: an empty store shows nothing")
        history = ObjectHistory()
        for done, entry in enumerate(store.entries(), 1):
            yield _record_line(store, entry, trust, at, history)
            if progress is not None:
                progress(done, total)
        yield from history.lines(store)
        for run_id in store.run_ids():
            yield from runs.lines(store, run_id, allow_unfinished=allow_unfinished)
        yield from _faults(store)
    if trust.asks:
        yield _not_judged(trust)


def _record_line(
    store: Store,
    entry: Entry,
    trust: TrustPolicy,
    at: datetime | None,
    history: ObjectHistory,
) -> Line:
    label = _label_by_row(entry)
    try:
        sealed = Sealed.from_any(entry.envelope)
        _check_key(entry, sealed)
        record = sealed.peek()
        facts = facts_of(record.header)
        label = label_of(facts)
        _check_columns(entry, facts)
        _check_references(store, record)
        doubts = require_usable_data(record.header, body_of(record), history)
        if facts.stage == EVENT_STAGE:
            history.add(record, facts, entry.sequence, sealed.sha256)
        verified = unseal(sealed, trust, at=at)
    except UntrustedError as error:
        return _line(Verdict.UNTRUSTED, entry, label, error)
    except MLSpecError as error:
        return _line(Verdict.FAIL, entry, label, error)
    who = ", ".join(signer.identity for signer in verified.signers)
    notes = "; ".join((*doubts, *verified.doubts, *verified.notes))
    message = f"signed by {who}" + (f" ({notes})" if notes else "")
    if verified.fully_understood:
        return Line(Verdict.PASS, "record", entry.key.hex(), label, message)
    remedy, error_id = "Verify with a newer version of MLSpec.", "record.not_understood"
    return Line(Verdict.NOT_PROVEN, "record", entry.key.hex(), label, message, remedy, error_id)


def _label_by_row(entry: Entry) -> str:
    """What the row says that it is, as long as the payload has not been believed."""
    stage, step = entry.columns.get("stage"), entry.columns.get("step_name")
    if not isinstance(stage, int):
        return f"number {entry.sequence}"
    return stage_label(stage) + (f" {step}#{entry.columns['step_attempt']}" if step else "")


def _line(verdict: Verdict, entry: Entry, label: str, error: MLSpecError) -> Line:
    return Line(verdict, "record", entry.key.hex(), label, str(error), error.remedy, error.id)


def _check_key(entry: Entry, sealed: Sealed) -> None:
    """Steps 2: before anything that depends on who signed."""
    if sealed.sha256 != entry.key:
        raise _changed(f"payload must have the digest of its row (got {sealed.hex})", "row.digest")
    if sealed.payload_type != RECORD_PAYLOAD_TYPE:
        raise _changed(
            f"payload type must be {RECORD_PAYLOAD_TYPE} (got {sealed.payload_type[:80]!r})",
            "row.payload_type",
        )


def _check_columns(entry: Entry, facts: Facts) -> None:
    for column, stored in entry.columns.items():
        said = getattr(facts, column)
        plain = bytes(stored) if isinstance(stored, memoryview) else stored
        if plain != said or type(plain) is not type(said):
            shown = "other links" if column == "links" else f"{str(stored)[:80]!r}"
            expected = "those of the payload" if column == "links" else repr(said)
            raise _changed(f"column {column} must be {expected} (got {shown})", "row.column")


def _check_references(store: Store, record: v1.Record) -> None:
    """Step 5. What a manifest names is looked for with its run, where more can be said of it."""
    named: list[tuple[str, Any]] = [
        (f"header.parents[{index}]", parent) for index, parent in enumerate(record.header.parents)
    ]
    body = body_of(record)
    if body is not None and record.header.stage != MANIFEST_STAGE:
        named += find(body, _REFERENCE, body_name(record) or "body")
    for path, reference in named:
        sha256 = bytes(reference.digest.sha256)
        row = store.row(sha256) if len(sha256) == _SHA256_SIZE else None
        if row is None:
            raise _changed(
                f"{path} must be in the store (got {sha256.hex() or 'no digest'})",
                "record.dangling_parent",
                "A record was deleted, or this one is from another store.",
            )
        if row.stage != reference.stage:
            raise _changed(f"{path}.stage must be that of the record named", "record.parent_stage")


def _changed(message: str, error_id: str, remedy: str = "") -> VerificationError:
    remedy = remedy or "The store was changed by other hands: get the original, or a copy of it."
    return VerificationError(message, error_id=error_id, remedy=remedy)


def _faults(store: Store) -> Iterator[Line]:
    """Step 8."""
    for fault in store.faults():
        verdict = Verdict.FAIL if fault.grave else Verdict.NOTE
        if fault.record is None:
            yield _store_line(store, fault.message, verdict)
        else:
            name, label = fault.record.hex, label_of(fault.record)
            yield Line(verdict, "record", name, label, fault.message, id="store.index")


def _not_judged(trust: TrustPolicy) -> Line:
    return Line(
        Verdict.NOTE,
        "trust",
        str(trust.version),
        "requirements",
        "what the trust file requires of namespaces was not judged",
        "Judge deployments: `mlspec evidence verify`.",
        id="requirements.not_judged",
    )


def _store_line(store: Store, message: str, verdict: Verdict = Verdict.FAIL) -> Line:
    return Line(verdict, "store", store.url, "store", message, id="store.fault")
