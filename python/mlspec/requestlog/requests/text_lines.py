"""The text lines of a log's folder: `access.log`, and what was rotated away from it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from mlspec.errors import StateError
from mlspec.files import StrPath
from mlspec.requestlog.requests.replacing import (
    append_synced,
    open_plain,
    remove_drafts,
    replace,
    unwritable,
)

NAME: Final = "access.log"
"""The file that lines are appended to."""

# The two last fields. No client can forge them: a quote within a field is written as `\x22`.
_PLACE: Final = re.compile(rb' seq="([0-9]{1,19})" leaf="[0-9a-f]{64}"\n?\Z')
_ROTATED: Final = re.compile(r"access[.]log[.]([0-9]{1,9})")


class TextLines:
    """The lines of a log's folder. Whoever writes holds `side_lock`."""

    def __init__(self, folder: StrPath) -> None:
        """Take the log's folder."""
        self.folder = Path(folder)
        self.path = self.folder / NAME

    def append(self, lines: Collection[bytes]) -> None:
        """Append lines, without their newlines. Raises StoreUnwritableError.

        Not synced: a view that a crash tears is mended from the log (`mended`).
        """
        if not lines:
            return
        append_synced(self.path, b"".join([line + b"\n" for line in lines]), sync=False)

    def size(self) -> int:
        """Return the bytes in the file that is appended to."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def rotate(self) -> Path | None:
        """Put the file aside under the next free number; return where. None: there is none.

        Raises StoreUnwritableError.
        """
        if not self.path.exists():
            return None
        numbers = [number for number, _ in self._rotated()]
        target = self.folder / f"{NAME}.{max(numbers, default=0) + 1}"
        try:
            self.path.rename(target)
        except OSError as error:
            raise unwritable(error, self.path) from error
        return target

    def files(self) -> list[Path]:
        """Return all files of lines, the oldest first, as far as they can be rewritten.

        Raises:
            StateError: Some were compressed or renamed: nobody can be erased from those here.
        """
        foreign = [
            path.name
            for path in self.folder.iterdir()
            if path.name.startswith(NAME)
            and path.name != NAME
            and not _ROTATED.fullmatch(path.name)
        ]
        if foreign:
            shown = ", ".join(sorted(foreign)[:8])
            raise StateError(
                f"must hold no lines that cannot be rewritten (got {shown})",
                error_id="log.text.foreign",
                source=str(self.folder),
                remedy="Unpack those files as access.log.<number>, or move them away and see that "
                "nobody who is erased stays in them.",
            )
        rotated = [path for _, path in sorted(self._rotated())]
        return [*rotated, self.path] if self.path.exists() else rotated

    def erase(self, indexes: Collection[int]) -> int:
        """Rewrite the files without the lines of these leaves; return how many there were.

        Raises StateError, StoreUnwritableError, UnreadableError.
        """
        files = self.files()
        remove_drafts(self.folder)
        wanted = frozenset(indexes)
        return sum(_rewrite(path, wanted.__contains__) for path in files) if wanted else 0

    def prune(self, before: int) -> int:
        """Rewrite the files without the lines of the leaves before one; return how many went.

        Raises what `erase` raises.
        """
        files = self.files()
        remove_drafts(self.folder)
        return sum(_rewrite(path, lambda place: place < before) for path in files)

    def cut(self, first: int) -> int | None:
        """Remove a torn end, and lines at or beyond a leaf; return the leaf after the last line.

        None if there are files of lines, and none that tells: they were put away by another
        program. Raises StoreUnwritableError.
        """
        remove_drafts(self.folder)
        following = self._cut(first)
        if following is not None:
            return following
        rotated = sorted(self._rotated(), reverse=True)
        if rotated:
            return _following(rotated[0][1])
        return None if any(self.folder.glob(f"{NAME}?*")) else 0

    def _cut(self, first: int) -> int | None:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unwritable(error, self.path) from error
        with os.fdopen(descriptor, "r+b") as file:
            keep = at = 0
            following = None
            for line in file:
                at += len(line)
                place = place_of(line)
                if line.endswith(b"\n") and (place is None or place < first):
                    keep = at
                    following = following if place is None else place + 1
            if keep < at:
                file.truncate(keep)
        return following

    def _rotated(self) -> Iterator[tuple[int, Path]]:
        for path in self.folder.iterdir():
            found = _ROTATED.fullmatch(path.name)
            if found:
                yield int(found[1]), path


def _rewrite(path: Path, gone: Callable[[int], bool]) -> int:
    """Write a file anew without the lines of some leaves; return how many those were."""

    def goes(line: bytes) -> bool:
        place = place_of(line)
        return place is not None and gone(place)

    file = open_plain(path)
    if file is None:
        return 0
    with file:
        count = sum(map(goes, file))
        if count:
            file.seek(0)
            replace(path, (line for line in file if not goes(line)))
    return count


def _following(path: Path) -> int | None:
    """Return the leaf after the last line of a file. None: no line tells."""
    file = open_plain(path)
    found = None
    if file is not None:
        with file:
            for line in file:
                place = place_of(line)
                found = found if place is None else place + 1
    return found


def place_of(line: bytes) -> int | None:
    """Return the leaf that a line is of. None: it is torn, or none of ours."""
    found = _PLACE.search(line)
    return int(found[1]) if found else None
