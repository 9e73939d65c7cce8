"""The protobuf wire format, read strictly."""

from __future__ import annotations

from typing import Literal, TypeVar

from google.protobuf.message import DecodeError as ProtobufDecodeError
from google.protobuf.message import EncodeError as ProtobufEncodeError
from google.protobuf.message import Message

from mlspec.codec import wire
from mlspec.codec.descriptors import deep_fields, descriptor_of, is_repeated
from mlspec.codec.formats import DEFAULT_LIMITS, Limits, check_size
from mlspec.codec.unknown import has_unknown_fields, unknown_fields_error
from mlspec.errors import DecodeError, InputError, LimitError

M = TypeVar("M", bound=Message)
Unknown = Literal["refuse", "keep"]


def encode_binary(message: Message) -> bytes:
    """Return `message` in the wire format, which has many spellings of one message."""
    try:
        return message.SerializeToString()
    except (ProtobufEncodeError, ValueError) as error:
        raise InputError(f"must be encodable ({error})", error_id="encode") from error


def decode_binary(
    message_type: type[M],
    data: bytes,
    *,
    limits: Limits = DEFAULT_LIMITS,
    unknown: Unknown = "refuse",
) -> M:
    """Parse one message.

    A field that may stand once and stands twice at the top of the message is refused, because
    readers differ in which of the two they show. With `unknown="keep"` fields that nobody knows
    stay in the message. Raises LimitError, DecodeError, UnknownFieldsError.
    """
    check_size(data, limits)
    descriptor = descriptor_of(message_type)
    twice = wire.repeated_singular(descriptor, data)
    if twice is not None:
        raise DecodeError(
            "must stand in the message once (got it more often)",
            error_id="decode.duplicate_field",
            path=twice,
            remedy="It was spliced together, or its writer is broken: ask for it anew.",
        )
    message = _parse(message_type, data, limits)
    _check_depth(message, "", limits.max_depth)
    if unknown == "refuse" and has_unknown_fields(message_type, data, message.ByteSize()):
        raise unknown_fields_error(descriptor, data)
    return message


def _parse(message_type: type[M], data: bytes, limits: Limits) -> M:
    try:
        return message_type.FromString(data)
    except (ProtobufDecodeError, ValueError, RecursionError) as error:
        # The runtimes name no place; the scanner finds it, or the runtime's word has to do.
        wire.first_unknown(descriptor_of(message_type), data, max_depth=limits.max_depth)
        raise DecodeError(
            f"must be one encoded {message_type.DESCRIPTOR.name} ({error})",
            remedy="Check that the file is complete and of this type.",
        ) from error


def _check_depth(message: Message, path: str, left: int) -> None:
    """Raise LimitError where messages nest too deep; enter only fields below which they could."""
    if left <= 0:
        raise LimitError("messages must not nest so deep", error_id="limit.depth", path=path)
    for field in deep_fields(descriptor_of(type(message)), left - 1):
        name = f"{path}.{field.name}" if path else str(field.name)
        if is_repeated(field):
            for index, item in enumerate(getattr(message, field.name)):
                _check_depth(item, f"{name}[{index}]", left - 1)
        elif message.HasField(field.name):
            _check_depth(getattr(message, field.name), name, left - 1)
