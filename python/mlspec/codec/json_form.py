"""ProtoJSON: read strictly, written only if nothing would be lost."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from google.protobuf.message import Message

from mlspec.codec.binary import encode_binary
from mlspec.codec.descriptors import descriptor_of
from mlspec.codec.formats import DEFAULT_LIMITS, Limits
from mlspec.codec.json_shape import check_message
from mlspec.codec.json_syntax import check_data, parse_json
from mlspec.codec.unknown import refuse_unknown_fields
from mlspec.errors import DecodeError, InputError

M = TypeVar("M", bound=Message)


def encode_json(message: Message) -> bytes:
    """Return `message` as indented ProtoJSON with camelCase names and a final newline.

    Raises UnknownFieldsError, because JSON would drop them, and InputError.
    """
    text = json.dumps(to_dict(message), ensure_ascii=False, indent=2, allow_nan=False)
    return f"{text}\n".encode()


def decode_json(message_type: type[M], data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> M:
    """Parse one message from ProtoJSON. Raises LimitError, DecodeError, UnknownFieldsError."""
    return _build(message_type, parse_json(data, limits=limits))


def to_dict(message: Message) -> dict[str, Any]:
    """Return `message` as ProtoJSON data. Raises UnknownFieldsError, InputError."""
    from google.protobuf import json_format

    refuse_unknown_fields(type(message), encode_binary(message))
    try:
        return json_format.MessageToDict(message)
    except (json_format.Error, ValueError, OverflowError) as error:
        raise InputError(f"must be writable as JSON ({error})", error_id="encode") from error


def from_dict(message_type: type[M], value: Any, *, limits: Limits = DEFAULT_LIMITS) -> M:
    """Make a message of ProtoJSON data. Raises LimitError, DecodeError, UnknownFieldsError."""
    check_data(value, limits.max_depth)
    return _build(message_type, value)


def _build(message_type: type[M], value: Any) -> M:
    from google.protobuf import json_format

    check_message(descriptor_of(message_type), value)
    try:
        return json_format.ParseDict(value, message_type())
    except (json_format.Error, ValueError, TypeError, OverflowError) as error:
        name = message_type.DESCRIPTOR.name
        raise DecodeError(f"must be one {name} in JSON ({error})", error_id="json.shape") from error
