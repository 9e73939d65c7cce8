"""What breaks in a service: its methods and their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor_pb2 import MethodOptions

if TYPE_CHECKING:
    from mlspec.breaking.report import Report
    from mlspec.breaking.tree import Service


def check(report: Report, old: Service, new: Service) -> None:
    """Compare two versions of a service."""
    after = {method.name: (index, method) for index, method in enumerate(new.proto.method)}
    for number, method in enumerate(old.proto.method):
        if method.name not in after:
            report.pair("RPC_NO_DELETE", old, new, "the method was deleted", method.name)
            continue
        index, now = after[method.name]
        element = f"{old.full_name}.{method.name}"
        was_at = (old.file, (*old.path, 2, number))
        is_at = (new.file, (*new.path, 2, index))
        for rule_id, was, is_now in _parts(method, now):
            if was != is_now:
                words = f"was {was}, is {is_now}"
                report.add(rule_id, element, words, old=was_at, new=is_at)


def _parts(old: Any, new: Any) -> list[tuple[str, str, str]]:
    def both(rule_id: str, what: Any) -> tuple[str, str, str]:
        return rule_id, what(old), what(new)

    return [
        both("RPC_SAME_REQUEST_TYPE", lambda method: method.input_type.lstrip(".")),
        both("RPC_SAME_RESPONSE_TYPE", lambda method: method.output_type.lstrip(".")),
        both("RPC_SAME_CLIENT_STREAMING", lambda method: _stream(method.client_streaming)),
        both("RPC_SAME_SERVER_STREAMING", lambda method: _stream(method.server_streaming)),
        both("RPC_SAME_IDEMPOTENCY_LEVEL", _idempotency),
    ]


def _stream(streams: bool) -> str:
    return "a stream" if streams else "a single message"


def _idempotency(method: Any) -> str:
    return MethodOptions.IdempotencyLevel.Name(method.options.idempotency_level)
