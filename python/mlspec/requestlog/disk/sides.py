"""Side records on their way to disk, beside the bundle of their leaves."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from mlspec.errors import StoreUnwritableError
from mlspec.requestlog.disk.files import LogFiles
from mlspec.requestlog.disk.layout import SIDE_LOCK, side_path


@contextmanager
def side_lock(root: str) -> Iterator[None]:
    """Hold `side.lock` of a log's folder for the block, so that erasing and writing do not meet.

    Raises StoreUnwritableError.
    """
    import fcntl

    path = os.path.join(root, SIDE_LOCK)
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o644)
    except OSError as error:
        raise StoreUnwritableError(
            f"must be writable ({error.strerror}); nothing was written",
            error_id="log.unwritable",
            source=path,
            remedy="Check the folder and its permissions; symbolic links are not followed.",
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def append_sides(files: LogFiles, sides: Mapping[int, bytes]) -> None:
    """Append encoded and framed side records, by the number of their bundle; make them last.

    Raises StoreUnwritableError; then what was written is cut off again, as far as the disk allows.
    """
    with side_lock(files.root):
        before = {bundle: files.size(side_path(bundle)) for bundle in sides}
        try:
            for bundle, data in sides.items():
                files.append(side_path(bundle), data)
            files.sync_folders()
        except StoreUnwritableError:
            for bundle, size in before.items():
                with suppress(StoreUnwritableError):
                    files.truncate(side_path(bundle), size)
            raise
