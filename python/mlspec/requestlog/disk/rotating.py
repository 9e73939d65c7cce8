"""Going on in a new folder, under a new origin that the old log delegates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlspec.requestlog.disk.files import LogFiles
from mlspec.requestlog.disk.layout import kept_path
from mlspec.requestlog.disk.opening import public_of
from mlspec.requestlog.disk.writer import LogWriter

if TYPE_CHECKING:
    from mlspec.files import StrPath
    from mlspec.sealing import PublicKey, Signer


def rotate(
    writer: LogWriter,
    folder: StrPath,
    *,
    origin: str,
    signer: Signer,
    public: PublicKey | None = None,
) -> LogWriter:
    """End a log, and go on in another; return that one's writer.

    1. The old log says, durably, that the new origin may log for it, and names the new key.
    2. Its last checkpoint is kept, so that witnesses and time stamps can still be added to it.
    3. The new log is opened, of the same kind and durability, and names the old one back.
    4. The old writer is closed. Its folder can be removed whole once all of it has expired.

    Of a log of requests, the deployment in force is said again in the new one before the next
    request: which one answered is read from the log that the request is in.

    If something fails before the last step, the old writer is as it was, but for the delegation.

    Args:
        writer: The old log's.
        folder: A new folder.
        origin: A new origin: what stands in the old log can be in no other of its name.
        signer: Signs the new log's checkpoints: the old key or a new one.
        public: Its public key. Default: its attribute `public`.

    Raises what `LogWriter.delegate`, `open` and `close` raise.
    """
    key = public or public_of(signer)
    checkpoint = writer.delegate(origin, key)
    files = LogFiles(writer.folder.root)
    files.write(kept_path(checkpoint.size), checkpoint.note.to_bytes())
    files.sync_folders()
    was = writer.opening
    made = LogWriter.open(
        folder,
        origin=origin,
        signer=signer,
        kind=was.kind,
        durability=was.durability,
        queue=was.queue if was.HasField("queue") else None,
        producer=was.producer,
        delegating_origin=writer.origin,
        public=key,
    )
    try:
        writer.close()
    except BaseException:
        made.close()
        raise
    return made
