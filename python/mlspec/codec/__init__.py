"""Messages to and from bytes: binary, JSON, text, YAML, and length-delimited streams.

Everything read here comes from a stranger: sizes and depths are bounded, and whatever two readers
could understand differently is refused. Nothing written here loses a field.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

from google.protobuf.message import Message

from mlspec.codec.binary import Unknown, decode_binary, encode_binary
from mlspec.codec.formats import DEFAULT_LIMITS, Format, Limits, format_of
from mlspec.codec.json_form import decode_json, encode_json, from_dict, to_dict
from mlspec.codec.json_syntax import parse_json
from mlspec.codec.streams import read_delimited, write_delimited
from mlspec.codec.text_form import decode_text, encode_text
from mlspec.codec.unknown import find_unknown_fields, refuse_unknown_fields
from mlspec.codec.yaml_form import decode_yaml, encode_yaml
from mlspec.errors import MLSpecError, UsageError
from mlspec.files import StrPath, name_of, read_bytes, write_bytes

__all__ = [
    "DEFAULT_LIMITS",
    "Format",
    "Limits",
    "decode",
    "encode",
    "find_unknown_fields",
    "format_of",
    "from_dict",
    "parse_json",
    "read",
    "read_bytes",
    "read_delimited",
    "refuse_unknown_fields",
    "to_dict",
    "write",
    "write_bytes",
    "write_delimited",
]

M = TypeVar("M", bound=Message)

_ENCODERS: Final[dict[Format, Callable[[Message], bytes]]] = {
    Format.BINARY: encode_binary,
    Format.JSON: encode_json,
    Format.YAML: encode_yaml,
    Format.TEXT: encode_text,
}
_TEXT_DECODERS: Final[dict[Format, Callable[..., Any]]] = {
    Format.JSON: decode_json,
    Format.YAML: decode_yaml,
    Format.TEXT: decode_text,
}


def encode(message: Message, form: Format = Format.BINARY) -> bytes:
    """Return `message` in `form`.

    Raises UnknownFieldsError where `form` would drop fields, and InputError where it cannot say
    what the message holds (a time beyond the year 9999, in JSON).
    """
    return _ENCODERS[form](message)


def decode(
    message_type: type[M],
    data: bytes,
    form: Format = Format.BINARY,
    *,
    limits: Limits = DEFAULT_LIMITS,
    unknown: Unknown = "refuse",
) -> M:
    """Parse one message from `data`. Only the binary form can keep unknown fields.

    Raises LimitError, DecodeError, UnknownFieldsError, each with the path into the message.
    """
    if form is Format.BINARY:
        return decode_binary(message_type, data, limits=limits, unknown=unknown)
    message: M = _TEXT_DECODERS[form](message_type, data, limits=limits)
    return message


def read(
    message_type: type[M],
    path: StrPath,
    form: Format | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
    unknown: Unknown = "refuse",
) -> M:
    """Read one message from a file, or from standard input for "-".

    Without `form` the suffix tells it. Raises UsageError if it does not, UnreadableError, and what
    `decode` raises, each naming the file.
    """
    form = form or _form_by_suffix(path)
    data = read_bytes(path, max_bytes=limits.max_bytes)
    try:
        return decode(message_type, data, form, limits=limits, unknown=unknown)
    except MLSpecError as error:
        error.from_source(name_of(path))
        raise


def write(
    message: Message, path: StrPath, form: Format | None = None, *, overwrite: bool = False
) -> None:
    """Write one message to a file, whole or not at all, or to standard output for "-".

    Without `form` the suffix tells it. Raises UsageError if it does not, what `encode` raises,
    InputError if the file exists and may not be overwritten, and UnreadableError.
    """
    form = form or _form_by_suffix(path)
    write_bytes(encode(message, form), path, overwrite=overwrite)


def _form_by_suffix(path: StrPath) -> Format:
    form = format_of(os.fspath(path))
    if form is None:
        raise UsageError(
            "must have a suffix that tells the format",
            error_id="format.unknown",
            source=name_of(path),
            remedy="Say the format, or use .binpb, .json, .yaml or .txtpb.",
        )
    return form
