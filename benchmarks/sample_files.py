"""The files that every contestant hashes. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from benchmarks.sizes import FILES, LARGE

_SEVERAL: Final = 4
_SMALL: Final = 4_096
_BLOCK: Final = 1 << 20


def large_file(folder: Path) -> Path:
    """Return one large file beside `folder`, written once for all cases of a process."""
    path = folder.with_name("model.bin")
    if not path.exists():
        _write(path, LARGE)
    return path


def large_files(folder: Path) -> Path:
    """Return a folder of several large files beside `folder`, written once."""
    place = folder.with_name("shards")
    if not place.exists():
        place.mkdir()
        for number in range(_SEVERAL):
            _write(place / f"{number}.bin", LARGE // _SEVERAL)
    return place


def small_files(folder: Path) -> Path:
    """Return a folder of many files of 4 KiB beside `folder`, written once."""
    place = folder.with_name("many")
    if not place.exists():
        place.mkdir()
        for number in range(FILES):
            (place / f"{number:04}.bin").write_bytes(os.urandom(_SMALL))
    return place


def _write(path: Path, size: int) -> None:
    # The function takes as long for the same block again and again.
    block = os.urandom(_BLOCK)
    with path.open("wb") as file:
        for _ in range(size // _BLOCK):
            file.write(block)
