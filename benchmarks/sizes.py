"""How large the large inputs are. Standard library only."""

from __future__ import annotations

import os
from typing import Final

VARIABLE: Final = "MLSPEC_BENCHMARKS_SMALL"
"""Set for a run that only shows that everything runs: its figures say nothing."""

_SMALL: Final = bool(os.environ.get(VARIABLE))

LEAVES: Final = 5_000 if _SMALL else 1_000_000
"""Leaves of the long log."""

LARGE: Final = (8 if _SMALL else 512) << 20
"""The length of the large file, in bytes; the several large ones are as long together."""

FILES: Final = 50 if _SMALL else 2_000
"""How many small files a folder has."""
