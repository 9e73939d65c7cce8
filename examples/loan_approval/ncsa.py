"""One line of text for each request: NCSA's combined log format, then our fields. A view.

The leaf is the evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlspec import v1

LOG_FORMAT = (
    r"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\" "
    r"request_id=\"%{request_id}n\" model=\"%{model}n\" model_sha256=\"%{model_sha256}n\" "
    r"pipeline_sha256=\"%{pipeline_sha256}n\" data_sha256=\"%{data_sha256}n\" "
    r"deployment_sha256=\"%{deployment_sha256}n\" latency_us=\"%{latency_us}n\" "
    r"seq=\"%{seq}n\" leaf=\"%{leaf}n\""
)
"""The Apache `LogFormat` string that reads these lines."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Line:
    """What one line is made of: the leaf, its hash, and what stands beside it of the person."""

    entry: v1.LogEntry
    leaf_hash: bytes
    detail: v1.RequestDetail

    def text(self) -> str:
        """The line, without its end."""
        record = self.entry.inference
        head = " ".join(
            (
                escape(self.detail.host) or "-",
                escape(self.detail.ident) or "-",
                escape(self.detail.user).replace(" ", r"\x20") or "-",
                f"[{moment(record.request_time)}]",
                quoted(self.detail.request_line),
                str(record.status_code) if record.HasField("status_code") else "-",
                str(record.response_size_bytes) if record.response_size_bytes else "-",
                quoted(self.detail.referrer),
                quoted(self.detail.agent),
            )
        )
        return head + "".join(f" {name}={quoted(value)}" for name, value in self._ours())

    def _ours(self) -> tuple[tuple[str, str], ...]:
        record = self.entry.inference
        microseconds = record.latency_duration.ToMicroseconds()
        return (
            ("request_id", record.request_id),
            ("model", f"{record.model.name}@{record.model.version}"),
            ("model_sha256", record.model.sha256.hex()),
            ("pipeline_sha256", record.pipeline_sha256.hex()),
            ("data_sha256", record.training_data_sha256.hex()),
            ("deployment_sha256", record.deployment_sha256.hex()),
            ("latency_us", str(microseconds)),
            ("seq", str(self.entry.sequence_number)),
            ("leaf", self.leaf_hash.hex()),
        )


def escape(text: str) -> str:
    r"""Escape as nginx does: quote, backslash, bytes below 0x20 and above 0x7e as `\xhh`."""
    return "".join(
        chr(byte) if 0x20 <= byte <= 0x7E and byte not in b'"\\' else f"\\x{byte:02x}"
        for byte in text.encode("latin-1")
    )


def quoted(text: str) -> str:
    """A field between quotes; `-` for nothing."""
    return f'"{escape(text) or "-"}"'


def moment(stamp: v1.LogEntry | object) -> str:
    """A protobuf timestamp as `10/Oct/2000:13:55:36 +0000`, in UTC, with English months."""
    at = stamp.ToDatetime()  # type: ignore[union-attr]
    return f"{at:%d}/{MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S} +0000"
