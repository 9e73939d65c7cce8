"""The raw table: its lines as bytes, its values as numbers, and which part each row belongs to."""

from __future__ import annotations

import bz2
import hashlib
import io
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd

from examples.loan_approval.columns import INPUTS, LABEL, SENTINELS, SLICE_FEATURES

SPLIT_SEED = "loan-applications/1"
BUCKET_COUNT = 100
KEY_FEATURES = ("loanamt", "price", "apr", "atotinc", "cototinc")
"""The table has no ids.

Rows that agree in these amounts are one application, entered more than once.
"""

HASH_FUNCTION = (
    "SHA-256 of the seed, a line feed, and the fields as they stand in the file, joined by commas; "
    "first 8 bytes, big endian, modulo 100"
)


class Part(StrEnum):
    """What a row is for.

    It follows from the row's key, so that more rows would move none of these.
    """

    TRAIN = "train"
    VALIDATION = "validation"
    HOLDOUT = "holdout"
    LATER = "later"


PART_ENDS: tuple[tuple[Part, int], ...] = (
    (Part.TRAIN, 55),
    (Part.VALIDATION, 75),
    (Part.HOLDOUT, 90),
    (Part.LATER, BUCKET_COUNT),
)
"""Buckets of each part, up to the end, exclusive."""


@dataclass(frozen=True)
class Table:
    """A CSV table: the header, and each row as the bytes that it came as, without line ends."""

    header: bytes
    rows: tuple[bytes, ...]

    def frame(self) -> pd.DataFrame:
        """The values as 64-bit floats, blanks as NaN."""
        frame: pd.DataFrame = pd.read_csv(io.BytesIO(self.to_csv()))
        return frame.astype(np.float64)

    def to_csv(self) -> bytes:
        """The table as CSV with line feeds."""
        return b"\n".join((self.header, *self.rows)) + b"\n"

    def part(self, *parts: Part) -> Table:
        """The rows of some parts, in order."""
        kept = zip(self.rows, self.parts(), strict=True)
        return Table(self.header, tuple(row for row, part in kept if part in parts))

    def parts(self) -> list[Part]:
        """Which part each row belongs to."""
        return [part_of(key) for key in self.keys()]

    def keys(self) -> list[bytes]:
        """The key of each row: its key features as they stand in the file."""
        names = self.header.decode().split(",")
        places = [names.index(name) for name in KEY_FEATURES]
        return [b",".join(row.split(b",")[place] for place in places) for row in self.rows]


def read_table(path: Path) -> tuple[bytes, Table]:
    """The bytes of a CSV file, unpacked if its name ends in .bz2, and the table in them."""
    content = path.read_bytes()
    csv = bz2.decompress(content) if path.suffix == ".bz2" else content
    header, *rows = csv.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    return content, Table(header, tuple(rows))


def bucket(key: bytes) -> int:
    """A number from 0 to 99 that depends on nothing but the key and the seed."""
    hashed = hashlib.sha256(SPLIT_SEED.encode() + b"\n" + key).digest()
    return int.from_bytes(hashed[:8], "big") % BUCKET_COUNT


def part_of(key: bytes) -> Part:
    """Which part the rows of a key belong to."""
    number = bucket(key)
    return next(part for part, end in PART_ENDS if number < end)


def without_sentinels(frame: pd.DataFrame) -> pd.DataFrame:
    """The same values, with NaN where a sentinel stood for "missing"."""
    repaired = frame.copy()
    for column, values in SENTINELS.items():
        repaired[column] = repaired[column].mask(repaired[column].isin(values))
    return repaired


def race(frame: pd.DataFrame) -> pd.Series[str]:
    """`black`, `hispanic` or `white`, from the three indicator columns."""
    words = np.select([frame["black"] == 1, frame["hispan"] == 1], ["black", "hispanic"], "white")
    return pd.Series(words, index=frame.index, name="race")


def sex(frame: pd.DataFrame) -> pd.Series[str]:
    """`male`, `female`, or `unknown` where the source has a blank."""
    words = np.select([frame["male"] == 1, frame["male"] == 0], ["male", "female"], "unknown")
    return pd.Series(words, index=frame.index, name="sex")


def repaired(frame: pd.DataFrame) -> pd.DataFrame:
    """Row by row, nothing fitted: sentinels to missing, leaks dropped, slices kept beside.

    Columns: the model's inputs in order, then race, sex and the label.
    """
    clean = without_sentinels(frame)[list(INPUTS)].copy()
    for name, words in zip(SLICE_FEATURES, (race(frame), sex(frame)), strict=True):
        clean[name] = words
    clean[LABEL] = frame[LABEL]
    return clean


def inputs(clean: pd.DataFrame) -> np.ndarray:
    """The model's input tensor: rows by inputs, 64-bit floats, NaN where missing."""
    return clean[list(INPUTS)].to_numpy(dtype=np.float64)


def labels(clean: pd.DataFrame) -> np.ndarray:
    """1 where the application was approved, else 0."""
    return clean[LABEL].to_numpy(dtype=np.int64)
