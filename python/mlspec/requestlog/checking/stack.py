"""The tiles above the lowest, compared with what the entries hash to, while the tree grows."""

from __future__ import annotations

from mlspec.errors import MLSpecError
from mlspec.requestlog.checking.folding import full_root, stacked_root
from mlspec.requestlog.checking.segment import Fault, Faults, unusable
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.tiles import HEIGHT, WIDTH, Tile


class TileStack:
    """What is left over on each level of tiles: at most 256 hashes each, whatever the size."""

    def __init__(self, folder: LogFolder, faults: Faults) -> None:
        """Take the log's folder, and where to keep what is wrong with them."""
        self._folder = folder
        self._faults = faults
        self._rows: list[list[bytes]] = [[]]
        self._numbers = [0]

    def push(self, value: bytes, level: int = 1) -> None:
        """Add the root of a full tile of the level below, which is a hash of this one."""
        while len(self._rows) <= level:
            self._rows.append([])
            self._numbers.append(0)
        self._rows[level].append(value)
        if len(self._rows[level]) == WIDTH:
            self._compare(level)
            self.push(full_root(self._rows[level]), level + 1)
            self._rows[level] = []
            self._numbers[level] += 1

    def finish(self, tail: list[bytes]) -> bytes:
        """Compare the tiles that are not full, and return the root of the whole tree."""
        for level in range(1, len(self._rows)):
            if self._rows[level]:
                self._compare(level)
        self._rows[0] = tail
        return stacked_root(self._rows)

    def _compare(self, level: int) -> None:
        tile = Tile(level, self._numbers[level], len(self._rows[level]))
        index = tile.index * WIDTH << HEIGHT * level
        try:
            found = self._folder.read_tile(tile)
        except MLSpecError as error:
            self._faults.add(unusable(error, tile, index))
            return
        if found != b"".join(self._rows[level]):
            words = f"{tile.path}: must be what the tiles below it hash to"
            remedy = "Proofs that are made from it would not hold: restore it from a copy."
            self._faults.add(Fault("log.tile", index, words, remedy))
