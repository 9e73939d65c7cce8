"""Using files that were verified: the bytes handed out are those that were hashed.

A file that is checked and then opened by its name can be another one by then. So it is read once,
through one descriptor, into a place that nobody else has a name for; the copy is hashed on its
way, and the copy is what is handed out.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import BinaryIO, Final

from mlspec import v1
from mlspec.digests import values
from mlspec.digests.hashing import Sink, hash_descriptor
from mlspec.digests.manifests import ListedFile, read_manifest
from mlspec.digests.walking import opened, walk
from mlspec.errors import InputError, VerificationError
from mlspec.files import StrPath, unwritable

MAX_IN_MEMORY: Final = 64 * 1024 * 1024
"""Up to this size a copy lies in memory, beyond it in a temporary file without a name."""

_REMEDY: Final = "Do not use the file: get the package anew, or find out who changed it."


def open_verified(folder: StrPath, path: str, digest: v1.Digest) -> BinaryIO:
    """Open a file of a folder for reading, if it is the one that `digest` names.

    What is read from the result was hashed, whatever happens to the file during or after the
    call. It costs one reading, one hashing and one writing of the whole file: memory for a file of
    up to 64 MiB, else space where temporary files go (`TMPDIR`).

    Args:
        folder: Where the file is; links on the way to it are followed, below it none are.
        path: The file within it, with slashes.
        digest: What its bytes must hash to; from a verified record.

    Raises:
        VerificationError: It has another digest ("package.changed").
        InputError: The path leads out of the folder ("digest.name"), there is no regular file
            ("digest.not_a_file"), or it changed while it was read ("digest.changed").
        UnreadableError: It cannot be read, or the copy cannot be written.
    """
    algorithm, wanted = values.algorithm(digest), values.value(digest)
    with opened(folder, path) as descriptor:
        before = os.fstat(descriptor)
        small = before.st_size <= MAX_IN_MEMORY
        copy: BinaryIO = io.BytesIO() if small else _nameless()
        sink = _writer(copy.write, "temporary file")
        try:
            found = hash_descriptor(descriptor, algorithm, sink=sink, before=before)
            if found.value != wanted:
                raise _changed(path, wanted, found.value, os.fspath(folder))
            copy.seek(0)
        except BaseException:
            copy.close()
            raise
    return copy if small else _read_only(copy)


def verified_copy(
    folder: StrPath, manifest: v1.PackageManifest | bytes, into: StrPath
) -> tuple[ListedFile, ...]:
    """Copy a folder whose files are those of its manifest, and return them.

    For programs that want paths. Every file is hashed while it is copied; if one differs, is
    missing or was added, nothing is left behind. The copy belongs to this user alone (mode 0700),
    its files cannot be written (0400, or 0500 if they may be run), and no link leads out of it. It
    costs one reading, one hashing and one writing of the whole package. The copy is not synced.

    Args:
        folder: Where the files are.
        manifest: The message, from a verified record; or a `SHA256SUMS` text whose digest was
            checked.
        into: The folder to make. It must not exist.

    Raises:
        VerificationError: As `verify_package`, but for the words: the first difference ends it.
        InputError: `into` exists ("file.exists"), or as `open_verified`.
        DecodeError, LimitError: A manifest that must not be used.
        UnreadableError: A file cannot be read or written.
    """
    # Loaded where they are used: the commands that only hash start without them.
    import shutil
    import tempfile

    wanted = read_manifest(manifest)
    target = os.path.abspath(into)
    if "\0" in target:
        raise unwritable(ValueError("no name holds a null byte"), target)
    if os.path.lexists(target):
        raise InputError("must not exist yet", error_id="file.exists", source=target)
    try:
        draft = tempfile.mkdtemp(prefix=".mlspec-", suffix=".draft", dir=os.path.dirname(target))
    except OSError as error:
        raise unwritable(error, target) from error
    try:
        _Copy(os.fspath(folder), wanted, draft).run()
        os.rename(draft, target)
    except OSError as error:
        raise unwritable(error, target) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return tuple(wanted.values())


class _Copy:
    """One copy on its way."""

    def __init__(self, source: str, wanted: dict[str, ListedFile], draft: str) -> None:
        self._source = source
        self._wanted = wanted
        self._left = set(wanted)
        self._draft = draft

    def run(self) -> None:
        """Copy all files. Raises what `verified_copy` raises."""
        walk(self._source, self._file)
        if self._left:
            raise self._error("missing", min(self._left), "must be there")

    def _file(self, descriptor: int, path: str) -> None:
        listed = self._wanted.get(path)
        if listed is None:
            raise self._error("added", path, "must not be there: the manifest does not name it")
        before = os.fstat(descriptor)
        # Looked at first, so that a huge file in a small one's place fills no disk.
        if listed.size not in (None, before.st_size):
            words = f"must be as long as the manifest says, {listed.size} (got {before.st_size})"
            raise self._error("size", path, words)
        target = os.path.join(self._draft, path)
        try:
            os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
            mode = 0o500 if listed.executable else 0o400
            made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except OSError as error:
            raise unwritable(error, path) from error
        with io.FileIO(made, "wb") as file:
            sink = _writer(file.write, path)
            found = hash_descriptor(descriptor, "sha256", sink=sink, before=before)
        if found.value != listed.sha256:
            raise _changed(path, listed.sha256, found.value, self._source)
        self._left.discard(path)

    def _error(self, kind: str, path: str, words: str) -> VerificationError:
        return VerificationError(
            words, error_id=f"package.{kind}", path=path, source=self._source, remedy=_REMEDY
        )


def _nameless() -> BinaryIO:
    import tempfile

    try:
        return tempfile.TemporaryFile(buffering=0)
    except OSError as error:
        raise unwritable(error, "temporary file") from error


def _read_only(copy: BinaryIO) -> BinaryIO:
    with copy:
        return os.fdopen(os.dup(copy.fileno()), "rb")


def _writer(write: Callable[[memoryview], int | None], name: str) -> Sink:
    """Return a sink that writes all that it is given; raw files may take less at once."""

    def sink(view: memoryview) -> None:
        while view:
            try:
                count = write(view)
            except OSError as error:
                raise unwritable(error, name) from error
            view = view[count or 0 :]

    return sink


def _changed(path: str, wanted: bytes, got: bytes, source: str) -> VerificationError:
    return VerificationError(
        f"must have the digest {wanted.hex()} (got {got.hex()})",
        error_id="package.changed",
        path=path,
        source=source,
        remedy=_REMEDY,
    )
