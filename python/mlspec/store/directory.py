"""A folder of envelopes: one JSON file a record, for people, version control and hand-over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mlspec.errors import InputError, StoreCorruptError, StoreError, StoreUnwritableError
from mlspec.files import read_bytes, sync_folder, write_bytes
from mlspec.sealing import MAX_ENVELOPE, Sealed
from mlspec.store.protocol import Entry, Fault
from mlspec.store.scanned import ScannedStore
from mlspec.store.sqlite_errors import not_a_store

_MARKER: Final = "mlspec-store.json"
_MARK: Final = b'{"mlspecStore": 1}\n'
_LOCK: Final = ".lock"
_DRAFT: Final = ".draft"
_NAME: Final = re.compile(r"([0-9]{12})-([0-9a-f]{64})\.json\Z")


class DirectoryStore(ScannedStore):
    """One file a record: its place in the store, its digest, `.json`. Symbolic links do not count.

    A file appears whole or not at all; it is only ever replaced by one with more signatures.
    """

    def __init__(self, path: Path, *, create: bool, read_only: bool, timeout: float) -> None:
        """Open a folder. Raises StoreError."""
        super().__init__(path, read_only=read_only, timeout=timeout)
        self._names: dict[bytes, str] = {}
        self._seen: set[str] = set()
        marker = path / _MARKER
        if not marker.is_file():
            if not create:
                raise not_a_store(str(path)) if path.exists() else _missing(path)
            self._make(marker)
        if marker.read_bytes() != _MARK:
            raise StoreError(
                "must have store version 1",
                error_id="store.newer",
                source=str(path),
                remedy="Use the newer version of MLSpec that made it.",
            )

    def entries(self) -> Iterator[Entry]:
        """Yield every file as it stands, for verifying."""
        for name in self._files():
            match = _NAME.match(name)
            if match is not None and not (self._path / name).is_symlink():
                key = bytes.fromhex(match[2])
                data = read_bytes(self._path / name, max_bytes=MAX_ENVELOPE)
                yield Entry(int(match[1]), key, {}, data)

    def faults(self) -> Iterator[Fault]:
        """Yield files that are none of a store's, and gaps between those that are."""
        expected, keys = 1, set()
        for name in self._files():
            match = _NAME.match(name)
            if match is None or (self._path / name).is_symlink():
                if name not in (_MARKER, _LOCK) and not name.endswith(_DRAFT):
                    yield Fault(f"file {name[:80]!r} must not be there", grave=match is not None)
                continue
            sequence, key = int(match[1]), match[2]
            if sequence > expected:
                yield Fault(f"record number {expected} must be there: a file was deleted")
            if sequence < expected or key in keys:
                yield Fault(f"record {key} must stand in the store once, in a place of its own")
            keys.add(key)
            expected = sequence + 1

    def size(self) -> int:
        """Return how many records the store holds."""
        return sum(_NAME.match(name) is not None for name in self._files())

    @property
    def _lock_file(self) -> Path:
        return self._path / _LOCK

    def _refresh(self) -> None:
        for name in self._files():
            match = _NAME.match(name)
            if name in self._seen or match is None or (self._path / name).is_symlink():
                continue
            self._seen.add(name)
            key = bytes.fromhex(match[2])
            try:
                sealed = Sealed.from_any(read_bytes(self._path / name, max_bytes=MAX_ENVELOPE))
            except InputError:
                continue
            if sealed.sha256 == key:
                self._names[key] = name
                self._index.take(sealed, int(match[1]))

    def _load(self, sha256: bytes) -> Sealed:
        path = self._path / self._names[sha256]
        try:
            sealed = Sealed.from_any(read_bytes(path, max_bytes=MAX_ENVELOPE))
        except InputError as error:
            raise _corrupt(path) from error
        if sealed.sha256 != sha256:
            raise _corrupt(path)
        return sealed

    def _append(self, sealed: Sealed, sequence: int) -> None:
        name = f"{sequence:012d}-{sealed.hex}.json"
        self._write(sealed, name, overwrite=False)
        self._names[sealed.sha256] = name
        self._seen.add(name)

    def _replace(self, stored: Sealed, whole: Sealed) -> None:
        self._write(whole, self._names[stored.sha256], overwrite=True)

    def _last(self) -> int:
        numbers = [int(match[1]) for name in self._files() if (match := _NAME.match(name))]
        return max(numbers, default=0)

    def _files(self) -> list[str]:
        try:
            return sorted(entry.name for entry in self._path.iterdir())
        except OSError as error:
            raise StoreError(f"must be readable ({error.strerror})", source=self.url) from error

    def _make(self, marker: Path) -> None:
        try:
            self._path.mkdir(exist_ok=True)
            # A power cut may take a folder whose name was not synced, and all that is in it.
            sync_folder(self._path.parent)
        except OSError as error:
            raise StoreUnwritableError(
                f"must be a folder that can be made ({error.strerror})", source=self.url
            ) from error
        strange = [name for name in self._files() if not name.endswith(_DRAFT)]
        # Another process may have made the store, and stored something, since we looked.
        if strange and not marker.is_file():
            raise not_a_store(self.url)
        self._write_file(_MARK, _MARKER, overwrite=True)

    def _write(self, sealed: Sealed, name: str, *, overwrite: bool) -> None:
        self._write_file(sealed.to_json(), name, overwrite=overwrite)

    def _write_file(self, data: bytes, name: str, *, overwrite: bool) -> None:
        try:
            write_bytes(data, self._path / name, overwrite=overwrite)
        except InputError as error:
            raise StoreUnwritableError(
                f"{error.message}; nothing was written", source=self.url, remedy=error.remedy
            ) from error


def _missing(path: Path) -> StoreError:
    return StoreError(
        "must exist (there is no such folder)",
        error_id="store.missing",
        source=str(path),
        remedy="Check the path; a run makes the store that it writes to.",
    )


def _corrupt(path: Path) -> StoreCorruptError:
    return StoreCorruptError(
        "must hold the record that its name says",
        source=str(path),
        remedy="It was changed; `mlspec verify` shows what else was.",
    )
