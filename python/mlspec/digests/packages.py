"""Whether a folder is what a manifest says: these files, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from mlspec import v1
from mlspec.digests.folders import FileDigest, hash_folder
from mlspec.digests.manifests import ListedFile, read_manifest
from mlspec.errors import VerificationError
from mlspec.files import StrPath, name_of

_REMEDY = "Do not use the package: get it anew, or find out who changed it."


class PackageFault(NamedTuple):
    """One way in which a folder is not what its manifest says.

    Attributes:
        id: The error id, for example "package.added".
        path: The file.
        words: What must hold.
    """

    id: str
    path: str
    words: str


@dataclass(frozen=True, slots=True)
class CheckedPackage:
    """A folder that was what its manifest says, when it was read.

    It can change right afterwards: what is to be used is opened with `open_verified`, or copied
    with `verified_copy`.

    Attributes:
        files: Its files, sorted by the bytes of their paths.
    """

    files: tuple[FileDigest, ...]

    @property
    def size(self) -> int:
        """The sum of the files' sizes, in bytes."""
        return sum(file.size for file in self.files)

    @property
    def linked(self) -> tuple[str, ...]:
        """The files that have another name as well, through which they can be changed."""
        return tuple(file.path for file in self.files if file.links > 1)


def verify_package(folder: StrPath, manifest: v1.PackageManifest | bytes) -> CheckedPackage:
    """Check that a folder holds the files of its manifest, and no others.

    Args:
        folder: Where the files are.
        manifest: The message, from a verified record; or a `SHA256SUMS` text whose digest was
            checked.

    Raises:
        VerificationError: A file was changed, swapped, renamed, added, or is missing; the error
            names one, and how many more there are.
        DecodeError, LimitError: A manifest that must not be used (`read_manifest`).
        InputError, UnreadableError: What `digests.manifest` raises about a folder.
    """
    wanted = read_manifest(manifest)
    files = hash_folder(folder, "sha256")
    faults = package_faults(wanted, files)
    if faults:
        raise _error(faults).from_source(name_of(folder))
    return CheckedPackage(tuple(files))


def package_faults(
    wanted: Mapping[str, ListedFile], files: list[FileDigest]
) -> tuple[PackageFault, ...]:
    """Return in which ways `files` are not those that are wanted. Empty: in none."""
    return _Comparison.of(wanted, files).faults()


@dataclass(frozen=True, slots=True)
class _Comparison:
    wanted: Mapping[str, ListedFile]
    found: Mapping[str, FileDigest]

    @classmethod
    def of(cls, wanted: Mapping[str, ListedFile], files: list[FileDigest]) -> Self:
        return cls(wanted, {file.path: file for file in files})

    def faults(self) -> tuple[PackageFault, ...]:
        both = [path for path in self.wanted if path in self.found]
        changed = [p for p in both if self.found[p].value != self.wanted[p].sha256]
        lost = [path for path in self.wanted if path not in self.found]
        more = [path for path in self.found if path not in self.wanted]
        moved = {self.found[path].value: path for path in more}
        renamed = {p: moved[self.wanted[p].sha256] for p in lost if self.wanted[p].sha256 in moved}
        return (
            *self._changed(changed),
            *(self._size(path) for path in both if self._lied(path)),
            *(_fault("missing", path, "must be there") for path in lost if path not in renamed),
            *(
                _fault("renamed", path, f"must keep its name (it is {new!r} now)")
                for path, new in renamed.items()
            ),
            *(
                _fault("added", path, "must not be there: the manifest does not name it")
                for path in more
                if path not in renamed.values()
            ),
        )

    def _changed(self, changed: list[str]) -> list[PackageFault]:
        places = {self.wanted[path].sha256: path for path in changed}
        made = []
        for path in changed:
            other = places.get(self.found[path].value)
            if other is not None:
                words = f"must hold its own bytes (it holds those of {other!r})"
                made.append(_fault("swapped", path, words))
                continue
            got, must = self.found[path].value.hex(), self.wanted[path].sha256.hex()
            made.append(_fault("changed", path, f"must have the SHA-256 {must} (got {got})"))
        return made

    def _lied(self, path: str) -> bool:
        said = self.wanted[path].size
        same = self.found[path].value == self.wanted[path].sha256
        return same and said is not None and said != self.found[path].size

    def _size(self, path: str) -> PackageFault:
        said, size = self.wanted[path].size, self.found[path].size
        return _fault("size", path, f"must be as long as the manifest says, {said} (got {size})")


def _fault(kind: str, path: str, words: str) -> PackageFault:
    return PackageFault(f"package.{kind}", path, words)


def _error(faults: tuple[PackageFault, ...]) -> VerificationError:
    first, more = faults[0], len(faults) - 1
    words = f"{first.words}, and {more} more" if more else first.words
    return VerificationError(words, error_id=first.id, path=first.path, remedy=_REMEDY)
