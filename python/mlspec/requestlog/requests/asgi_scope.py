"""What an ASGI scope says about a request, before and after the application had it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from mlspec.errors import UsageError
from mlspec.requestlog.requests.bounds import cut_text, endpoint, fitting_media_type, is_opaque
from mlspec.requestlog.requests.logged import LoggedRequest

Headers = Iterable[tuple[bytes, bytes]]

_MAX_LINE: Final = 8192
_MAX_AGENT: Final = 1024
_MAX_NAME: Final = 255


def capture(request: LoggedRequest, scope: Mapping[str, Any]) -> None:
    """Take what the client sent before the body, one character for each byte."""
    client = scope.get("client")
    if client:
        request.host = cut_text(client[0], _MAX_NAME)
    target = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    query = scope.get("query_string")
    if query:
        target = target + b"?" + query
    version = scope.get("http_version", "1.1")
    line = f"{scope['method']} {target.decode('latin-1')} HTTP/{version}"
    request.request_line = line[:_MAX_LINE]
    for name, value in scope["headers"]:
        if name == b"user-agent":
            request.agent = value.decode("latin-1")[:_MAX_AGENT] or None
        elif name == b"referer":
            request.referrer = value.decode("latin-1")[:_MAX_LINE] or None
        elif name == b"content-type":
            request.input_media_type = fitting_media_type(value.decode("latin-1"))
        elif name == b"x-request-id":
            text = value.decode("latin-1")
            request.client_request_id = text[:_MAX_AGENT] or None
            request.opaque_id = text if is_opaque(text) else None


def capture_late(request: LoggedRequest, scope: Mapping[str, Any]) -> None:
    """Take what the application found out: who was authenticated, and the route's pattern.

    The path itself can name a person, so that only a pattern gets into the leaf.
    """
    if request.user is None:
        request.user = _user_of(scope.get("user"))
    if request.endpoint is None:
        pattern = getattr(scope.get("route"), "path", None)
        if isinstance(pattern, str):
            with suppress(UsageError):
                request.endpoint = endpoint(pattern)


def header_of(headers: Headers, name: bytes) -> bytes | None:
    """Return the first value of a header. None: there is none."""
    return next((value for key, value in headers if key.lower() == name), None)


def _user_of(user: Any) -> str | None:
    """Return the name of a framework's user: text, or an object that is authenticated."""
    if isinstance(user, str):
        return cut_text(user, _MAX_NAME)
    try:
        name = user.display_name if user is not None and user.is_authenticated else None
    except Exception:  # noqa: BLE001 - users are made by others: theirs can be anything
        return None
    return cut_text(name, _MAX_NAME) if isinstance(name, str) else None
