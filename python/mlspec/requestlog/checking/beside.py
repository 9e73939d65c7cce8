"""What stands beside a log: side records and text lines. None need be there; those that are fit."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from mlspec import v1
from mlspec.codec import decode
from mlspec.errors import MLSpecError
from mlspec.requestlog.checking.report import LogLine, Verdict
from mlspec.requestlog.checking.segment import Segment
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.requests import SideRecords, TextLines
from mlspec.requestlog.requests.replacing import open_plain
from mlspec.requestlog.requests.side import SALT_SIZE, SIDE_LIMITS, binding, bound_event
from mlspec.requestlog.requests.side_records import frames
from mlspec.requestlog.tiles import WIDTH, Tile, tile_hashes

_MAX_LINE: Final = 262_144
_END: Final = re.compile(rb' seq="(0|[1-9][0-9]{0,18})" leaf="([0-9a-f]{64})"\n\Z')
_SIDE_REMEDY: Final = "It was altered or moved: restore it from a copy, or count it as erased."
_LINE_REMEDY: Final = "The text is only a view: what the log itself says stands in the entry."


def check_sides(
    folder: str, segment: Segment, number: int, entries: Sequence[v1.LogEntry | None]
) -> None:
    """Check the side records of one bundle's entries (step 8)."""
    start = number * WIDTH
    seen: set[int] = set()
    try:
        for side in _sides(SideRecords(folder).path(number)):
            place = side.sequence_number - start
            if not 0 <= place < WIDTH or place in seen or side.origin != segment.origin:
                words = f"side record {len(seen)} of bundle {number}: must be of one of its leaves"
                segment.fault("log.side.place", start, words, _SIDE_REMEDY)
                return
            seen.add(place)
            if place < len(entries):
                _check_side(segment, entries[place], side)
    except MLSpecError as error:
        words = f"side records of bundle {number}: {error.message}"
        segment.fault(error.id, start, words, error.remedy or _SIDE_REMEDY)


def _sides(path: Path) -> Iterator[v1.SideRecord]:
    file = open_plain(path)
    if file is None:
        return
    with file:
        for data in frames(file):
            yield decode(v1.SideRecord, data, limits=SIDE_LIMITS)


def _check_side(segment: Segment, entry: v1.LogEntry | None, side: v1.SideRecord) -> None:
    event = None if entry is None else bound_event(entry)
    expected = b"" if event is None else event.side_hmac_sha256
    if not expected:
        words, name = "must belong to an entry that binds one", "log.side.unbound"
    elif len(side.salt) != SALT_SIZE or not hmac.compare_digest(
        binding(side.salt, side.content), expected
    ):
        words, name = "must be the one that the leaf binds", "log.side.hmac"
    else:
        segment.counts["sides"] += 1
        return
    segment.fault(name, side.sequence_number, f"side record: {words}", _SIDE_REMEDY)


def check_lines(folder: LogFolder, size: int) -> Iterator[LogLine]:
    """Check that text lines have the hashes of the leaves that they are a view of."""
    try:
        yield from _line_lines(folder, size)
    except MLSpecError as error:  # files of lines that were compressed, or cannot be opened
        yield LogLine(error.id, Verdict.NOT_PROVEN, f"text lines: {error.message}", error.remedy)


def _line_lines(folder: LogFolder, size: int) -> Iterator[LogLine]:
    good = bad = 0
    last = -1
    kept = lru_cache(maxsize=16)(lambda number: _hashes(folder, size, number))
    for place in _lines(folder.root):
        if place.leaf >= size:
            continue  # written since the checkpoint, which says nothing about it yet
        hashes = kept(place.leaf // WIDTH) if place.leaf > last else ()
        last = max(last, place.leaf)
        if hashes and hashes[place.leaf % WIDTH] == place.leaf_hash:
            good += 1
            continue
        bad += 1
        if bad == 1:
            words = (
                f"{place.file}, line {place.line}: must end with its leaf's number and hash,"
                " and come once, after the lines of earlier leaves"
            )
            yield LogLine("log.line", Verdict.FAIL, words, _LINE_REMEDY)
    if bad > 1:
        yield LogLine("log.line", Verdict.FAIL, f"and {bad - 1} more lines like it")
    elif good and not bad:
        yield LogLine("log.line", Verdict.PASS, f"{good} text lines name their leaves' hashes")


class _Place(NamedTuple):
    """What a text line ends with; the leaf is -1 where that cannot be read."""

    file: str
    line: int
    leaf: int
    leaf_hash: bytes


def _lines(folder: str) -> Iterator[_Place]:
    for path in TextLines(folder).files():
        stream = open_plain(path)
        if stream is None:
            continue
        with stream:
            number = 0
            while text := stream.readline(_MAX_LINE):
                number += 1
                found = _END.search(text)
                if found is not None:
                    leaf_hash = bytes.fromhex(found[2].decode("ascii"))
                    yield _Place(path.name, number, int(found[1]), leaf_hash)
                elif text.endswith(b"\n") or len(text) == _MAX_LINE:
                    # Only a torn end is nothing: it was never written whole.
                    yield _Place(path.name, number, -1, b"")


def _hashes(folder: LogFolder, size: int, number: int) -> tuple[bytes, ...]:
    tile = Tile(0, number, min(WIDTH, size - number * WIDTH))
    try:
        return tile_hashes(tile, folder.read_tile(tile))
    except MLSpecError:
        return ()  # said already, of the tile itself
