"""The forms that a message is written in, and the bounds on what is read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Final

from mlspec.errors import LimitError
from mlspec.files import MAX_BYTES


class Format(StrEnum):
    """How a message is written down."""

    BINARY = "binary"
    """The protobuf wire format."""
    JSON = "json"
    """ProtoJSON."""
    YAML = "yaml"
    """ProtoJSON's data, written as YAML."""
    TEXT = "text"
    """The protobuf text format."""


_SUFFIXES: Final = {
    ".binpb": Format.BINARY,
    ".pb": Format.BINARY,
    ".json": Format.JSON,
    ".yaml": Format.YAML,
    ".yml": Format.YAML,
    ".txtpb": Format.TEXT,
    ".textproto": Format.TEXT,
}


def format_of(path: str | PurePath) -> Format | None:
    """Tell a file's format by its suffix, in any case. None: the suffix says nothing."""
    return _SUFFIXES.get(PurePath(path).suffix.lower())


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a reader takes in before it gives up.

    Attributes:
        max_bytes: The longest message, in bytes as given.
        max_depth: How many messages (or JSON values) may lie within one another.
    """

    max_bytes: int = MAX_BYTES
    max_depth: int = 64


DEFAULT_LIMITS: Final = Limits()


def check_size(data: bytes, limits: Limits) -> None:
    """Raise LimitError if `data` is longer than may be read."""
    if len(data) > limits.max_bytes:
        raise LimitError(
            f"must be at most {limits.max_bytes} bytes (got {len(data)})",
            error_id="limit.size",
            remedy="Keep bulk in artifacts, which records name by digest.",
        )
