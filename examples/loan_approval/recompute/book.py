"""The records of a run, and comparisons of what they say with what is computed again."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from google.protobuf.message import Message

import mlspec
from mlspec import v1
from mlspec.records import body_of, stage_of

B = TypeVar("B", bound=Message)
Value = float | int | str | bool
TOLERANCE = 1e-9
KEY = ["loanamt", "price", "apr", "atotinc", "cototinc"]
"""What tells one application from another: the table has no ids."""


@dataclass(frozen=True)
class Comparison:
    """One number (or digest) as the record has it and as it was computed again."""

    stage: str
    what: str
    recorded: Value
    computed: Value

    @property
    def same(self) -> bool:
        """Whether the two are equal, real numbers to nine digits."""
        if isinstance(self.recorded, float) or isinstance(self.computed, float):
            return math.isclose(
                float(self.recorded), float(self.computed), rel_tol=TOLERANCE, abs_tol=TOLERANCE
            )
        return self.recorded == self.computed


@dataclass
class Book:
    """The folder of a run, its verified records, and the comparisons so far."""

    folder: Path
    comparisons: list[Comparison] = field(default_factory=list)

    def body(self, body_type: type[B], step: str | None = None) -> B:
        """The newest body of a kind, its record's signature checked.

        Raises:
            LookupError: There is none.
        """
        trust = mlspec.TrustPolicy.load(self.folder / "trust.json")
        with mlspec.open_store(self.folder / "mlspec.db") as store:
            rows = list(store.records(stage=stage_of(body_type()), step=step))
            if not rows:
                raise LookupError(f"no {body_type.__name__} of step {step}")
            body = body_of(mlspec.unseal(store.get(rows[-1].sha256), trust).record)
        if not isinstance(body, body_type):
            raise LookupError(f"the record is not of {body_type.__name__}")
        return body

    def compare(self, stage: str, what: str, recorded: Value, computed: Value) -> None:
        """Note one comparison."""
        self.comparisons.append(Comparison(stage, what, recorded, computed))

    def counts(self) -> Counter[str]:
        """Comparisons by stage."""
        return Counter(each.stage for each in self.comparisons)

    def differing(self) -> list[Comparison]:
        """Comparisons that do not hold."""
        return [each for each in self.comparisons if not each.same]

    def csv(self, relative: str) -> pd.DataFrame:
        """A table that the run left."""
        frame: pd.DataFrame = pd.read_csv(self.folder / relative)
        return frame

    def sha256(self, relative: str) -> str:
        """The digest of a file that the run left."""
        return hashlib.sha256((self.folder / relative).read_bytes()).hexdigest()


def feature(statistics: v1.DatasetStatistics, name: str) -> v1.FeatureStatistics:
    """The statistics of one feature."""
    return next(each for each in statistics.features if each.name == name)


def psi(edges: list[float], expected: np.ndarray, found: np.ndarray) -> float:
    """The population stability index over the bins between edges, half a row added to each."""
    counts = []
    for numbers in (expected, found):
        inside = numbers[~np.isnan(numbers)].clip(edges[0], edges[-1])
        counts.append(np.histogram(inside, bins=edges)[0] + 0.5)
    p, q = (each / each.sum() for each in counts)
    return float(((q - p) * np.log(q / p)).sum())


def merkle_root(leaves: list[bytes]) -> bytes:
    """The head of the tree of RFC 6962 over leaves."""
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256(b"").digest()
    # Pairing neighbours, an odd one going up alone, gives the same tree as the recursive form.
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\x01" + b"".join(p)).digest() if p[1:] else p[0] for p in pairs]
    return level[0]
