"""The one writer of a log."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from mlspec import v1
from mlspec.records import now
from mlspec.requestlog.closing import Closing
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.disk.leaves import NONCE_SIZE, event_bytes, require_event
from mlspec.requestlog.disk.opening import opened
from mlspec.requestlog.disk.pending import Appended
from mlspec.requestlog.disk.pruning import prune
from mlspec.validation import validate

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from mlspec.files import StrPath
    from mlspec.requestlog.checkpoints import VerifiedCheckpoint
    from mlspec.requestlog.disk.files import LogFiles
    from mlspec.requestlog.disk.sequencing import Sequencer
    from mlspec.sealing import PublicKey, Signer


class LogWriter(Closing):
    """Appends to one log: the only object, of the only process, that does.

    Several threads may use it. Entries wait in memory until `commit`; threads that commit at the
    same time share one. What waits is bounded: appending commits by itself when it is too much,
    and under buffered durability before more is at stake than the log declares.

    Attributes:
        origin: The log.
        folder: The log as readers see it.
        opening: What it said about itself when it was opened.
    """

    def __init__(self, files: LogFiles, sequencer: Sequencer, opening: v1.LogOpened) -> None:
        """For `open`, which verifies the log first."""
        self.opening = opening
        self.origin = sequencer.checkpoint.checkpoint.origin
        self.folder = LogFolder(files)
        self._files = files
        self._sequencer = sequencer

    @classmethod
    def open(
        cls,
        folder: StrPath,
        *,
        origin: str,
        signer: Signer,
        kind: v1.LogKind.ValueType,
        durability: v1.LogDurability,
        queue: v1.LogQueue | None = None,
        producer: v1.Producer | None = None,
        delegating_origin: str | None = None,
        delegations: Iterable[v1.LogDelegation] = (),
        public: PublicKey | None = None,
        known: Iterable[VerifiedCheckpoint] = (),
    ) -> Self:
        """Make a log, or take one up where its last writer left it, and log the opening.

        Takes the lock, verifies the last checkpoint, the tree's right edge and the last bundle,
        removes what lies beyond the checkpoint, appends `LogOpened`, and commits.

        Args:
            folder: The log's folder.
            origin: The log's name; only this key signs for it, and only this folder holds it.
            signer: Signs checkpoints, with Ed25519.
            kind: What the log holds.
            durability: When an entry counts as written; it stands in the log.
            queue: How entries wait before they reach the writer.
            producer: The program. Default: this package.
            delegating_origin: Of a worker's log: the origin that delegated to it.
            delegations: Origins that may log for this one.
            public: The signer's public key. Default: its attribute `public`.
            known: Checkpoints that are remembered: the log must extend them.

        Raises:
            StoreLockedError: Another writer has the log.
            StoreCorruptError: The folder is not as it was signed (`log.tail`).
            VerificationError: The checkpoint is not this key's and origin's, or another history.
            ValidationError, UsageError, KeyFileError: The arguments make no valid log.
            StoreUnwritableError, SigningError: Nothing was acknowledged.
        """
        event = v1.LogOpened(
            kind=kind,
            durability=durability,
            queue=queue,
            producer=producer,
            delegations=delegations,
            delegating_origin=delegating_origin,
        )
        return opened(cls, folder, origin, signer, event, public=public, known=tuple(known))

    @property
    def size(self) -> int:
        """How many entries the log has, those included that are not committed yet."""
        return self._sequencer.size

    @property
    def checkpoint(self) -> VerifiedCheckpoint:
        """The last checkpoint that is in its place."""
        return self._sequencer.checkpoint

    def append(self, entry: v1.LogEntry, *, side: v1.SideRecord | None = None) -> Appended:
        """Take an entry; it is not durable before `commit`.

        Origin, sequence number and nonce are set, here and in `side`, and the rules of the
        specification applied.

        Raises ValidationError, LimitError, StateError if the writer is closed, and what committing
        raises if too much waits; then nothing was taken.
        """
        nonce = os.urandom(NONCE_SIZE)
        entry.origin, entry.sequence_number, entry.nonce = self.origin, self.size, nonce
        validate(entry)
        appended = self._sequencer.add(event_bytes(entry), side, nonce)
        entry.sequence_number = appended.index
        return appended

    def append_many(self, entries: Iterable[v1.LogEntry]) -> list[Appended]:
        """Take entries one after the other. Raises what `append` raises, at the first to fail."""
        return [self.append(entry) for entry in entries]

    def append_event(self, event: bytes, *, side: v1.SideRecord | None = None) -> Appended:
        """Take an event that the caller has encoded: a `LogEntry` with nothing but its event.

        The rules of the specification are **not** applied, which is most of what `append` costs.
        It is for callers that make events from parts whose bounds they have checked. The side
        record is not checked either way: its content is bound by the entry.

        Raises DecodeError unless it is one event, LimitError, and what `append` raises.
        """
        require_event(event)
        return self._sequencer.add(event, side)

    def append_events(self, events: Iterable[bytes]) -> int:
        """Take many events as `append_event` does; return the index after the last.

        Raises what `append_event` raises; then those before the one that failed were taken.
        """
        add = self._sequencer.add
        for event in events:
            require_event(event)
            add(event)
        return self.size

    def commit(self) -> VerifiedCheckpoint:
        """Make all that was appended so far durable; return the signed checkpoint over it.

        Raises:
            StoreUnwritableError: The disk refused. It can be tried again; nothing is lost.
            StoreLockedError: The lock is lost, or another thread's commit takes too long.
            StoreCorruptError: Somebody else wrote into the folder (`log.fork`).
            SigningError: The signer did not sign.
            StateError: The writer is closed.
        """
        return self._sequencer.commit()

    def delegate(
        self,
        origin: str,
        public: PublicKey,
        *,
        worker_name: str | None = None,
        end_time: Timestamp | None = None,
    ) -> VerifiedCheckpoint:
        """Say, durably, that another origin may log for this one; with `end_time`, until when.

        The other log names this one back when it is opened, as its `delegating_origin`. To end a
        delegation, say it again with its end. Raises what `append` and `commit` raise.
        """
        delegation = v1.LogDelegation(
            origin=origin,
            keyid=public.keyid,
            start_time=now(),
            end_time=end_time,
            worker_name=worker_name,
        )
        self.append(v1.LogEntry(delegation=delegation))
        return self.commit()

    def prune(self, before: int) -> int:
        """Remove the entries before number `before`, in whole bundles; return where they begin now.

        Their hashes stay, so that later entries keep their proofs. The last bundle stays, and so
        does the deployment that answered the first request that stays. Side records go with their
        entries. It cannot be undone: say only what has expired.

        Raises StateError for a worker's log, whose first entry is what makes it evidence,
        StoreUnwritableError (then it can be tried again), and what reading entries raises.
        """
        with self._sequencer.still():
            kind, size = self.opening.kind, self.checkpoint.size
            return prune(self._files, self.folder, kind, size, before)

    def close(self) -> None:
        """Commit, and let go of the log; nothing if it is closed. Raises what `commit` raises."""
        if not self._sequencer.is_open:
            return
        try:
            self.commit()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the log without a commit: what was not committed is lost, as in a crash."""
        self._sequencer.abandon()
