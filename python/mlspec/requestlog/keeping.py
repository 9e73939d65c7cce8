"""What outsiders said about a log's checkpoints, kept beside the log."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from mlspec.errors import LimitError, VerificationError
from mlspec.requestlog.checkpoints import Checkpoint
from mlspec.requestlog.disk import LogFiles, LogFolder
from mlspec.requestlog.disk.layout import TOKENS, kept_path, token_path
from mlspec.requestlog.merkle import verify_consistency
from mlspec.requestlog.notes import MAX_NOTE, Note
from mlspec.requestlog.timestamp_requests import MAX_TOKEN, require_short
from mlspec.requestlog.trusted_checkpoints import MAX_TOKENS

if TYPE_CHECKING:
    from mlspec.files import StrPath


def keep_checkpoint(folder: StrPath, note: bytes) -> int:
    """Keep a checkpoint of a log, for example one that witnesses cosigned; return its size.

    It may be kept while a writer goes on. Signatures that are kept under the same text stay. None
    is verified: only who has a trust file can do that. Raises VerificationError if it is no
    checkpoint of the tree in the folder, or has another text than the one that is kept;
    DecodeError, LimitError, StoreUnwritableError, and what reading the log raises.
    """
    given = Note.from_bytes(note)
    checkpoint = Checkpoint.from_text(given.text)
    log = LogFolder.open(folder)
    newest = Checkpoint.from_text(Note.from_bytes(log.checkpoint()).text)
    _require_part(log, checkpoint, newest)
    files = LogFiles(folder)
    files.make_folder(kept_path(0).rpartition("/")[0])
    files.replace(kept_path(checkpoint.size), _with_kept(files, checkpoint.size, given))
    files.sync_folders()
    return checkpoint.size


def keep_token(folder: StrPath, note: bytes, token: bytes) -> str:
    """Keep a time-stamp token and the checkpoint that it is over; return the token's path.

    The token is not verified: only who has a trust file can do that. Raises LimitError for a
    token that is too long or one too many, and what `keep_checkpoint` raises.
    """
    require_short(token)
    size = keep_checkpoint(folder, note)
    files = LogFiles(folder)
    there = {f"{TOKENS}/{name}" for name in files.names(TOKENS) if name.startswith(f"{size}-")}
    if len(there) >= MAX_TOKENS:
        raise LimitError(
            f"must be at most {MAX_TOKENS} (got {len(there) + 1})",
            error_id="timestamp.count",
            path="tokens",
        )
    # Not behind the last: if an earlier one was taken away, that would write over another.
    path = next(path for number in count(1) if (path := token_path(size, number)) not in there)
    files.make_folder(TOKENS)
    files.replace(path, token)
    files.sync_folders()
    return path


def kept_tokens(folder: StrPath, size: int) -> tuple[bytes, ...]:
    """Return the tokens that are kept for the checkpoint of `size`, as they are, not verified.

    Raises LimitError, UnreadableError.
    """
    files = LogFiles(folder)
    names = [name for name in files.names(TOKENS) if name.startswith(f"{size}-")]
    found = (files.read(f"{TOKENS}/{name}", MAX_TOKEN) for name in sorted(names)[:MAX_TOKENS])
    return tuple(data for data in found if data is not None)


def _with_kept(files: LogFiles, size: int, given: Note) -> bytes:
    """Return the note with the signatures that are kept: each is somebody's word about time."""
    there = files.read(kept_path(size), MAX_NOTE)
    if there is None:
        return given.to_bytes()
    kept = Note.from_bytes(there)
    if kept.text != given.text:
        # Tokens are over the text that is kept: under another one they would prove nothing.
        raise VerificationError(
            f"must have the text of the checkpoint that is kept for {size} leaves",
            error_id="log.checkpoint",
            path=kept_path(size),
            remedy="Have the checkpoint that is kept cosigned or time-stamped.",
        )
    signatures = dict.fromkeys((*kept.signatures, *given.signatures))
    return Note(given.text, tuple(signatures)).to_bytes()


def _require_part(log: LogFolder, checkpoint: Checkpoint, newest: Checkpoint) -> None:
    if checkpoint.origin != newest.origin or not 1 <= checkpoint.size <= newest.size:
        raise VerificationError(
            f"must be a checkpoint of {newest.origin}, of at most {newest.size} leaves"
            f" (got {checkpoint.origin}, {checkpoint.size})",
            error_id="log.checkpoint",
            source=log.root,
            remedy="Keep each checkpoint beside the log that it is of.",
        )
    hashes = log.consistency(checkpoint.size, newest.size)
    verify_consistency(checkpoint.size, checkpoint.root, newest.size, newest.root, hashes)
