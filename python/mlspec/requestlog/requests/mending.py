"""Mending the text lines when a log is taken up again: a view, which a crash may have torn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mlspec import v1
from mlspec.errors import InputError, ValidationError, VerificationError
from mlspec.requestlog.disk import LogFolder, side_lock
from mlspec.requestlog.hashing import leaf_hash
from mlspec.requestlog.requests.ncsa_line import line
from mlspec.requestlog.requests.side import open_detail
from mlspec.requestlog.requests.side_records import SideRecords
from mlspec.requestlog.requests.text_lines import TextLines
from mlspec.requestlog.tiles import WIDTH

_AT_ONCE: Final = 1024


def mend_lines(folder: LogFolder, first: int) -> int:
    """Cut lines that no checkpoint covers, and add those that are missing; return how many.

    Args:
        folder: The log.
        first: The leaf of its last opening: what stood beyond it was never acknowledged.

    Raises StoreError, UnreadableError, and what reading leaves raises.
    """
    place = Path(folder.root)
    lines, added = TextLines(place), 0
    with side_lock(folder.root):
        following = lines.cut(first)
        if following is None:
            return 0
        batch: list[bytes] = []
        for made in _missing(folder, max(following, folder.pruned_before()), first):
            batch.append(made)
            added += 1
            if len(batch) == _AT_ONCE:
                lines.append(batch)
                batch = []
        lines.append(batch)
    return added


def _missing(folder: LogFolder, start: int, first: int) -> Iterator[bytes]:
    records = SideRecords(folder.root)
    bundle, sides = -1, dict[int, v1.SideRecord]()
    for index, leaf in folder.leaves(start, first):
        entry = v1.LogEntry.FromString(leaf)
        if not entry.HasField("inference"):
            continue
        if index // WIDTH != bundle:
            bundle = index // WIDTH
            sides = {side.sequence_number: side for side in records.of_bundle(bundle)}
        side = sides.get(index)
        if side is None and entry.inference.HasField("side_hmac_sha256"):
            continue  # it was erased, and its line with it
        yield line(entry, leaf_hash(leaf), None if side is None else _detail(entry, side))


def _detail(entry: v1.LogEntry, side: v1.SideRecord) -> v1.RequestDetail | None:
    try:
        return open_detail(entry, side)
    except (InputError, ValidationError, VerificationError):
        return None  # a verifier says so; a line must not say what no leaf binds
