"""A bundle: its files, read once from a folder or a zip file, and bound by its manifest."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from mlspec.errors import DecodeError, UnreadableError, VerificationError
from mlspec.evidence.folder import read_folder
from mlspec.evidence.layout import MANIFEST, require_bounds, shown
from mlspec.evidence.zipped import read_zip
from mlspec.files import StrPath, unreadable

_LINE: Final = re.compile(rb"([0-9a-f]{64})  ([!-\[\]-~]{1,255})\n")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of a bundle. Claims, all of them, until `mlspec.evidence.verify` has looked.

    Attributes:
        files: Their bytes by name, `MANIFEST` included.
    """

    files: Mapping[str, bytes]

    @classmethod
    def open(cls, path: StrPath) -> Self:
        """Read a folder or a zip file, and check that it is whole.

        Raises:
            UnreadableError, DecodeError, InputError, LimitError: It is no bundle that can be read.
            VerificationError: Files were added, lost, renamed, swapped or changed.
        """
        try:
            mode = Path(path).stat().st_mode
        except (OSError, ValueError) as error:
            raise unreadable(error, os.fspath(path)) from error
        if stat.S_ISDIR(mode):
            return cls.of(read_folder(path))
        if not stat.S_ISREG(mode):
            raise UnreadableError("must be a folder or a zip file", source=os.fspath(path))
        return cls.of(read_zip(path))

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Self:
        """Take files, and check that they are those of their manifest. Raises as `open` does."""
        return cls(files)

    def __post_init__(self) -> None:
        """Check the files: there is no bundle that is not whole."""
        files = MappingProxyType(dict(self.files))
        object.__setattr__(self, "files", files)
        require_bounds((name, len(data)) for name, data in files.items())
        if MANIFEST not in files:
            raise _missing(MANIFEST)
        listed = _read_manifest(files[MANIFEST])
        for name in files.keys() - listed.keys() - {MANIFEST}:
            raise VerificationError(
                "must be in the manifest", error_id="bundle.added", path=shown(name), remedy=_ANEW
            )
        for name, digest in listed.items():
            if name not in files:
                raise _missing(name)
            if hashlib.sha256(files[name]).digest() != digest:
                raise VerificationError(
                    "must be the file that the manifest names",
                    error_id="bundle.altered",
                    path=name,
                    remedy=_ANEW,
                )

    @property
    def sha256(self) -> bytes:
        """The SHA-256 of the manifest: it binds every name and every byte."""
        return hashlib.sha256(self.files[MANIFEST]).digest()

    def require(self, name: str) -> bytes:
        """Return a file. Raises VerificationError if the bundle lacks it."""
        if name not in self.files:
            raise _missing(name)
        return self.files[name]

    def below(self, folder: str, suffix: str) -> Iterator[tuple[str, bytes]]:
        """Yield the files of a folder with this suffix: the rest of the name, and the bytes."""
        start = f"{folder}/"
        for name, data in sorted(self.files.items()):
            if name.startswith(start) and name.endswith(suffix):
                yield name[len(start) : len(name) - len(suffix)], data


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """Return the manifest of files, as `sha256sum --check` reads it."""
    lines = sorted(
        (name.encode(), hashlib.sha256(data).hexdigest()) for name, data in files.items()
    )
    return b"".join(b"%b  %b\n" % (digest.encode(), name) for name, digest in lines)


_ANEW: Final = "The bundle was changed after it was made: ask for it anew."


def _read_manifest(data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    at = 0
    last = b""
    while at < len(data):
        line = _LINE.match(data, at)
        if line is None or line[2] <= last:
            raise DecodeError(
                "must be lines of a digest, two blanks and a name, sorted, each name once",
                error_id="bundle.manifest",
                path=f"{MANIFEST}, line {len(found) + 1}",
                remedy=_ANEW,
            )
        last = line[2]
        found[line[2].decode("ascii")] = bytes.fromhex(line[1].decode("ascii"))
        at = line.end()
    if MANIFEST in found:
        raise DecodeError("must not list itself", error_id="bundle.manifest", path=MANIFEST)
    require_bounds((name, 0) for name in found)
    return found


def _missing(name: str) -> VerificationError:
    return VerificationError(
        "must be there (the bundle lacks it)",
        error_id="bundle.missing",
        path=shown(name),
        remedy=_ANEW,
    )
