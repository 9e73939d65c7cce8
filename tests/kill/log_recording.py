"""What a log's writer asked of the file system, recorded at the one door that it goes through."""

from __future__ import annotations

import os

from mlspec.requestlog.disk import LogFiles
from tests.kill.recording import Call


class RecordingFiles(LogFiles):
    """A door that does what it is asked, and writes down which calls that took.

    Attributes:
        calls: The calls, in order; "said" is what the program told others in between.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        super().__init__(root)
        self.calls: list[Call] = []

    def say(self, line: str) -> None:
        """Tell the world something: from here on it was promised."""
        self._add("said", data=line.encode())

    def write(self, path: str, data: bytes) -> None:
        """Write a file whole, and sync it."""
        super().write(path, data)
        self._add("create", path)
        self._add("empty", path)
        self._add("write", path, data)
        self._add("sync", path)

    def append(self, path: str, data: bytes) -> None:
        """Write at a file's end, and sync it."""
        super().append(path, data)
        self._add("create", path)
        self._add("write", path, data, offset=-1)
        self._add("sync", path)

    def truncate(self, path: str, size: int) -> None:
        """Cut a file, and sync it."""
        super().truncate(path, size)
        self._add("truncate", path, offset=size)
        self._add("sync", path)

    def rename(self, path: str, target: str) -> None:
        """Rename a file; the folder is not synced."""
        super().rename(path, target)
        self._add("rename", path, target=target)

    def remove(self, path: str) -> None:
        """Remove a file; the folder is not synced."""
        super().remove(path)
        self._add("unlink", path)

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder; the one above is not synced."""
        super().remove_folder(path)
        self._add("unlink", path)

    def make_folder(self, path: str) -> None:
        """Make a folder; the one above is not synced."""
        is_new = not os.path.isdir(os.path.join(self.root, path))
        super().make_folder(path)
        if is_new:
            self._add("folder", path)

    def sync_folder(self, path: str) -> None:
        """Sync a folder."""
        super().sync_folder(path)
        self._add("sync", path)

    def _add(
        self, kind: str, path: str = "", data: bytes = b"", offset: int = 0, target: str = ""
    ) -> None:
        whole = [os.path.join(self.root, each).rstrip("/") for each in (path, target)]
        named = whole[0] if kind != "said" else ""
        self.calls.append(Call(kind, named, data, offset, whole[1] if target else ""))
