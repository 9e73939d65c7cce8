"""Manifests that somebody else made: read strictly, before anything is looked for by them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, NamedTuple

from mlspec import v1
from mlspec.digests.folders import FileDigest, hash_folder, manifest_of
from mlspec.digests.names import check_path, check_twins
from mlspec.digests.walking import MAX_DEPTH, MAX_FILES
from mlspec.errors import DecodeError, InputError, LimitError
from mlspec.files import StrPath

MAX_MANIFEST: Final = 256 * 1024 * 1024
"""The longest manifest that is read, in bytes."""

_MAX_PACKAGE: Final = 65_536
_LINE: Final = re.compile(rb"([0-9a-f]{64})  ([^\n]+)\n")


class ListedFile(NamedTuple):
    """One file as a manifest has it.

    Attributes:
        path: Where it is within the folder, with slashes.
        sha256: SHA-256 of its bytes, raw.
        size: Its size in bytes. None: the manifest does not say.
        executable: Whether it may be run as a program.
    """

    path: str
    sha256: bytes
    size: int | None = None
    executable: bool = False


def package_manifest(folder: StrPath) -> v1.PackageManifest:
    """Return the manifest of a folder as a message.

    Raises what `digests.manifest` raises; LimitError beyond 65,536 files; InputError without any.
    """
    files = hash_folder(folder, "sha256")
    if not 0 < len(files) <= _MAX_PACKAGE:
        raise LimitError(
            f"must hold 1 to {_MAX_PACKAGE} files (got {len(files)})",
            error_id="limit.count",
            source=str(folder),
        )
    return v1.PackageManifest(
        sha256=hashlib.sha256(manifest_of(files)).digest(),
        files=[
            v1.PackagedFile(path=file.path, sha256=file.value, size_bytes=file.size)
            for file in files
        ],
        total_size_bytes=sum(file.size for file in files),
    )


def read_manifest(manifest: v1.PackageManifest | bytes) -> dict[str, ListedFile]:
    """Return the files of a manifest by path: of a message, or of a `SHA256SUMS` text.

    Raises DecodeError for a text that is not in the one spelling of its files, for paths that
    lead out of the folder or stand twice (also in other case or Unicode form), and for a message
    whose digest or sizes are not those of its files; LimitError.
    """
    listed = _of_text(manifest) if isinstance(manifest, bytes) else _of_message(manifest)
    found: dict[str, ListedFile] = {}
    for file in listed:
        if file.path in found:
            raise _bad("must name each file once", file.path, "manifest.twice")
        found[file.path] = file
        _check(partial(_check_path, file.path), file.path)
    _check(partial(check_twins, found), "")
    return found


def _check_path(path: str) -> None:
    if len(check_path(path)) > MAX_DEPTH:
        words = f"must nest at most {MAX_DEPTH} deep"
        raise LimitError(words, error_id="limit.depth", path=repr(path[:80]))


def _check(check: Callable[[], None], path: str) -> None:
    try:
        check()
    except LimitError:
        raise
    except InputError as error:
        raise _bad(error.message, path or error.path, "manifest.path") from None


def _of_text(text: bytes) -> list[ListedFile]:
    if len(text) > MAX_MANIFEST:
        raise LimitError(
            f"must be at most {MAX_MANIFEST} bytes (got {len(text)})", error_id="limit.size"
        )
    listed: list[ListedFile] = []
    position, before = 0, b""
    while position < len(text):
        line = _LINE.match(text, position)
        where = f"line {len(listed) + 1}"
        if line is None:
            words = "must be 64 lower-case hex digits, two blanks, a path and a newline"
            raise _bad(words, where, "manifest.syntax")
        if len(listed) >= MAX_FILES:
            raise LimitError(f"must hold at most {MAX_FILES} files", error_id="limit.count")
        if line[2] < before:
            raise _bad("must come in the order of its path's bytes", where, "manifest.order")
        position, before = line.end(), line[2]
        listed.append(ListedFile(_text(line[2], where), bytes.fromhex(line[1].decode())))
    return listed


def _text(path: bytes, where: str) -> str:
    try:
        return path.decode("utf-8")
    except UnicodeDecodeError:
        raise _bad("must have a path in UTF-8", where, "manifest.syntax") from None


def _of_message(manifest: v1.PackageManifest) -> list[ListedFile]:
    if len(manifest.files) > _MAX_PACKAGE:
        raise LimitError(f"must hold at most {_MAX_PACKAGE} files", error_id="limit.count")
    listed = [
        ListedFile(
            file.path,
            file.sha256,
            file.size_bytes if file.HasField("size_bytes") else None,
            file.executable,
        )
        for file in manifest.files
    ]
    for file in listed:
        if len(file.sha256) != hashlib.sha256().digest_size:
            raise _bad("must have a SHA-256 of 32 bytes", file.path, "manifest.syntax")
    if hashlib.sha256(_lines(listed)).digest() != manifest.sha256:
        raise _bad("must be the SHA-256 of the files' sorted lines", "sha256", "manifest.digest")
    if manifest.HasField("total_size_bytes"):
        _check_total(manifest.total_size_bytes, listed)
    return listed


def _lines(listed: Iterable[ListedFile]) -> bytes:
    return manifest_of(
        FileDigest(file.path, file.sha256, 0)
        for file in sorted(listed, key=lambda file: file.path.encode())
    )


def _check_total(total: int, listed: list[ListedFile]) -> None:
    added = sum(file.size or 0 for file in listed)
    if added != total:
        raise _bad(
            f"must be the sum of the files' sizes, {added} (got {total})",
            "total_size_bytes",
            "manifest.size",
        )


def _bad(words: str, path: str, error_id: str) -> DecodeError:
    return DecodeError(
        words,
        error_id=error_id,
        path=path if path.isprintable() else repr(path),
        remedy="Do not use the package: get its manifest anew from whoever sealed it.",
    )
