"""What a killed writer left beyond the checkpoint: removed, and what of it were entries counted."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from google.protobuf.message import DecodeError as ProtobufDecodeError

from mlspec import v1
from mlspec.codec.wire import read_varint
from mlspec.errors import DecodeError
from mlspec.requestlog.disk.durability import MOST_ENTRIES
from mlspec.requestlog.disk.files import LogFiles
from mlspec.requestlog.disk.layout import PARTIALS, side_path
from mlspec.requestlog.disk.recovery import LEVELS
from mlspec.requestlog.tiles import ENTRIES, HEIGHT, WIDTH, Tile

_MAX_SIDES: Final = 512 * 1024 * 1024

Names = Callable[[str], frozenset[str]]


def remove_scratch(files: LogFiles, size: int) -> int:
    """Remove what lies beyond the first `size` leaves; return how many bytes of entries went.

    One commit never goes further than `MOST_ENTRIES`, so it is looked for no further. Also removes
    partial tiles of smaller trees. Raises UnreadableError, StoreUnwritableError.
    """
    names = lru_cache(lambda folder: frozenset(files.names(folder)))
    removed = _remove_tiles(files, names, ENTRIES, size)
    for level in range(LEVELS):
        if (size + MOST_ENTRIES) >> HEIGHT * level:
            _remove_tiles(files, names, level, size)
    return removed


def remove_side_scratch(files: LogFiles, size: int, origin: str) -> None:
    """Remove side records of leaves from number `size` on. The caller holds `side.lock`.

    Raises UnreadableError, LimitError, StoreUnwritableError.
    """
    edge, width = divmod(size, WIDTH)
    names = lru_cache(lambda folder: frozenset(files.names(folder)))
    for bundle in range(edge, edge + MOST_ENTRIES // WIDTH + 2):
        path = side_path(bundle)
        if not _is_there(names, path):
            continue
        if bundle > edge or not width:
            files.remove(path)
            continue
        data = files.read(path, _MAX_SIDES) or b""
        end = _end_of_sides(data, range(edge * WIDTH, size), origin)
        if end < len(data):
            files.truncate(path, end)


def _remove_tiles(files: LogFiles, names: Names, level: int, size: int) -> int:
    scale = HEIGHT * max(level, 0)
    edge, width = divmod(size >> scale, WIDTH)
    if edge:
        _remove_partials(files, names, Tile(level, edge - 1).path, 0)
    return sum(
        _remove_place(files, names, Tile(level, index).path, width if index == edge else 0)
        for index in range(edge, edge + (MOST_ENTRIES >> scale) // WIDTH + 2)
    )


def _remove_place(files: LogFiles, names: Names, path: str, kept: int) -> int:
    """Remove all of one place but the tile of `kept` hashes; return how many bytes lay beyond."""
    beyond = _remove_partials(files, names, path, kept)
    if _is_there(names, path):
        beyond.append(files.size(path))
        files.remove(path)
    inside = files.size(f"{path}{PARTIALS}/{kept}") if kept else 0
    return max(0, max(beyond, default=0) - inside)


def _remove_partials(files: LogFiles, names: Names, path: str, kept: int) -> list[int]:
    """Remove partial tiles of other widths than `kept`; return the lengths of wider ones."""
    folder = path + PARTIALS
    if not _is_there(names, folder):
        return []
    beyond = []
    for name in files.names(folder):
        if name != str(kept):
            if name.isdecimal() and int(name) > kept:
                beyond.append(files.size(f"{folder}/{name}"))
            files.remove(f"{folder}/{name}")
    if not kept:
        files.remove_folder(folder)
    return beyond


def _is_there(names: Names, path: str) -> bool:
    return os.path.basename(path) in names(os.path.dirname(path))


def _end_of_sides(data: bytes, leaves: range, origin: str) -> int:
    """Return where the last side record of one of these leaves ends.

    They were written in order, before their leaves were acknowledged: what follows is scratch,
    whatever it looks like. What stands between them is left as it is.
    """
    end = at = 0
    while at < len(data):
        try:
            size, start = read_varint(data, at, len(data))
        except DecodeError:
            break
        at = start + size
        if at > len(data):
            break
        if _is_of(data[start:at], leaves, origin):
            end = at
    return end


def _is_of(data: bytes, leaves: range, origin: str) -> bool:
    try:
        side = v1.SideRecord.FromString(data)
    except (ProtobufDecodeError, ValueError, RecursionError):
        return False
    return side.origin == origin and side.sequence_number in leaves
