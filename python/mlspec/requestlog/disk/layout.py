"""What stands where in a log's folder."""

from __future__ import annotations

from typing import Final

from mlspec.requestlog.disk.files import DRAFT_END
from mlspec.requestlog.tiles import ENTRIES, Tile

CHECKPOINT: Final = "checkpoint"
"""The newest signed note."""

DRAFT: Final = CHECKPOINT + DRAFT_END
"""A checkpoint on its way to its place."""

LOCK: Final = "lock"
"""Held by the one writer; says who that is."""

SIDE_LOCK: Final = "side.lock"
"""Held while side records or lines of text are written or rewritten."""

PRUNED: Final = "pruned"
"""The leaf before which entries may be gone. Without the file none are."""

KEPT: Final = "checkpoints"
"""The folder of kept checkpoints, each named by its size."""

TOKENS: Final = "tokens"
"""The folder of time-stamp tokens, each named by the size of its checkpoint and a number."""

BUNDLES: Final = "tile/entries"
"""The folder of entry bundles."""

SIDES: Final = "side"
"""The folder of side records, in files spelled as the bundles are."""

PARTIALS: Final = ".p"
"""What the name of a folder of partial tiles ends with."""


def side_path(bundle: int) -> str:
    """Return where the side records of a bundle's leaves are: spelled as the full bundle is."""
    return SIDES + Tile(ENTRIES, bundle).path.removeprefix(BUNDLES)


def partials_path(level: int, index: int) -> str:
    """Return the folder that the partial tiles of one place are in."""
    return Tile(level, index).path + PARTIALS


def kept_path(size: int) -> str:
    """Return where the kept checkpoint of `size` is."""
    return f"{KEPT}/{size}"


def token_path(size: int, number: int) -> str:
    """Return where a token over the checkpoint of `size` is; the first has number 1."""
    return f"{TOKENS}/{size}-{number}.tsr"
