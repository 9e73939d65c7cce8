"""One line of text for each request: NCSA's Combined Log Format, then our fields.

A view: the leaf is the evidence, and the line's last field says which leaf that is.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import Final

from mlspec import v1

LOG_FORMAT: Final = (
    '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" '
    'request_id="%{request_id}n" model="%{model}n" model_sha256="%{model_sha256}n" '
    'pipeline_sha256="%{pipeline_sha256}n" data_sha256="%{data_sha256}n" '
    'deployment_sha256="%{deployment_sha256}n" latency_us="%{latency_us}n" '
    'seq="%{seq}n" leaf="%{leaf}n"'
)
"""The Apache `LogFormat` string that reads these lines (`Logging.line_format`)."""

_NOTHING: Final = "-"
# A value that is a lone hyphen would read as no value at all.
_HYPHEN: Final = r"\x2d"
_is_plain: Final = re.compile(r"[ !#-\[\]-~]+").fullmatch
_is_plain_word: Final = re.compile(r"[!#-\[\]-~]+").fullmatch
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_ESCAPED: Final = [
    chr(byte) if 0x20 <= byte <= 0x7E and byte not in b'"\\' else f"\\x{byte:02x}"
    for byte in range(256)
]
_NO_DETAIL: Final = v1.RequestDetail()


def line(entry: v1.LogEntry, leaf_hash: bytes, detail: v1.RequestDetail | None = None) -> bytes:
    """Return the line of a request that keeps the rules: ASCII, without its newline.

    Args:
        entry: The log entry of the request.
        leaf_hash: The hash of the entry's leaf.
        detail: What the side record holds. None: there is none, or it was erased.
    """
    record = entry.inference
    told = _NO_DETAIL if detail is None else detail
    latency, model = record.latency_duration, record.model
    return format_line(
        told.host,
        told.ident,
        told.user,
        record.request_time.seconds,
        told.request_line,
        record.status_code if record.HasField("status_code") else None,
        record.response_size_bytes if record.HasField("response_size_bytes") else None,
        told.referrer,
        told.agent,
        record.request_id,
        provenance_fields(
            model.name,
            model.version,
            model.sha256,
            record.pipeline_sha256,
            record.training_data_sha256,
            record.deployment_sha256,
        ),
        latency.seconds * 1_000_000 + latency.nanos // 1000,
        entry.sequence_number,
        leaf_hash,
    )


def format_line(
    host: str | None,
    ident: str | None,
    user: str | None,
    seconds: int,
    request_line: str | None,
    status: int | None,
    size: int | None,
    referrer: str | None,
    agent: str | None,
    request_id: str,
    provenance: str,
    microseconds: int,
    index: int,
    leaf_hash: bytes,
) -> bytes:
    """Return a line of these values; `provenance` is what `provenance_fields` gave."""
    return (
        f"{_word(host)} {_word(ident)} {_word(user)} "
        f'[{clf_time(seconds)}] "{_wire(request_line)}" '
        f"{_NOTHING if status is None else status} {_NOTHING if size is None else size} "
        f'"{_wire(referrer)}" "{_wire(agent)}" request_id="{_field(request_id)}" '
        f'{provenance} latency_us="{microseconds}" seq="{index}" leaf="{leaf_hash.hex()}"'
    ).encode("ascii")


@lru_cache(maxsize=64)
def clf_time(seconds: int) -> str:
    """Return seconds since 1970 as the format writes them: in UTC, with English month names."""
    at = time.gmtime(seconds)
    return (
        f"{at.tm_mday:02d}/{_MONTHS[at.tm_mon - 1]}/{at.tm_year:04d}:"
        f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d} +0000"
    )


@lru_cache(maxsize=64)
def provenance_fields(
    name: str, version: str, model: bytes, pipeline: bytes, data: bytes, deployment: bytes
) -> str:
    """Return the fields that stay the same from request to request: a model's, a deployment's."""
    return (
        f'model="{_escape(f"{name}@{version}".encode())}" '
        f'model_sha256="{model.hex() or _NOTHING}" '
        f'pipeline_sha256="{pipeline.hex() or _NOTHING}" '
        f'data_sha256="{data.hex() or _NOTHING}" '
        f'deployment_sha256="{deployment.hex() or _NOTHING}"'
    )


def _field(text: str | None) -> str:
    """Return text from the wire, one character for each byte, as it stands between quotes."""
    if not text:
        return _NOTHING
    if _is_plain(text):
        return text if text != _NOTHING else _HYPHEN
    try:
        return _escape(text.encode("latin-1"))
    except UnicodeEncodeError:  # no rule forbids it, and a line must come of it all the same
        return _escape(text.encode())


# Clients repeat themselves: what most of them send is looked up, not made again.
_wire: Final = lru_cache(maxsize=1024)(_field)


@lru_cache(maxsize=1024)
def _word(text: str | None) -> str:
    """Return a name as it stands without quotes, so that it is one word."""
    if not text:
        return _NOTHING
    if _is_plain_word(text):
        return text if text != _NOTHING else _HYPHEN
    return _escape(text.encode()).replace(" ", r"\x20")


def _escape(data: bytes) -> str:
    r"""Return bytes with all that could end a field, or a line, as `\xhh`."""
    return "".join([_ESCAPED[byte] for byte in data])
