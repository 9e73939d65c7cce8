"""Which files of an image are there only because others import them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

_FOREIGN: Final = ("google/protobuf/", "buf/validate/")
# Field 8042 of a file in a buf image says more about it; its field 1 that it is an import.
_BUF_EXTENSION: Final = 8042
_IS_IMPORT: Final = bytes([1 << 3, 1])


def imported(image: FileDescriptorSet, given: Collection[str] | None = None) -> frozenset[str]:
    """Return the names of the files that are only imported.

    Args:
        image: The image.
        given: The names, if the caller knows them. By default what a buf image says of itself, or
            else, in a plain descriptor set, the files of protobuf and of the validation rules.
    """
    if given is not None:
        return frozenset(given)
    marks = {file.name: _mark(file) for file in image.file}
    if any(mark is not None for mark in marks.values()):
        return frozenset(name for name, mark in marks.items() if mark)
    return frozenset(name for name in marks if name.startswith(_FOREIGN))


def _mark(file: FileDescriptorProto) -> bool | None:
    """Tell what a buf image says of a file; None if it is no file of a buf image."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    unknown: Any = UnknownFieldSet(file)
    for field in unknown:
        if field.field_number == _BUF_EXTENSION and isinstance(field.data, bytes):
            return field.data.startswith(_IS_IMPORT)
    return None
