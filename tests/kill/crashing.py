"""What a power cut can leave of recorded calls: what was synced, and any part of what was not.

The model is what POSIX promises and no more. Bytes of a file last once the file was synced; a name
in a folder lasts once the folder was. Whatever was not synced may be there, be gone, or be cut
anywhere, each call by itself. File systems in use are kinder than that.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.kill.recording import Call

FOLDER = 0


@dataclass
class Change:
    """One change of a file's bytes, or of a folder's names.

    Attributes:
        at: Which call made it.
        owner: The path of the folder whose names change, or the number of the file.
        names: Names that come or go, with the number of the file (None: the name goes).
        data: The bytes that were written at `offset`. None: the file was cut to `offset`.
        synced: Which call made it last. None: none did.
    """

    at: int
    owner: str | int
    names: dict[str, int | None] = field(default_factory=dict)
    data: bytes | None = None
    offset: int = 0
    synced: int | None = None


class Disk:
    """All changes below a folder, and when each of them was made to last."""

    def __init__(self, folder: Path, calls: Iterable[Call]) -> None:
        self._folder = str(folder)
        self._names: dict[str, int] = {self._folder: FOLDER}
        self._sizes: dict[int, int] = {}
        self.changes: list[Change] = []
        self.said: list[tuple[int, bytes]] = []
        self.calls = list(calls)
        for at, call in enumerate(self.calls):
            if call.kind == "said":
                self.said.append((at, call.data))
            else:
                self._take(at, call)

    def after(self, at: int, kept: float, chance: random.Random) -> dict[str, bytes | None]:
        """Return the files, by path, that a power cut before call `at` leaves; folders as None.

        Args:
            at: The call that did not come to be made.
            kept: How likely each change is kept that was not made to last by then. Below 1, one
                that is kept may still be cut short.
            chance: What decides.
        """
        names: dict[str, int] = {}
        files: dict[int, bytes] = {}
        for change in self.changes:
            if change.at >= at:
                break
            lasts = change.synced is not None and change.synced < at
            if not lasts and chance.random() >= kept:
                continue
            for path, number in change.names.items():
                names.pop(path, None)
                if number is not None:
                    names[path] = number
            if isinstance(change.owner, int):
                data = change.data
                if data and not lasts and kept < 1 and chance.random() < 1 / 4:
                    data = data[: chance.randrange(len(data))]
                files[change.owner] = _written(files.get(change.owner, b""), change.offset, data)
        return {
            path: None if number == FOLDER else files.get(number, b"")
            for path, number in names.items()
            if self._reachable(os.path.dirname(path), names)
        }

    def _reachable(self, folder: str, names: dict[str, int]) -> bool:
        if folder == self._folder:
            return True
        return folder in names and self._reachable(os.path.dirname(folder), names)

    def _take(self, at: int, call: Call) -> None:
        number = self._names.get(call.path)
        if call.kind == "create" and number is None:
            self._sizes[len(self._sizes) + 1] = 0
            self._name(at, {call.path: len(self._sizes)})
        elif call.kind == "folder":
            self._name(at, {call.path: FOLDER})
        elif call.kind == "sync":
            self._sync(at, call.path if number == FOLDER else number)
        elif number is not None and call.kind == "unlink":
            self._name(at, {call.path: None})
        elif number is not None and call.kind == "link":
            self._name(at, {call.target: number})
        elif number is not None and call.kind == "rename":
            self._name(at, {call.path: None, call.target: number})
        elif number is not None and call.kind == "write":
            offset = self._sizes[number] if call.offset < 0 else call.offset
            self._sizes[number] = max(self._sizes[number], offset + len(call.data))
            self.changes.append(Change(at, number, data=call.data, offset=offset))
        elif number is not None and call.kind in ("truncate", "empty"):
            self._sizes[number] = call.offset
            self.changes.append(Change(at, number, offset=call.offset))

    def _name(self, at: int, names: dict[str, int | None]) -> None:
        for path, number in names.items():
            self._names.pop(path, None)
            if number is not None:
                self._names[path] = number
        self.changes.append(Change(at, os.path.dirname(next(iter(names))), names))

    def _sync(self, at: int, owner: str | int | None) -> None:
        for change in self.changes:
            if change.owner == owner and change.synced is None:
                change.synced = at


def _written(old: bytes, offset: int, data: bytes | None) -> bytes:
    if data is None:
        return old[:offset].ljust(offset, b"\0")
    return old[:offset].ljust(offset, b"\0") + data + old[offset + len(data) :]


def lay(files: dict[str, bytes | None], source: Path, target: Path) -> None:
    """Write what is left of `source` into the new folder `target`."""
    target.mkdir()
    for path in sorted(files, key=len):
        place, data = target / Path(path).relative_to(source), files[path]
        if data is None:
            place.mkdir()
        else:
            place.write_bytes(data)
