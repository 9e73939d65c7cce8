"""Comparing two images of a specification."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from mlspec.errors import DecodeError

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    from mlspec.breaking.finding import Finding


def compare(
    old: FileDescriptorSet,
    new: FileDescriptorSet,
    *,
    imports: Collection[str] | None = None,
) -> list[Finding]:
    """Return every breaking change between two images, in order of place and rule.

    Neither image is changed. Files that are only imported are not compared.

    Args:
        old: The image before.
        new: The image after.
        imports: The names of the files that are only imported. By default those that a buf image
            marks so, or else, in a plain descriptor set, `google/protobuf` and `buf/validate`.

    Raises:
        DecodeError: An image contradicts itself, as none that a compiler made does.
    """
    # Loaded here, so that whoever only asks for the rules need not wait for protobuf.
    from google.protobuf.message import DecodeError as BadBytes

    from mlspec.breaking.comparison import compare_images

    try:
        return compare_images(old, new, imports)
    except (LookupError, ValueError, TypeError, BadBytes) as error:
        raise DecodeError(
            f"must be images that a compiler made ({error})",
            error_id="breaking.image",
            remedy="Build them again, with `buf build` or with protoc.",
        ) from error
