"""When the records of a bundle were there: their places in record logs, and outsiders' times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.errors import MLSpecError, VerificationError
from mlspec.evidence.log_keys import believed, signed_by
from mlspec.evidence.outsiders import read_hashes
from mlspec.evidence.report import Link
from mlspec.evidence.shown import prove, read_proof
from mlspec.requestlog import Checkpoint, Note
from mlspec.requestlog.record_times import RecordPlace, RecordTimes

if TYPE_CHECKING:
    from mlspec.evidence.bundle import Bundle
    from mlspec.requestlog import LogProof
    from mlspec.requestlog.trusted_checkpoints import TrustedCheckpoint
    from mlspec.sealing import TrustedLog, TrustPolicy, VerifiedRecord


def read_times(
    bundle: Bundle, trust: TrustPolicy, at: datetime | None
) -> tuple[RecordTimes, Link | None]:
    """Return what the bundle proves about the times of records, and what is wrong with it.

    Proofs in logs that the trust file does not believe are passed over: they prove nothing.
    """
    times, heads = RecordTimes(), _Heads(bundle, trust, at)
    for name, _ in bundle.below("record-log", ".tlog"):
        digest = name.partition(".")[0]
        path = f"record-log/{name}.tlog"
        try:
            leaf = bundle.require(f"record-log/{digest}.bin")
            place = _place(heads, read_proof(bundle, path), leaf, bytes.fromhex(digest))
        except MLSpecError as error:
            return times, Link.failed("record_log.proof", error.from_source(path))
        if place is not None:
            times.note(bytes.fromhex(digest), place)
    for name, data in bundle.below("record-log", ".txt"):
        path = f"record-log/{name}.txt"
        try:
            _join(times, heads, name, read_hashes(data, path))
        except MLSpecError as error:
            return times, Link.failed("record_log.proof", error.from_source(path))
    return times, None


def describe_times(times: RecordTimes, records: Mapping[bytes, VerifiedRecord]) -> Iterator[Link]:
    """Yield how many of the records stand in a record log, and how many outsiders vouch for.

    Only logs that may speak for a record's namespace count.
    """
    namespaces = {sha256: each.header.namespace_name for sha256, each in records.items()}
    logged = sum(1 for sha256, name in namespaces.items() if times.places(sha256, name))
    proven = sum(1 for sha256, name in namespaces.items() if times.time_of(sha256, name))
    of = f"of {len(records)} records"
    if logged == len(records) and records:
        yield Link.passed("record_log.covered", f"all {len(records)} records are in a record log")
    else:
        yield Link.unproven(
            "record_log.covered",
            f"that records stand in a record log: {logged} {of} do",
            "Keep a record log of each run, and build the bundle with --record-log.",
        )
    if proven == len(records) and records:
        yield Link.passed("record_log.times", f"outsiders vouch for a time of all {of[3:]}")
    else:
        yield Link.unproven(
            "record_log.times",
            f"when records were there: outsiders vouch for a time of {proven} {of}",
            "Dates in records are their authors' word. Have checkpoints of the record log"
            " time-stamped or cosigned.",
        )


class _Heads:
    """The checkpoints of record logs, each verified once."""

    def __init__(self, bundle: Bundle, trust: TrustPolicy, at: datetime | None) -> None:
        self._bundle, self._trust, self._at = bundle, trust, at
        self._known: dict[bytes, tuple[TrustedLog, TrustedCheckpoint] | None] = {}

    def verify(self, note: bytes) -> tuple[TrustedLog, TrustedCheckpoint] | None:
        """Return log and checkpoint. None: the trust file does not know the log."""
        if note not in self._known:
            origin = Checkpoint.from_text(Note.from_bytes(note).text).origin
            logs = believed(self._trust, origin, v1.LOG_KIND_RECORDS)
            self._known[note] = (
                signed_by(self._bundle, note, logs, self._trust, self._at) if logs else None
            )
        return self._known[note]

    def of_size(self, size: int) -> list[TrustedCheckpoint]:
        """Return the checkpoints of this size that were verified."""
        found = (known[1] for known in self._known.values() if known is not None)
        return [head for head in found if head.checkpoint.size == size]


def _join(times: RecordTimes, heads: _Heads, name: str, hashes: tuple[bytes, ...]) -> None:
    """Verify that one checkpoint extends another: then leaves under both have an order."""
    old, new = (heads.of_size(int(size)) for size in name.split("-"))
    for older in old:
        for newer in new:
            if older.checkpoint.checkpoint.origin == newer.checkpoint.checkpoint.origin:
                times.join(older, newer, hashes)


def _place(heads: _Heads, proof: LogProof, leaf: bytes, sha256: bytes) -> RecordPlace | None:
    """Verify that a record log has a record's digest, and return where."""
    found = heads.verify(proof.checkpoint)
    if found is None:
        return None
    log, head = found
    shown = prove(leaf, proof, head.checkpoint, proof.index)
    if shown.read(log.origin).logged_record.digest.sha256 != sha256:
        raise VerificationError(
            "must be of the record that it is named by",
            error_id="evidence.record_log",
            path="leaf",
            remedy="Leaf and name do not belong together: ask for the bundle anew.",
        )
    return RecordPlace(log, shown.index, head.checkpoint, head.time)
