"""Requests of a serving process: what is logged of them, and what of it can be erased.

Put a log into a model server with one line more, after its application was made:

    app = RequestLogMiddleware(app, logger)

The interceptors of gRPC servers are in `grpc_interceptor`, which needs grpcio.
"""

import importlib
from typing import TYPE_CHECKING

__all__ = [
    "LOG_FORMAT",
    "REQUEST_KEY",
    "Erased",
    "LoggedRequest",
    "Person",
    "RequestLogMiddleware",
    "RequestLogger",
    "SideRecords",
    "TextLines",
    "current_request",
    "erase",
    "line",
    "make_side",
    "open_detail",
]

if TYPE_CHECKING:
    from mlspec.requestlog.requests.asgi import REQUEST_KEY, RequestLogMiddleware
    from mlspec.requestlog.requests.current import current_request
    from mlspec.requestlog.requests.erasing import Erased, Person, erase
    from mlspec.requestlog.requests.logged import LoggedRequest
    from mlspec.requestlog.requests.logger import RequestLogger
    from mlspec.requestlog.requests.ncsa_line import LOG_FORMAT, line
    from mlspec.requestlog.requests.side import make_side, open_detail
    from mlspec.requestlog.requests.side_records import SideRecords
    from mlspec.requestlog.requests.text_lines import TextLines
else:
    # Who reads a log has no use for event loops: each name is loaded at its first use.
    _HOMES = {
        "LOG_FORMAT": "ncsa_line",
        "REQUEST_KEY": "asgi",
        "Erased": "erasing",
        "LoggedRequest": "logged",
        "Person": "erasing",
        "RequestLogMiddleware": "asgi",
        "RequestLogger": "logger",
        "SideRecords": "side_records",
        "TextLines": "text_lines",
        "current_request": "current",
        "erase": "erasing",
        "line": "ncsa_line",
        "make_side": "side",
        "open_detail": "side",
    }

    def __getattr__(name: str) -> object:
        """Load `name` from the module that defines it, once."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """Name what can be used, loaded or not."""
        return sorted({*globals(), *__all__})
