"""Files and folders as the artifacts of a record."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from mlspec import v1
from mlspec.digests import hashing, values
from mlspec.digests.folders import hash_folder, manifest_of
from mlspec.digests.names import check_text

if TYPE_CHECKING:
    from mlspec.digests.values import Algorithm
    from mlspec.files import StrPath

MEDIA_TYPES: Final = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".onnx": "application/onnx",
    ".parquet": "application/vnd.apache.parquet",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}
"""What a suffix says; an artifact with another one has no media type unless its maker says it."""


def digest_bytes(data: bytes, algorithm: Algorithm = "sha256") -> v1.Digest:
    """Return the digest of `data`."""
    made = hashing.new_hash(algorithm)
    made.update(data)
    return values.make(made.digest(), algorithm)


def digest_file(path: StrPath, algorithm: Algorithm = "sha256") -> v1.Digest:
    """Return the digest of a file's bytes. Raises UnreadableError, InputError."""
    return values.make(hashing.hash_file(path, algorithm)[0], algorithm)


def digest_folder(path: StrPath, algorithm: Algorithm = "sha256") -> v1.Digest:
    """Return the digest of a folder's manifest. Raises what `manifest` raises."""
    return digest_bytes(manifest(path, algorithm), algorithm)


def digest_path(path: StrPath, algorithm: Algorithm = "sha256") -> v1.Digest:
    """Return the digest of a file or a folder, whichever `path` is."""
    return (digest_folder if os.path.isdir(path) else digest_file)(path, algorithm)


def manifest(path: StrPath, algorithm: Algorithm = "sha256") -> bytes:
    """Return a folder's manifest: what `sha256sum` prints for its files, sorted by path.

    Raises InputError for links, devices and names that differ between systems; LimitError;
    UnreadableError.
    """
    return manifest_of(hash_folder(path, algorithm))


def artifact(
    path: StrPath,
    *,
    name: str | None = None,
    role: str | None = None,
    uri: str | None = None,
    media_type: str | None = None,
    algorithm: Algorithm = "sha256",
) -> v1.Artifact:
    """Describe a file or a folder by what it holds.

    The name is by default the last part of the path. The URI is by default the path itself, as
    long as it is relative: an absolute one says nothing to anybody elsewhere. Raises
    UnreadableError, InputError, LimitError.
    """
    pure = PurePath(path)
    named = name or pure.name or "folder"
    for text in (named, "" if pure.is_absolute() else pure.as_posix()):
        check_text(text)
    made = v1.Artifact(name=named)
    if os.path.isdir(path):
        files = hash_folder(path, algorithm)
        made.kind = v1.ARTIFACT_KIND_FOLDER
        made.size_bytes = sum(file.size for file in files)
        made.digest.CopyFrom(digest_bytes(manifest_of(files), algorithm))
    else:
        value, size = hashing.hash_file(path, algorithm)
        made.kind = v1.ARTIFACT_KIND_FILE
        made.size_bytes = size
        made.digest.CopyFrom(values.make(value, algorithm))
        media_type = media_type or MEDIA_TYPES.get(pure.suffix.lower())
    if uri is None and not pure.is_absolute():
        uri = quote(pure.as_posix())
    _set_optional(made, role=role, uri=uri, media_type=media_type)
    return made


def _set_optional(made: v1.Artifact, **parts: str | None) -> None:
    for field, text in parts.items():
        if text is not None:
            setattr(made, field, text)
