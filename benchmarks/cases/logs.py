"""A long log: verified as a whole, proven leaf by leaf, written as columns."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from benchmarks.sample_logs import long_log
from benchmarks.sizes import LEAVES
from mlspec import v1
from mlspec.requestlog import LogProof, NoteKey, leaf_hash, prove_inclusion, verify_inclusion
from mlspec.requestlog.checking import export_log, verify_log
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.proving import MemoryTree, tree_root

Operation = Callable[[], object]


@cache
def _log(place: Path) -> tuple[Path, NoteKey]:
    """Make the log once for all rows: it takes longer than to verify it."""
    return long_log(place)


@cache
def _leaves(place: Path) -> list[bytes]:
    return [leaf for _, leaf in LogFolder.open(_log(place)[0]).leaves()]


def _floor(folder: Path) -> Operation:
    """Return the tree of RFC 6962 over the leaves, and parsing them, in plain Python."""
    leaves, sha256, parse = _leaves(folder.parent), hashlib.sha256, v1.LogEntry.FromString

    def run() -> None:
        level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
        while len(level) > 1:
            pairs = iter(level)
            above = [
                sha256(b"\x01" + left + right).digest()
                for left, right in zip(pairs, pairs, strict=False)
            ]
            level = above + ([level[-1]] if len(level) % 2 else [])
        for leaf in leaves:
            parse(leaf)

    return run


def _verify(folder: Path, processes: int) -> Operation:
    log, key = _log(folder.parent)

    def run() -> None:
        if verify_log(log, key, processes=processes).exit_code:
            raise RuntimeError("the log does not hold")

    return run


def _export(folder: Path, processes: int) -> Operation:
    log, _ = _log(folder.parent)
    target = folder / "log.parquet"

    def run() -> None:
        target.unlink(missing_ok=True)
        export_log(log, target, processes=processes)

    return run


def _tree(folder: Path) -> tuple[MemoryTree, bytes]:
    tree = MemoryTree()
    for leaf in _leaves(folder.parent):
        tree.append(leaf_hash(leaf))
    return tree, tree_root(tree, LEAVES)


def _prove(folder: Path) -> Operation:
    tree, _ = _tree(folder)
    indexes = random.Random(7)
    return lambda: prove_inclusion(tree, indexes.randrange(LEAVES), LEAVES)


def _prove_from_tiles(folder: Path) -> Operation:
    log = LogFolder.open(_log(folder.parent)[0])
    tree = log.tree()
    indexes = [number * 9_973 % LEAVES for number in range(16)]
    turn = iter(range(1 << 62))
    return lambda: prove_inclusion(tree, indexes[next(turn) % len(indexes)], LEAVES)


def _inclusion(folder: Path) -> Operation:
    tree, root = _tree(folder)
    place = LEAVES // 8
    leaf, hashes = _leaves(folder.parent)[place], prove_inclusion(tree, place, LEAVES)
    return lambda: verify_inclusion(leaf_hash(leaf), place, LEAVES, root, hashes)


def _whole_proof(folder: Path) -> Operation:
    log, key = _log(folder.parent)
    place = LEAVES // 8
    data, leaf = LogFolder.open(log).prove(place).to_bytes(), _leaves(folder.parent)[place]
    return lambda: LogProof.from_bytes(data).verify(leaf, key)


CASES: Final = {
    "floor": _floor,
    "verify, one process": lambda folder: _verify(folder, 1),
    "verify, two processes": lambda folder: _verify(folder, 2),
    "export, one process": lambda folder: _export(folder, 1),
    "export, two processes": lambda folder: _export(folder, 2),
    "prove": _prove,
    "prove from tiles": _prove_from_tiles,
    "verify inclusion": _inclusion,
    "verify proof": _whole_proof,
}
"""Each takes a folder of its own and returns the operation that is measured."""
