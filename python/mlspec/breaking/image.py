"""Images from where users have them: a file, a folder of .proto files, or a revision of git."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlspec.errors import DecodeError, LimitError, UnreadableError
from mlspec.files import StrPath, name_of, read_bytes

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

MAX_IMAGE: Final = 64 * 1024 * 1024
"""The largest image, in bytes, packed or not."""

_GZIP: Final = b"\x1f\x8b"


def load_image(place: StrPath) -> FileDescriptorSet:
    """Return the image that a place holds.

    Args:
        place: An image file (a `FileDescriptorSet` or an image of buf, gzip or not; "-" is
            standard input), a folder of .proto files, which protoc compiles, or `REV:path` as git
            names it, for example `v1.2.0:proto`: a folder or an image file in a revision of the
            repository around the working directory.

    Raises:
        UnreadableError: It is not there, or protoc or git is not.
        DecodeError: It is no image, or its .proto files do not compile.
        LimitError: It is too large.
    """
    source = os.fspath(place)
    if Path(source).is_dir():
        from mlspec.breaking.protoc import compile_folder

        return compile_folder(Path(source))
    if ":" in source and not Path(source).exists():
        from mlspec.breaking.git import load_revision

        return load_revision(source)
    return parse_image(read_bytes(source, max_bytes=MAX_IMAGE), name_of(source))


def parse_image(data: bytes, source: str) -> FileDescriptorSet:
    """Return the image that bytes are. Raises DecodeError, LimitError."""
    from google.protobuf.descriptor_pb2 import FileDescriptorSet
    from google.protobuf.message import DecodeError as BadBytes

    if data.startswith(_GZIP):
        data = _unpacked(data, source)
    try:
        image = FileDescriptorSet.FromString(data)
    except BadBytes as error:
        raise _no_image(f"must be an image ({error})", source) from error
    if not image.file:
        raise _no_image("must hold at least one .proto file (got none)", source)
    if any(not file.name for file in image.file):
        raise _no_image("must name each of its files (one has no name)", source)
    return image


def missing(source: str, reason: str, remedy: str) -> UnreadableError:
    """Make the error for a place that cannot be read."""
    return UnreadableError(reason, source=source, remedy=remedy)


def _no_image(reason: str, source: str) -> DecodeError:
    return DecodeError(
        reason,
        error_id="breaking.image",
        source=source,
        remedy="Make one with `buf build -o image.binpb`, or name a folder of .proto files.",
    )


def _unpacked(data: bytes, source: str) -> bytes:
    import zlib

    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(data, MAX_IMAGE + 1)
    except zlib.error as error:
        raise _no_image(f"must be whole and in gzip's format ({error})", source) from error
    if len(found) > MAX_IMAGE:
        raise LimitError(
            f"must be at most {MAX_IMAGE} bytes unpacked", error_id="limit.size", source=source
        )
    if not unpacker.eof:
        raise _no_image("must be whole (its end is missing)", source)
    return found
