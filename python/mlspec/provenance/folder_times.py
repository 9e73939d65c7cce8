"""What a record log in its folder proves about records, looked up when a rule asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mlspec import v1
from mlspec.errors import InputError, StoreError, ValidationError, VerificationError
from mlspec.requestlog import LogProof, prove_inclusion, read_entry
from mlspec.requestlog.checking import trusted_log
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.keeping import kept_tokens
from mlspec.requestlog.record_times import RecordTimes
from mlspec.requestlog.trusted_checkpoints import TrustedCheckpoint, verify_trusted

if TYPE_CHECKING:
    from mlspec.files import StrPath
    from mlspec.sealing import TrustPolicy

_NO_PROOF: Final = (InputError, StoreError, ValidationError, VerificationError)


@dataclass(frozen=True, slots=True)
class _Head:
    """A checkpoint of the log, what outsiders said about it, and what came of verifying it."""

    note: bytes
    tokens: tuple[bytes, ...]
    trusted: TrustedCheckpoint

    @property
    def size(self) -> int:
        """How many leaves it covers."""
        return self.trusted.checkpoint.size


class FolderTimes:
    """The times and the order of records, by a record log that a trust file believes.

    Each place of a record is proven under the newest checkpoint, and under the first one that
    covers it and that an outsider vouches for. What cannot be proven proves nothing: whether the
    log is whole is for `verify_trusted_log` to say.
    """

    def __init__(self, folder: StrPath, trust: TrustPolicy, *, at: datetime | None = None) -> None:
        """Read the log.

        Raises UntrustedError if the trust file does not believe it, VerificationError "log.kind" if
        it believes it about something else than records, what verifying its newest checkpoint
        raises, and StoreNotFoundError, UnreadableError, DecodeError.
        """
        self._log = LogFolder.open(folder)
        self._trust, self._at = trust, at
        newest = self._log.checkpoint()
        self._known = trusted_log(newest, trust)
        if self._known.kind != v1.LOG_KIND_RECORDS:
            raise VerificationError(
                "must be a record log: the trust file believes this one about something else",
                error_id="log.kind",
                source=str(folder),
                path="origin",
                remedy="Name the log that the records' digests went into.",
            )
        self._times = RecordTimes()
        last = self._head(newest)
        self._heads = (*self._kept(last), last)
        self._places = self._logged(last.size)
        self._looked_up: set[bytes] = set()

    @property
    def records(self) -> frozenset[bytes]:
        """The digests of the records that the log says it has."""
        return frozenset(self._places)

    def before(self, first: bytes, second: bytes, *namespaces: str) -> bool | None:
        """Tell whether the first record was logged before the second. None: nothing proves it."""
        return self._of(first, second).before(first, second, *namespaces)

    def seen_before(self, first: bytes, second: bytes, *namespaces: str) -> bool:
        """Tell whether an outsider had seen the first record when the second was logged."""
        return self._of(first, second).seen_before(first, second, *namespaces)

    def time_of(self, sha256: bytes, namespace: str | None = None) -> datetime | None:
        """Return the earliest moment by which the record was there. None: nothing proves one."""
        return self._of(sha256).time_of(sha256, namespace)

    def _of(self, *records: bytes) -> RecordTimes:
        for sha256 in records:
            if sha256 not in self._looked_up:
                self._looked_up.add(sha256)
                self._look_up(sha256)
        return self._times

    def _look_up(self, sha256: bytes) -> None:
        index = self._places.get(sha256)
        if index is None:
            return
        covering = [head for head in self._heads if head.size > index]
        seen = next((head for head in covering if head.trusted.time is not None), covering[-1])
        try:
            for head in {each.note: each for each in (seen, covering[-1])}.values():
                hashes = prove_inclusion(self._log.tree(head.size), index, head.size)
                proof = LogProof(index, hashes, head.note)
                leaf, keyid = self._log.leaf(index), self._known.keyid
                self._times.add(
                    proof, leaf, self._trust, keyid=keyid, tokens=head.tokens, at=self._at
                )
        except _NO_PROOF:
            return

    def _head(self, note: bytes, tokens: tuple[bytes, ...] | None = None) -> _Head:
        if tokens is None:
            tokens = kept_tokens(self._log.root, self._log.size())
        trusted = verify_trusted(note, self._known, self._trust, tokens=tokens, at=self._at)
        return _Head(note, tokens, trusted)

    def _kept(self, last: _Head) -> Iterator[_Head]:
        """Yield the kept checkpoints that the newest one is shown to extend, lowest first."""
        for size in self._log.kept_sizes():
            if not 0 < size <= last.size:
                continue
            try:
                note = self._log.checkpoint(size)
                head = self._head(note, kept_tokens(self._log.root, size))
                hashes = self._log.consistency(head.size, last.size)
                self._times.join(head.trusted, last.trusted, hashes)
            except _NO_PROOF:
                continue
            yield head

    def _logged(self, size: int) -> dict[bytes, int]:
        """Return the records that leaves claim to log, each with the first of its leaves."""
        found: dict[bytes, int] = {}
        for index, leaf in self._log.leaves(self._log.pruned_before(), size):
            try:
                entry = read_entry(leaf, self._known.origin, index)
            except _NO_PROOF:
                continue
            if entry.HasField("logged_record"):
                found.setdefault(bytes(entry.logged_record.digest.sha256), index)
        return found
