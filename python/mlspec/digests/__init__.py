"""Digests of bytes, files and folders, and the artifacts that carry them."""

from mlspec.digests.artifacts import (
    artifact,
    digest_bytes,
    digest_file,
    digest_folder,
    digest_path,
    manifest,
)
from mlspec.digests.values import Algorithm, algorithm, from_hex, make, same, to_hex, value

__all__ = [
    "Algorithm",
    "algorithm",
    "artifact",
    "digest_bytes",
    "digest_file",
    "digest_folder",
    "digest_path",
    "from_hex",
    "make",
    "manifest",
    "same",
    "to_hex",
    "value",
]
