"""The JSON form of the plugin's messages, with field names as in the .proto files.

The protocol asks every plugin for it; buf itself sends the binary form.
"""

from __future__ import annotations

import json
from typing import Any

from mlspec.breaking.plugin_messages import DESCRIPTOR, MESSAGES, Message
from mlspec.errors import DecodeError

_SCALARS = {"bool": bool, "uint32": int, "string": str}


def parse(data: bytes) -> dict[str, Any]:
    """Parse one JSON object.

    Raises:
        DecodeError: it is something else, or nested too deeply.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"the request must be JSON (got {error})") from error
    return _object(value, "the request")


def decode(kind: str, value: dict[str, Any]) -> Message:
    """Read a message of type `kind`, a key of `MESSAGES`. Unknown fields are passed over.

    Raises:
        DecodeError: a value is not of its field's type.
    """
    message: Message = {}
    for field in MESSAGES[kind].values():
        given = value.get(field.name, value.get(_camel(field.name)))
        if given is None:
            continue
        place = f"{kind}.{field.name}"
        if not field.repeated:
            message[field.name] = _read(field.type, given, place)
            continue
        if not isinstance(given, list):
            raise DecodeError(f"{place} must be a list (got {type(given).__name__})")
        message[field.name] = [_read(field.type, one, place) for one in given]
    return message


def _read(kind: str, given: Any, place: str) -> Any:
    if kind == DESCRIPTOR:
        return _descriptor(_object(given, place), place)
    if kind not in _SCALARS:
        return decode(kind, _object(given, place))
    # True is an int to Python.
    if not isinstance(given, _SCALARS[kind]) or (kind == "uint32" and isinstance(given, bool)):
        raise DecodeError(f"{place} must be a {kind} (got {type(given).__name__})")
    return given


def _descriptor(given: dict[str, Any], place: str) -> bytes:
    from google.protobuf import json_format
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

    try:
        # Rules are options whose schema is not at hand: what cannot be read must not be dropped.
        return json_format.ParseDict(given, FileDescriptorProto()).SerializeToString()
    except json_format.ParseError as error:
        raise DecodeError(
            f"{place} must be readable without the schema of its options (got {error})",
            remedy="send it with --format binary",
        ) from error


def _object(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DecodeError(f"{place} must be a JSON object (got {type(value).__name__})")
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
