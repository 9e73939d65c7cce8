"""Opening a log to write: the lock, the verified tail, and the leaf that says so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from mlspec import __version__, v1
from mlspec.errors import UsageError
from mlspec.records import PRODUCER_NAME, SPEC_VERSION, now
from mlspec.requestlog.checkpoints import Checkpoint, VerifiedCheckpoint
from mlspec.requestlog.disk.committing import Committer
from mlspec.requestlog.disk.durability import Window
from mlspec.requestlog.disk.files import LogFiles
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.disk.layout import CHECKPOINT, DRAFT, LOCK
from mlspec.requestlog.disk.leaves import LeafMaker, parse_leaf
from mlspec.requestlog.disk.lock import WriterLock
from mlspec.requestlog.disk.pending import Pending
from mlspec.requestlog.disk.recovery import (
    Tail,
    drafted_tail,
    find_checkpoint,
    kept_checkpoints,
    read_tail,
    require_extends,
    require_pruned,
)
from mlspec.requestlog.disk.scratch import remove_scratch, remove_side_scratch
from mlspec.requestlog.disk.sequencing import Sequencer
from mlspec.requestlog.disk.sides import side_lock
from mlspec.requestlog.hashing import EMPTY_ROOT
from mlspec.requestlog.note_keys import NoteKey, NoteKeyKind
from mlspec.sealing import PublicKey, Signer
from mlspec.validation import validate

if TYPE_CHECKING:
    from mlspec.files import StrPath
    from mlspec.requestlog.disk.writer import LogWriter

W = TypeVar("W", bound="LogWriter")


def opened(
    kind: type[W],
    folder: StrPath,
    origin: str,
    signer: Signer,
    event: v1.LogOpened,
    *,
    public: PublicKey | None,
    known: tuple[VerifiedCheckpoint, ...],
    files: LogFiles | None = None,
) -> W:
    """Do what `LogWriter.open` says. `files` is another door to the folder, for tests."""
    key = NoteKey(origin, NoteKeyKind.LOG, public or public_of(signer))
    _complete(event, key)
    files = files or LogFiles(folder)
    files.create()
    lock = WriterLock(os.path.join(files.root, LOCK))
    try:
        tail = _tail(files, key, signer)
        require_extends(files, tail, (*kept_checkpoints(files, key), *known))
        _require_kind(files, tail.checkpoint.size, event.kind)
        torn = _clean(files, origin, tail.checkpoint.size)
        if torn:
            event.torn_tail_size_bytes = torn
        frames = [len(entry).to_bytes(2, "big") + entry for entry in tail.entries]
        pending = Pending(tail.growth, frames, LeafMaker(origin))
        committer = Committer(files, key, signer, tail.checkpoint)
        window = Window.of(event.durability)
        made = kind(files, Sequencer(lock, committer, pending, window, files.root), event)
    except BaseException:
        lock.release()
        raise
    try:
        made.append(v1.LogEntry(opened=event))
        made.commit()
    except BaseException:
        made.abandon()
        raise
    return made


def _complete(event: v1.LogOpened, key: NoteKey) -> None:
    """Fill in what the writer knows, and apply the rules before anything is touched."""
    event.open_time.CopyFrom(now())
    event.spec_version = SPEC_VERSION
    event.keyid = key.public.keyid
    if not event.HasField("producer"):
        event.producer.name = PRODUCER_NAME
        event.producer.version = __version__
    validate(event)


def _tail(files: LogFiles, key: NoteKey, signer: Signer) -> Tail:
    note = find_checkpoint(files)
    if note is None:
        # The empty tree is signed first, so that a folder with tiles and no checkpoint is one that
        # lost it, never one that was begun.
        note = Checkpoint(key.name, 0, EMPTY_ROOT).sign(key, signer)
        files.replace(CHECKPOINT, note)
        files.sync_folders()
    tail = read_tail(files, note, key)
    drafted = drafted_tail(files, tail, key)
    if drafted is not None:
        files.rename(DRAFT, CHECKPOINT)
        files.sync_folders()
    return drafted or tail


def _require_kind(files: LogFiles, size: int, kind: v1.LogKind.ValueType) -> None:
    """Refuse to go on with a log of another kind, as far as its first entry is still there."""
    if not size or require_pruned(files, size):
        return
    found = parse_leaf(LogFolder(files).leaf(0)).opened.kind
    if found not in (v1.LOG_KIND_UNSPECIFIED, kind):
        raise UsageError(
            f"must be {v1.LogKind.Name(found)}, as the log is (got {v1.LogKind.Name(kind)})",
            error_id="log.kind",
            source=files.root,
            path="kind",
            remedy="Give each kind of log its own folder and origin.",
        )


def _clean(files: LogFiles, origin: str, size: int) -> int:
    files.remove(DRAFT)
    with side_lock(files.root):
        remove_side_scratch(files, size, origin)
    return remove_scratch(files, size)


def public_of(signer: Signer) -> PublicKey:
    """Return the public key that a signer shows. Raises UsageError if it shows none."""
    public = getattr(signer, "public", None)
    if not isinstance(public, PublicKey):
        raise UsageError(
            "must be given for a signer that does not have it as its attribute",
            error_id="log.public",
            path="public",
            remedy="Give the public key of the signer, for example from `load_public_key`.",
        )
    return public
