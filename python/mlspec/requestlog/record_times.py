"""What record logs and outsiders prove about when records were there, and in which order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mlspec import v1
from mlspec.errors import VerificationError
from mlspec.requestlog.checkpoints import Checkpoint, VerifiedCheckpoint
from mlspec.requestlog.entries import proven_entry
from mlspec.requestlog.notes import Note
from mlspec.requestlog.proofs import LogProof
from mlspec.requestlog.proven_time import ProvenTime
from mlspec.requestlog.trusted_checkpoints import TrustedCheckpoint, verify_trusted
from mlspec.requestlog.trusted_logs import log_key, witness_keys

if TYPE_CHECKING:
    from mlspec.sealing import TrustedLog, TrustPolicy

_Head = tuple[str, int, bytes]


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where a record's digest stands in a record log.

    Attributes:
        log: The log.
        index: Which leaf it is.
        checkpoint: A verified checkpoint that covers it.
        time: By when that checkpoint was there, as an outsider vouches. None: nothing shows it.
    """

    log: TrustedLog
    index: int
    checkpoint: VerifiedCheckpoint
    time: ProvenTime | None


class RecordTimes:
    """The places of records in record logs; each was proven before it got in.

    Order is that of leaves in one tree. Two trees of one log are one tree only if a consistency
    proof joins them (`join`); otherwise the log may have shown different histories. Times give no
    order: an outsider says by when something was there, never since when.
    """

    def __init__(self) -> None:
        """Start with nothing, which proves nothing."""
        self._places: defaultdict[bytes, list[RecordPlace]] = defaultdict(list)
        self._tree_of: dict[_Head, _Head] = {}

    def add(
        self,
        proof: LogProof,
        leaf: bytes,
        trust: TrustPolicy,
        *,
        keyid: str | None = None,
        tokens: Sequence[bytes] = (),
        at: datetime | None = None,
    ) -> RecordPlace:
        """Verify that a record log holds the digest of a record, and note where.

        Args:
            proof: The proof, with the checkpoint that it leads to.
            leaf: The leaf's bytes.
            trust: Whom to believe.
            keyid: Which key of the log, if the trust file names several.
            tokens: Time-stamp tokens over the checkpoint.
            at: The time to judge the log's key at, if no outsider proves one.

        Raises:
            UntrustedError: The trust file does not believe the log, or its key does not count.
            VerificationError: The log is of another kind ("log.kind"), the leaf is of something
                else than a record ("log.no_record"), and what `LogProof.verify` raises.
            DecodeError, LimitError, ValidationError: Something is malformed.
        """
        note = proof.checkpoint
        log = trust.log(_origin(note), keyid)
        _require_records(log)
        head = verify_trusted(note, log, trust, tokens=tokens, at=at)
        proven = proof.verify(leaf, log_key(log), witness_keys(trust, log))
        event = proven_entry(proven)
        if not event.HasField("logged_record"):
            raise VerificationError(
                f"must be the digest of a record (got {event.WhichOneof('event') or 'nothing'})",
                error_id="log.no_record",
                path="leaf",
                remedy="Show the leaf under which the record was logged.",
            )
        sha256 = bytes(event.logged_record.digest.sha256)
        return self.note(sha256, RecordPlace(log, proven.index, head.checkpoint, head.time))

    def note(self, sha256: bytes, place: RecordPlace) -> RecordPlace:
        """Keep a place that was verified elsewhere, for example in a log's own folder."""
        self._tree_of.setdefault(_head(place.checkpoint), _head(place.checkpoint))
        self._places[sha256].append(place)
        return place

    def join(
        self, older: TrustedCheckpoint, newer: TrustedCheckpoint, hashes: Sequence[bytes]
    ) -> None:
        """Verify that one tree extends another, so that leaves of both have an order.

        Raises what `VerifiedCheckpoint.require_extends` raises.
        """
        newer.checkpoint.require_extends(older.checkpoint, hashes)
        first, second = _head(older.checkpoint), _head(newer.checkpoint)
        for head in (first, second):
            self._tree_of.setdefault(head, head)
        self._tree_of[self._tree(first)] = self._tree(second)

    def places(self, sha256: bytes, namespace: str | None = None) -> tuple[RecordPlace, ...]:
        """Return where a record stands; with `namespace`, only in logs that may speak for it."""
        found = self._places.get(sha256, ())
        return tuple(each for each in found if namespace is None or each.log.covers(namespace))

    def time_of(self, sha256: bytes, namespace: str | None = None) -> datetime | None:
        """Return the earliest moment by which the record was there. None: nothing proves one."""
        proven = self.proven_time(sha256, namespace)
        return None if proven is None else proven.time

    def proven_time(self, sha256: bytes, namespace: str | None = None) -> ProvenTime | None:
        """Return the earliest proven time of a record, and who vouches for it."""
        times = [each.time for each in self.places(sha256, namespace) if each.time is not None]
        return min(times, key=lambda proven: proven.time, default=None)

    def before(self, first: bytes, second: bytes, *namespaces: str) -> bool | None:
        """Tell whether the first record was logged before the second. None: nothing proves it.

        Of a record that was logged more than once, the first time decides. With `namespaces`, only
        logs that may speak for all of them count.
        """
        one, other = self._earliest(first, namespaces), self._earliest(second, namespaces)
        shown = {one[tree] < other[tree] for tree in one.keys() & other.keys()}
        # Logs that disagree prove nothing.
        return shown.pop() if len(shown) == 1 else None

    def seen_before(self, first: bytes, second: bytes, *namespaces: str) -> bool:
        """Tell whether an outsider saw the first record in a tree that lacked the second.

        That is so where a checkpoint that an outsider vouches for covers the first, and the second
        stands beyond it in the same tree; and no outsider saw the second earlier than that.
        With `namespaces`, only logs that may speak for all of them count.
        """
        beyond, seen = self._earliest(second, namespaces), self.time_of(second)
        return any(
            place.time is not None
            and (seen is None or place.time.time <= seen)
            and beyond.get(self._tree(_head(place.checkpoint)), -1) >= place.checkpoint.size
            for place in self._speaking(first, namespaces)
        )

    def _speaking(self, sha256: bytes, namespaces: Sequence[str]) -> Iterator[RecordPlace]:
        """Yield the places of a record in logs that may speak for all these namespaces."""
        for place in self._places.get(sha256, ()):
            if all(place.log.covers(namespace) for namespace in namespaces):
                yield place

    def _earliest(self, sha256: bytes, namespaces: Sequence[str]) -> dict[_Head, int]:
        found: dict[_Head, int] = {}
        for place in self._speaking(sha256, namespaces):
            tree = self._tree(_head(place.checkpoint))
            found[tree] = min(place.index, found.get(tree, place.index))
        return found

    def _tree(self, head: _Head) -> _Head:
        while self._tree_of[head] != head:
            head = self._tree_of[head]
        return head


def _head(checkpoint: VerifiedCheckpoint) -> _Head:
    return (checkpoint.checkpoint.origin, checkpoint.size, checkpoint.root)


def _origin(note: bytes) -> str:
    return Checkpoint.from_text(Note.from_bytes(note).text).origin


def _require_records(log: TrustedLog) -> None:
    if log.kind != v1.LOG_KIND_RECORDS:
        raise VerificationError(
            "must be a record log: the trust file believes this one about something else",
            error_id="log.kind",
            path="origin",
            remedy="Show the record in the log of records.",
        )
