"""Hashing artifacts: one large file, several on two cores, and many small ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.cases.commands import command
from benchmarks.sample_files import large_file, large_files, small_files
from benchmarks.sizes import LARGE
from mlspec import digests

Operation = Callable[[], object]

_BLOCK: Final = 1 << 20


def _openssl(folder: Path) -> Operation:
    return command("openssl", "dgst", "-sha256", str(large_file(folder)))


def _in_memory(_: Path) -> Operation:
    block = os.urandom(_BLOCK)

    def run() -> None:
        made = hashlib.sha256()
        for _ in range(LARGE // _BLOCK):
            made.update(block)
        made.digest()

    return run


def _file(folder: Path) -> Operation:
    path = large_file(folder)
    return lambda: digests.digest_file(path)


def _on_cores(folder: Path, count: int) -> Operation:
    """Return the hashing of several large files while the process may use so many cores."""
    path = large_files(folder)
    allowed = os.sched_getaffinity(0)
    chosen = sorted(allowed)[:count]

    def run() -> None:
        os.sched_setaffinity(0, chosen)
        try:
            digests.digest_folder(path)
        finally:
            os.sched_setaffinity(0, allowed)

    return run


def _loop(folder: Path) -> Operation:
    path = small_files(folder)

    def run() -> None:
        for place, _, names in os.walk(path):
            for name in names:
                with open(os.path.join(place, name), "rb") as file:
                    hashlib.sha256(file.read()).digest()

    return run


def _small(folder: Path) -> Operation:
    path = small_files(folder)
    return lambda: digests.digest_folder(path)


def _verified(folder: Path) -> Operation:
    path = small_files(folder)
    manifest = digests.manifest(path)
    return lambda: digests.verify_package(path, manifest)


CASES: Final = {
    "openssl": _openssl,
    "in memory": _in_memory,
    "file": _file,
    "one core": lambda folder: _on_cores(folder, 1),
    "two cores": lambda folder: _on_cores(folder, 2),
    "loop": _loop,
    "small": _small,
    "verified": _verified,
}
"""Each takes a folder of its own and returns the operation that is measured."""
