"""The record log of a run: the digest of each sealed record, so that its place in time shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from mlspec import v1
from mlspec.codec import decode
from mlspec.errors import UsageError
from mlspec.requestlog.closing import Closing
from mlspec.requestlog.disk import LogWriter

if TYPE_CHECKING:
    from mlspec.files import StrPath
    from mlspec.requestlog.checkpoints import VerifiedCheckpoint
    from mlspec.sealing import Signer
    from mlspec.store import Store

_CHECKPOINTED: Final = v1.LogDurability(checkpointed=v1.CheckpointedDurability())


class RecordLog(Closing):
    """The one writer of a record log. Give it to `mlspec.Run` as `record_log`.

    A record is logged once, after it was stored. Records that other processes of the run stored
    are logged when the owner of the run comes to it: `follow` does so at any time, and the end of
    the run in any case. The order of the leaves is what the log proves; a record may be older than
    its leaf, and never younger.
    """

    def __init__(self, writer: LogWriter) -> None:
        """Go on with a log that is open.

        Raises UsageError if it is not of records, and what reading its entries raises.
        """
        self._writer = writer
        self._logged = {
            entry.logged_record.digest.sha256
            for entry in self._entries()
            if entry.HasField("logged_record")
        }

    @classmethod
    def open(cls, folder: StrPath, *, origin: str, signer: Signer) -> Self:
        """Make a record log, or take one up. Raises what `LogWriter.open` raises."""
        kind = v1.LOG_KIND_RECORDS
        writer = LogWriter.open(
            folder, origin=origin, signer=signer, kind=kind, durability=_CHECKPOINTED
        )
        try:
            return cls(writer)
        except BaseException:
            writer.abandon()
            raise

    @property
    def checkpoint(self) -> VerifiedCheckpoint:
        """The signed checkpoint over all that was logged so far."""
        return self._writer.checkpoint

    def add(self, reference: v1.RecordReference) -> bool:
        """Log a record, durably when this returns; tell whether it was new to the log.

        Raises what appending and committing raise.
        """
        added = self._append(reference)
        self._settle()
        return added

    def follow(self, store: Store, run_id: str) -> int:
        """Log what a store holds of a run and the log does not; return how many records that is.

        Raises StoreError, and what `add` raises.
        """
        added = sum(self._append(row.reference) for row in store.records(run=run_id))
        self._settle()
        return added

    def position(self) -> v1.RecordLogPosition:
        """Return how far the log has come, as a `RunManifest` says it."""
        last = self._writer.checkpoint
        return v1.RecordLogPosition(
            origin=self._writer.origin, tree_size=last.size, root_sha256=last.root
        )

    def close(self) -> None:
        """Let go of the log. Closing twice does nothing."""
        self._writer.close()

    def _settle(self) -> None:
        # Asked of the log, because an earlier commit may have failed: what was appended then is
        # known here, and not durable yet.
        if self._writer.size > self._writer.checkpoint.size:
            self._writer.commit()

    def _append(self, reference: v1.RecordReference) -> bool:
        if reference.digest.sha256 in self._logged:
            return False
        self._writer.append(v1.LogEntry(logged_record=reference))
        self._logged.add(reference.digest.sha256)
        return True

    def _entries(self) -> list[v1.LogEntry]:
        leaves = self._writer.folder.leaves()
        entries = [decode(v1.LogEntry, leaf) for _, leaf in leaves]
        if entries[0].opened.kind != v1.LOG_KIND_RECORDS:
            raise UsageError(
                "must be a log of records",
                error_id="log.kind",
                source=self._writer.folder.root,
                remedy="Give the log of records another folder than that of requests.",
            )
        return entries
