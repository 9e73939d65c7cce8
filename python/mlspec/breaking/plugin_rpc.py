"""What goes in and out of a procedure: the request's value, the response's, and errors.

Both forms of pluginrpc.v1 are known: binary, which buf speaks, and JSON.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Final

from mlspec.breaking import plugin_binary, plugin_json
from mlspec.breaking.plugin_messages import REQUESTS, RESPONSES, Message
from mlspec.errors import DecodeError, LimitError, MLSpecError, UsageError

_TYPE_URL: Final = "type.googleapis.com/"


class Form(StrEnum):
    """How messages are written."""

    BINARY = "binary"
    JSON = "json"


def spec(form: Form) -> bytes:
    """Return the list of this program's procedures."""
    return _written(
        "pluginrpc.v1.Spec", {"procedures": [{"path": path} for path in REQUESTS]}, form
    )


def request(procedure: str, data: bytes, form: Form) -> Message:
    """Return the value of a request; no bytes are an empty one.

    Raises:
        DecodeError: the bytes are no request, or one for something else.
    """
    kind = REQUESTS[procedure]
    if form is Form.JSON:
        value = plugin_json.parse(data or b"{}").get("value")
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise DecodeError(f"the request's value must be an object (got {value!r:.40})")
        _expect(kind, value.get("@type"))
        return plugin_json.decode(kind, value)
    value = plugin_binary.decode("pluginrpc.v1.Request", data).get("value")
    if value is None:
        return {}
    _expect(kind, value.get("type_url"))
    return plugin_binary.decode(kind, value.get("value", b""))


def _expect(kind: str, type_url: object) -> None:
    if str(type_url).rpartition("/")[2] != kind:
        raise DecodeError(f"the request's value must be a {kind} (got {type_url!r:.80})")


def response(procedure: str, value: Message, form: Form) -> bytes:
    """Return what a procedure that succeeded writes."""
    kind = RESPONSES[procedure]
    if form is Form.JSON:
        content: Message = {"@type": _TYPE_URL + kind, **value}
    else:
        content = {"type_url": _TYPE_URL + kind, "value": plugin_binary.encode(kind, value)}
    return _written("pluginrpc.v1.Response", {"value": content}, form)


def failure(error: Exception, form: Form) -> bytes:
    """Return what a procedure that failed writes: a code and one line, never a stack trace."""
    if isinstance(error, UsageError):
        code = "CODE_UNIMPLEMENTED"
    elif isinstance(error, LimitError):
        code = "CODE_RESOURCE_EXHAUSTED"
    else:
        code = "CODE_INVALID_ARGUMENT" if isinstance(error, MLSpecError) else "CODE_INTERNAL"
    text = str(error) if isinstance(error, MLSpecError) else f"{type(error).__name__}: {error}"
    remedy = error.remedy if isinstance(error, MLSpecError) else ""
    message = "; ".join(part for part in (" ".join(text.split()), remedy) if part)
    return _written("pluginrpc.v1.Response", {"error": {"code": code, "message": message}}, form)


def _written(kind: str, message: Message, form: Form) -> bytes:
    if form is Form.JSON:
        return json.dumps(message).encode() + b"\n"
    return plugin_binary.encode(kind, message)
