"""The protobuf text format (https://protobuf.dev/reference/protobuf/textformat-spec/)."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import Message

from mlspec.codec.binary import decode_binary, encode_binary
from mlspec.codec.formats import DEFAULT_LIMITS, Limits, check_size
from mlspec.codec.json_syntax import decode_utf8
from mlspec.codec.unknown import refuse_unknown_fields
from mlspec.errors import DecodeError, LimitError

M = TypeVar("M", bound=Message)


def encode_text(message: Message) -> bytes:
    """Return `message` as text that names its type first. Raises UnknownFieldsError."""
    from google.protobuf import text_format

    refuse_unknown_fields(type(message), encode_binary(message))
    descriptor = message.DESCRIPTOR
    head = f"# proto-file: {descriptor.file.name}\n# proto-message: {descriptor.full_name}\n\n"
    return (head + text_format.MessageToString(message, as_utf8=True)).encode("utf-8")


def decode_text(message_type: type[M], data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> M:
    """Parse one message from text. Raises LimitError, DecodeError."""
    from google.protobuf import text_format

    check_size(data, limits)
    try:
        message = text_format.Parse(decode_utf8(data), message_type())
    except text_format.ParseError as error:
        line, column = error.GetLine(), error.GetColumn()
        raise DecodeError(
            f"must be one {message_type.DESCRIPTOR.name} in text format ({error})",
            error_id="text.syntax",
            path=f"line {line}, column {column}" if line else "",
        ) from None
    except RecursionError:
        raise LimitError("messages must not nest so deep", error_id="limit.depth") from None
    except (ValueError, TypeError, OverflowError, Warning) as error:
        raise DecodeError(f"must be in text format ({error})", error_id="text.syntax") from error
    # The text reader has no bound on depth; the binary one, which signing goes through, has.
    return decode_binary(message_type, encode_binary(message), limits=limits)
