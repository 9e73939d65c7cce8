"""Tiles and entry bundles (C2SP tlog-tiles): where they are, and what their bytes mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from mlspec.errors import DecodeError, LimitError, UsageError, VerificationError
from mlspec.requestlog.compact_range import root_of
from mlspec.requestlog.hashing import HASH_SIZE, MAX_LEAF, MAX_SIZE, leaf_hash, require_hash
from mlspec.requestlog.numbers import parse_decimal

HEIGHT: Final = 8
"""Levels of the tree in a tile."""

WIDTH: Final = 1 << HEIGHT
"""Hashes, or entries, of a full tile."""

ENTRIES: Final = -1
"""The level of entry bundles, below the leaf hashes."""

MAX_BUNDLE: Final = WIDTH * (2 + MAX_LEAF)
"""The longest entry bundle, in bytes."""

_LENGTH: Final = 2
_MAX_PATH: Final = 64
_PATH: Final = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]{1,3}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile or bundle, and how many of its places are taken.

    Attributes:
        level: 0 for leaf hashes, each further one eight levels up the tree; or `ENTRIES`.
        index: Which one of its level.
        width: 1 to 256; 256 is a full tile, fewer a partial one.
    """

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        """Refuse a tile that no log can have. Raises UsageError."""
        scale = HEIGHT * max(self.level, 0)
        inside = self.index >= 0 and 1 <= self.width <= WIDTH and ENTRIES <= self.level < HEIGHT
        if not inside or (self.index * WIDTH + self.width) << scale > MAX_SIZE:
            raise UsageError(
                f"must be a tile of at most {MAX_SIZE} leaves "
                f"(got level {self.level}, index {self.index}, width {self.width})",
                error_id="tile",
            )

    @property
    def path(self) -> str:
        """Where it is in the log's folder, parts joined by slashes."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        place = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        return f"tile/{level}/{place}" + (f".p/{self.width}" if self.width < WIDTH else "")

    @classmethod
    def from_path(cls, path: str) -> Self:
        """Read what `path` gives; there is one spelling of each tile. Raises DecodeError."""
        found = _PATH.fullmatch(path) if len(path) <= _MAX_PATH else None
        if not found:
            raise _bad_path(path)
        level, place, width = found.groups()
        try:
            made = cls(
                ENTRIES if level == "entries" else parse_decimal(level, "level"),
                int(place.replace("/", "").replace("x", "")),
                parse_decimal(width, "width") if width else WIDTH,
            )
        except (UsageError, DecodeError) as error:
            raise _bad_path(path) from error
        if made.path != path:
            raise _bad_path(path)
        return made


def tiles_between(old_size: int, size: int) -> Iterator[Tile]:
    """Yield the tiles to write when the tree grows, lowest level first; not the entry bundles.

    From size 0: every tile of the tree. Raises UsageError.
    """
    if not 0 <= old_size <= size <= MAX_SIZE:
        raise UsageError(
            f"must be sizes that grow, to {MAX_SIZE} at most (got {old_size}, {size})",
            error_id="log.size",
        )
    for level in range(HEIGHT):
        old, new = old_size >> HEIGHT * level, size >> HEIGHT * level
        if old == new:
            return
        for index in range(old // WIDTH, -(-new // WIDTH)):
            yield Tile(level, index, min(WIDTH, new - index * WIDTH))


def bundles_between(old_size: int, size: int) -> Iterator[Tile]:
    """Yield the entry bundles to write when the tree grows. Raises UsageError."""
    for tile in tiles_between(old_size, size):
        if tile.level:
            return
        yield Tile(ENTRIES, tile.index, tile.width)


def tile_hashes(tile: Tile, data: bytes) -> tuple[bytes, ...]:
    """Return the hashes of a tile's bytes. Raises DecodeError."""
    if len(data) != tile.width * HASH_SIZE:
        raise DecodeError(
            f"must be {tile.width * HASH_SIZE} bytes, {tile.width} hashes (got {len(data)})",
            error_id="tile.size",
            path=tile.path,
            remedy="The tile is torn or of another width: take it anew from the log.",
        )
    return tuple(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE))


def tile_bytes(hashes: Sequence[bytes]) -> bytes:
    """Return a tile's bytes. Raises UsageError, DecodeError."""
    _require_width(len(hashes))
    for position, value in enumerate(hashes):
        require_hash(value, f"hashes[{position}]")
    return b"".join(hashes)


def tile_root(hashes: Sequence[bytes]) -> bytes:
    """Return what a full tile is in the tile above it. Raises UsageError, DecodeError."""
    if len(hashes) != WIDTH:
        raise UsageError(
            f"must be a full tile of {WIDTH} hashes (got {len(hashes)})", error_id="tile.partial"
        )
    return root_of(hashes)


def bundle_entries(tile: Tile, data: bytes) -> tuple[bytes, ...]:
    """Return the entries of a bundle's bytes. Raises LimitError, DecodeError."""
    if len(data) > MAX_BUNDLE:
        raise LimitError(
            f"must be at most {MAX_BUNDLE} bytes (got {len(data)})",
            error_id="bundle.size",
            path=tile.path,
        )
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < tile.width:
        length = int.from_bytes(data[at : at + _LENGTH], "big")
        at += _LENGTH + length
        entries.append(data[at - length : at])
    if at != len(data) or len(entries) != tile.width:
        raise DecodeError(
            f"must be {tile.width} whole entries, each after its length, and nothing else",
            error_id="bundle.syntax",
            path=tile.path,
            remedy="The bundle is torn or of another width: take it anew from the log.",
        )
    return tuple(entries)


def bundle_bytes(entries: Sequence[bytes]) -> bytes:
    """Return a bundle's bytes. Raises UsageError, LimitError."""
    _require_width(len(entries))
    parts = []
    for position, entry in enumerate(entries):
        if len(entry) > MAX_LEAF:
            raise LimitError(
                f"must be at most {MAX_LEAF} bytes (got {len(entry)})",
                error_id="log.leaf.size",
                path=f"entries[{position}]",
            )
        parts += [len(entry).to_bytes(_LENGTH, "big"), entry]
    return b"".join(parts)


def verify_bundle(tile: Tile, entries: Sequence[bytes], hashes: Sequence[bytes]) -> None:
    """Check that a bundle's entries are those of the level-0 tile beside it.

    Raises VerificationError, naming the first that is not.
    """
    for position in range(max(len(entries), len(hashes))):
        if (
            position >= min(len(entries), len(hashes))
            or leaf_hash(entries[position]) != hashes[position]
        ):
            raise VerificationError(
                f"must be the entry that the tile has as number {tile.index * WIDTH + position}",
                error_id="log.entry",
                path=f"{tile.path}[{position}]",
                remedy="The entry was altered, moved or lost: restore it from a copy.",
            )


def _require_width(count: int) -> None:
    if not 1 <= count <= WIDTH:
        raise UsageError(f"must be 1 to {WIDTH} (got {count})", error_id="tile.width")


def _bad_path(path: str) -> DecodeError:
    return DecodeError(
        f"must be the path of a tile that a log can have (got {path[:_MAX_PATH]!r})",
        error_id="tile.path",
        remedy="Use tile/<level or entries>/<x001/234>, with .p/<width> if it is partial.",
    )
