"""Removing the entries of an expired prefix. Hashes stay, and what is gone is said.

The number is on disk before the first entry goes: after a crash some entries before it may still
be there, and none after it are gone.
"""

from __future__ import annotations

import re
from typing import Final

from mlspec import v1
from mlspec.errors import StateError
from mlspec.requestlog.disk.files import LogFiles
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.disk.layout import BUNDLES, PARTIALS, PRUNED, SIDES
from mlspec.requestlog.disk.leaves import parse_leaf
from mlspec.requestlog.disk.recovery import require_pruned
from mlspec.requestlog.disk.sides import side_lock
from mlspec.requestlog.tiles import WIDTH

_GROUP: Final = 1000
_NAME: Final = re.compile(r"(x?)([0-9]{3})(?:\.p)?", re.ASCII)


def prune(
    files: LogFiles, folder: LogFolder, kind: v1.LogKind.ValueType, size: int, before: int
) -> int:
    """Do what `LogWriter.prune` says for a log of `size` committed leaves."""
    pruned = require_pruned(files, size)
    last_bundle = (max(size, 1) - 1) // WIDTH * WIDTH
    wanted = min(before // WIDTH * WIDTH, last_bundle)
    if wanted > pruned:
        _require_not_delegated(folder, pruned)
        if kind == v1.LOG_KIND_REQUESTS:
            wanted = _deployment_before(folder, pruned, wanted, size) // WIDTH * WIDTH
    if wanted > pruned:
        files.replace(PRUNED, b"%d\n" % wanted)
        files.sync_folders()
        pruned = wanted
    # Not at opening: a damaged number must not remove anything by itself.
    with side_lock(files.root):
        sweep(files, SIDES, pruned // WIDTH)
    sweep(files, BUNDLES, pruned // WIDTH)
    return pruned


def sweep(files: LogFiles, folder: str, bundles: int, prefix: int = 0) -> None:
    """Remove the files of the first `bundles` bundles below a folder, for good, and empty folders.

    `prefix` is the number that the folder's own name stands for. Raises UnreadableError,
    StoreUnwritableError.
    """
    names = files.names(folder)
    for name in names:
        path = f"{folder}/{name}"
        found = _NAME.fullmatch(name)
        number = prefix * _GROUP + int(found[2]) if found else bundles
        if found and found[1]:
            if number * _GROUP < bundles:
                sweep(files, path, bundles, number)
        elif number < bundles and name.endswith(PARTIALS):
            for width in files.names(path):
                files.remove(f"{path}/{width}")
            files.remove_folder(path)
        elif number < bundles:
            files.remove(path)
    if prefix and not files.names(folder):
        files.remove_folder(folder)
    elif names:
        files.sync_folder(folder)


def _require_not_delegated(folder: LogFolder, first: int) -> None:
    if first == 0 and parse_leaf(folder.leaf(0)).opened.delegating_origin:
        raise StateError(
            "must be a log of its own to be pruned (its first entry names who delegated it)",
            error_id="log.prune.delegated",
            source=folder.root,
            remedy="Rotate it instead, and remove the old log whole once all of it has expired.",
        )


def _deployment_before(folder: LogFolder, first: int, before: int, size: int) -> int:
    """Return the last entry before `before` that later requests are understood by.

    That is the change of deployment in force there. `before` itself: none of them needs one.
    """
    for _, leaf in folder.leaves(before, size):
        kind = _kind(leaf)
        if kind == "deployment_change":
            return before
        if kind == "inference":
            break
    for start in range(before - WIDTH, first - 1, -WIDTH):
        for index, leaf in reversed(list(folder.leaves(start, start + WIDTH))):
            if _kind(leaf) == "deployment_change":
                return index
    return before


def _kind(leaf: bytes) -> str | None:
    """Return which event a leaf has. Raises DecodeError."""
    return parse_leaf(leaf).WhichOneof("event")
