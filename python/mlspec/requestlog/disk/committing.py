"""One commit: side records, entries, tiles, and then the checkpoint that covers them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from mlspec.errors import StoreCorruptError, StoreUnwritableError
from mlspec.requestlog.checkpoints import Checkpoint, VerifiedCheckpoint, verify_checkpoint
from mlspec.requestlog.disk.files import LogFiles
from mlspec.requestlog.disk.layout import CHECKPOINT, partials_path
from mlspec.requestlog.disk.pending import Batch
from mlspec.requestlog.disk.sides import append_sides
from mlspec.requestlog.note_keys import NoteKey
from mlspec.requestlog.notes import MAX_NOTE
from mlspec.requestlog.tiles import ENTRIES, HEIGHT, WIDTH, Tile
from mlspec.sealing import Signer


class Committer:
    """Writes batches to a log's folder, in an order that no crash can hurt.

    Attributes:
        checkpoint: The last one that it signed, or found there.
        settled: Whether that one is sure to be there after a crash.
    """

    def __init__(
        self, files: LogFiles, key: NoteKey, signer: Signer, checkpoint: VerifiedCheckpoint
    ) -> None:
        self.checkpoint = checkpoint
        self.settled = True
        self._files = files
        self._key = key
        self._signer = signer
        self._outgrown: list[Tile] = []

    def write_sides(self, batch: Batch) -> None:
        """Write the side records. Raises what writing them raises; then none was written."""
        if batch.sides:
            append_sides(self._files, batch.sides)

    def write(self, batch: Batch) -> None:
        """Write entries and tiles, sign the checkpoint, and put it in its place.

        Raises StoreUnwritableError, SigningError, and StoreCorruptError (`log.fork`) if the
        checkpoint on disk is not the one that this writer left there.
        """
        for tiles in (batch.bundles, batch.grown.tiles):
            self._files.write_all([(tile.path, data) for tile, data in tiles])
            self._files.sync_folders()
        self._require_last()
        checkpoint = Checkpoint(self._key.name, batch.grown.size, batch.grown.root)
        verified = verify_checkpoint(checkpoint.sign(self._key, self._signer), self._key)
        self._files.replace(CHECKPOINT, verified.note.to_bytes())
        # Readers may have seen it from here on: whatever is signed next must extend this one.
        self.checkpoint, self.settled = verified, False
        self._remove(self._outgrown)
        self._outgrown = list(_outgrown(batch.old_size, batch.grown.size))

    def settle(self) -> None:
        """Make the checkpoint's name last. Raises StoreUnwritableError; it can be tried again."""
        try:
            self._files.sync_folders()
        except StoreUnwritableError:
            # A sync that failed may be forgotten by the system, so the next one has to have
            # something to do.
            self._files.replace(CHECKPOINT, self.checkpoint.note.to_bytes())
            self._files.sync_folders()
        self.settled = True

    def _require_last(self) -> None:
        """Refuse to sign where somebody else wrote: that would be a second history."""
        if self._files.read(CHECKPOINT, MAX_NOTE) != self.checkpoint.note.to_bytes():
            raise StoreCorruptError(
                "must be the checkpoint that this writer left there",
                error_id="log.fork",
                source=f"{self._files.root}/{CHECKPOINT}",
                remedy="Another writer, or a restored copy, is in this folder: stop both writers.",
            )

    def _remove(self, tiles: list[Tile]) -> None:
        for tile in tiles:
            # What cannot be removed now is removed when the log is opened next.
            with suppress(StoreUnwritableError):
                self._files.remove(tile.path)
                if (self.checkpoint.size >> HEIGHT * max(tile.level, 0)) // WIDTH > tile.index:
                    self._files.remove_folder(partials_path(tile.level, tile.index))


def _outgrown(old_size: int, size: int) -> Iterator[Tile]:
    """Yield the partial tiles that a tree of `old_size` had and one of `size` has no more."""
    for level in (ENTRIES, *range(HEIGHT)):
        scale = HEIGHT * max(level, 0)
        index, width = divmod(old_size >> scale, WIDTH)
        if width and old_size >> scale != size >> scale:
            yield Tile(level, index, width)
