"""A log held against a checkpoint that somebody saw before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mlspec.errors import MLSpecError
from mlspec.requestlog.checking.report import LogLine, Verdict
from mlspec.requestlog.checkpoints import VerifiedCheckpoint
from mlspec.requestlog.disk.folder import LogFolder

_ID: Final = "log.history"


def compare_known(
    folder: LogFolder, checkpoint: VerifiedCheckpoint, known: VerifiedCheckpoint | None
) -> Iterator[LogLine]:
    """Say whether the tree extends the one that was seen before (L6, L7).

    The tiles are not believed: what is made of them is a consistency proof, which holds or not.
    """
    if known is None:
        yield LogLine(
            _ID,
            Verdict.NOT_PROVEN,
            "that nobody is shown an older or another history",
            "Keep this checkpoint, and give it the next time (--known-checkpoint).",
        )
        return
    try:
        checkpoint.require_extends(known, _hashes(folder, checkpoint, known))
    except MLSpecError as error:
        words = f"{error.path}: {error.message}" if error.path else error.message
        yield LogLine(error.id, Verdict.FAIL, words, error.remedy)
        return
    yield LogLine(_ID, Verdict.PASS, f"extends the checkpoint of {known.size} leaves")


def _hashes(
    folder: LogFolder, checkpoint: VerifiedCheckpoint, known: VerifiedCheckpoint
) -> tuple[bytes, ...]:
    if known.size > checkpoint.size or known.checkpoint.origin != checkpoint.checkpoint.origin:
        return ()
    return folder.consistency(known.size, checkpoint.size)
