"""Side records on disk: a stream for the entries of each bundle, beside the log's tiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from mlspec import v1
from mlspec.codec import decode
from mlspec.codec.streams import frame
from mlspec.errors import DecodeError, LimitError, UnknownFieldsError, UsageError
from mlspec.files import StrPath
from mlspec.requestlog.disk import side_path
from mlspec.requestlog.numbers import parse_decimal
from mlspec.requestlog.requests.replacing import (
    append_synced,
    open_plain,
    remove_drafts,
    replace,
)
from mlspec.requestlog.requests.side import SIDE_LIMITS
from mlspec.requestlog.tiles import WIDTH, Tile

SIDE: Final = "side"
_ERASED: Final = "erased"
_BUNDLES: Final = "tile/entries/"
_MAX_VARINT: Final = 5

Keep = Callable[[int], bool]


class SideRecords:
    """The side records of a log's folder.

    Whoever writes holds `side_lock`; readers need no lock, because files are only appended to or
    replaced. What is read is unverified: `open_detail` compares it with its leaf.
    """

    def __init__(self, folder: StrPath) -> None:
        """Take the log's folder."""
        self.folder = Path(folder)
        self._version: tuple[int, int, int] | None = None
        self._noted: frozenset[int] = frozenset()

    def read(self, index: int) -> v1.SideRecord | None:
        """Return the side record of a leaf. None: there is none, or it was erased.

        Raises UnreadableError, DecodeError, LimitError, UnknownFieldsError.
        """
        for side in self.of_bundle(index // WIDTH):
            if side.sequence_number == index:
                return side
        return None

    def of_bundle(self, number: int) -> Iterator[v1.SideRecord]:
        """Yield the side records of a bundle's leaves, in the order of the leaves.

        Raises what `read` raises.
        """
        file = open_plain(self.path(number))
        if file is not None:
            with file:
                for data in frames(file):
                    yield decode(v1.SideRecord, data, limits=SIDE_LIMITS)

    def bundles(self) -> list[int]:
        """Return the numbers of the bundles that have side records, in order."""
        root, found = self.folder / SIDE, []
        for place, _, names in os.walk(root):
            for name in names:
                path = (Path(place) / name).relative_to(root).as_posix()
                try:
                    found.append(Tile.from_path(_BUNDLES + path).index)
                except DecodeError:  # a draft, or the list of the erased
                    continue
        return sorted(found)

    def path(self, number: int) -> Path:
        """Return the file of a bundle's side records."""
        return self.folder / side_path(number)

    def append(self, records: Iterable[tuple[int, bytes]]) -> None:
        """Write encoded side records, each with its leaf's index, and sync them.

        Raises StoreUnwritableError; some may then be there, beyond the checkpoint.
        """
        bundles: dict[int, list[bytes]] = {}
        for index, data in records:
            bundles.setdefault(index // WIDTH, []).append(frame(data))
        for number, parts in bundles.items():
            append_synced(self.path(number), b"".join(parts))

    def erase(self, indexes: Collection[int]) -> int:
        """Rewrite the files without these leaves' side records, salts and all; return how many.

        The indexes are noted as erased first, so that a missing side record can be told from one
        that was lost. Raises UsageError, StoreUnwritableError, UnreadableError.
        """
        if any(index < 0 for index in indexes):
            raise UsageError("must be indexes of leaves", error_id="log.index", path="indexes")
        self.remove_drafts()
        numbers = sorted({index // WIDTH for index in indexes})
        present = {side.sequence_number for number in numbers for side in self.of_bundle(number)}
        wanted = present.intersection(indexes)
        if wanted:
            self._note(wanted)
        return sum(self._rewrite(number, lambda index: index not in wanted) for number in numbers)

    def cut(self, first: int) -> None:
        """Remove side records at or beyond a leaf, and a torn end: what no checkpoint covers.

        Raises StoreUnwritableError, UnreadableError, LimitError.
        """
        self.remove_drafts()
        for number in self.bundles():
            if number >= first // WIDTH:
                self._rewrite(number, lambda index: index < first)

    def remove_drafts(self) -> None:
        """Remove what a rewriting that died left behind: it holds what others were told is gone."""
        for place, _, _ in os.walk(self.folder / SIDE):
            remove_drafts(Path(place))

    def erased(self) -> frozenset[int]:
        """Return the leaves whose side records were erased. Raises UnreadableError, DecodeError."""
        noted = self.noted()
        present = {
            side.sequence_number
            for number in {index // WIDTH for index in noted}
            for side in self.of_bundle(number)
        }
        return noted - present

    def noted(self) -> frozenset[int]:
        """Return the leaves that were noted as erased, whether or not that is done by now.

        Raises UnreadableError, DecodeError.
        """
        file = open_plain(self.folder / SIDE / _ERASED)
        if file is None:
            return frozenset()
        with file:
            state = os.fstat(file.fileno())
            # The list is replaced, never changed: another file has another number or time.
            version = (state.st_ino, state.st_mtime_ns, state.st_size)
            if version != self._version:
                lines = file.read().decode("ascii", "replace").split("\n")
                self._noted = frozenset(parse_decimal(text, _ERASED) for text in lines if text)
                self._version = version
        return self._noted

    def _note(self, indexes: Collection[int]) -> None:
        path = self.folder / SIDE / _ERASED
        path.parent.mkdir(exist_ok=True)
        noted = self.noted() | frozenset(indexes)
        replace(path, (b"%d\n" % index for index in sorted(noted)))

    def _rewrite(self, number: int, keep: Keep) -> int:
        """Rewrite a bundle's file with what is to be kept; return how many were not."""
        path = self.path(number)
        file = open_plain(path)
        if file is None:
            return 0
        kept: list[bytes] = []
        left_out = size = 0
        with file:
            for data in frames(file):
                framed = frame(data)
                size += len(framed)
                if _keeps(keep, data):
                    kept.append(framed)
                else:
                    left_out += 1
            torn = size != os.fstat(file.fileno()).st_size
        # Under the lock nobody is writing: a torn end is what a crash left, never acknowledged.
        if left_out or torn:
            replace(path, kept)
        return left_out


def frames(file: BinaryIO) -> Iterator[bytes]:
    """Yield the encoded messages of a stream; a torn end is the end. Raises LimitError."""
    while True:
        size = _length(file)
        if size is None:
            return
        if size > SIDE_LIMITS.max_bytes:
            raise LimitError(
                f"must be at most {SIDE_LIMITS.max_bytes} bytes (got {size})",
                error_id="log.side.size",
                source=str(file.name),
            )
        data = file.read(size)
        if len(data) < size:
            return
        yield data


def _length(file: BinaryIO) -> int | None:
    size = 0
    for position in range(_MAX_VARINT):
        byte = file.read(1)
        if not byte:
            return None
        size |= (byte[0] & 0x7F) << 7 * position
        if byte[0] < 0x80:
            return size
    return size


def _keeps(keep: Keep, data: bytes) -> bool:
    try:
        side = decode(v1.SideRecord, data, limits=SIDE_LIMITS)
    except (DecodeError, UnknownFieldsError):
        return True  # whose it is, nobody can say: a verifier will
    return keep(side.sequence_number)
