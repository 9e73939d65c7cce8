"""Fields that this version does not know: found at any depth, with their place.

Runtimes keep them in memory and drop them in silence elsewhere, so that what a reader is shown and
what was signed could differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.message import Message

from mlspec.codec import wire
from mlspec.codec.descriptors import descriptor_of
from mlspec.errors import UnknownFieldsError

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

_ANY_DEPTH = 1 << 10


def has_unknown_fields(message_type: type[Message], data: bytes, size: int) -> bool:
    """Tell whether the message in `data` has unknown fields at any depth.

    `size` is the `ByteSize` of that message, in which unknown fields count. Discarding them from a
    second copy and comparing sizes runs inside the runtime, some ten times faster than a walk. It
    must be a second copy: the pure-Python runtime remembers a size that it once said.
    """
    copy = message_type.FromString(data)
    copy.DiscardUnknownFields()  # type: ignore[attr-defined, unused-ignore]
    return copy.ByteSize() != size


def find_unknown_fields(message: Message) -> str | None:
    """Return where the first unknown field of `message` is, at any depth. None: there is none.

    The answer is the path of the message that holds it, then "#" and the field's number.
    """
    data = message.SerializeToString()
    if not has_unknown_fields(type(message), data, len(data)):
        return None
    return unknown_fields_error(descriptor_of(type(message)), data).path


def refuse_unknown_fields(message_type: type[Message], data: bytes) -> None:
    """Raise UnknownFieldsError if `data` holds any; it must be this runtime's own encoding."""
    if has_unknown_fields(message_type, data, len(data)):
        raise unknown_fields_error(descriptor_of(message_type), data)


def unknown_fields_error(descriptor: Descriptor, data: bytes) -> UnknownFieldsError:
    """Make the error that names the first unknown field in `data`, which parsed and has one."""
    found = wire.first_unknown(descriptor, data, max_depth=_ANY_DEPTH)
    path, number = found or wire.Finding("", 0)
    return UnknownFieldsError(
        f"must hold only fields that this version of MLSpec knows (got field number {number})",
        path=f"{path}#{number}",
        remedy="Use the version of MLSpec that wrote it, or have it written without the field.",
    )
