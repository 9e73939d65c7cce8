"""New headers, records and references."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from google.protobuf.timestamp_pb2 import Timestamp

from mlspec import __version__, v1
from mlspec.errors import InputError, UsageError
from mlspec.media import RECORD_PAYLOAD_TYPE
from mlspec.records.ids import new_id
from mlspec.records.stages import body_field, stage_name, stage_of
from mlspec.records.versions import LEAST_READER_VERSION, SPEC_VERSION

if TYPE_CHECKING:
    from google.protobuf.message import Message

PRODUCER_NAME: Final = "mlspec-python"
_SHA256_SIZE: Final = 32


def now() -> Timestamp:
    """Return the time by this machine's clock."""
    seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)


def new_header(
    stage: v1.Stage.ValueType,
    *,
    namespace: str,
    run_id: str,
    state: v1.RecordState.ValueType = v1.RECORD_STATE_SUCCEEDED,
    capture: v1.CaptureMethod.ValueType = v1.CAPTURE_METHOD_RECORDED,
) -> v1.RecordHeader:
    """Return a header with a new record id, the versions, the time and this package as producer."""
    return v1.RecordHeader(
        record_id=new_id(),
        spec_version=SPEC_VERSION,
        least_reader_version=LEAST_READER_VERSION,
        stage=stage,
        namespace_name=namespace,
        run_id=run_id,
        create_time=now(),
        state=state,
        capture=capture,
        producer=v1.Producer(name=PRODUCER_NAME, version=__version__),
    )


def new_record(body: Message, header: v1.RecordHeader) -> v1.Record:
    """Return a record of copies of `header` and `body`.

    A header that says no stage gets that of the body. Raises UsageError if `body` is no body, or
    if the header says another stage.
    """
    stage = stage_of(body)
    if header.stage not in (v1.STAGE_UNSPECIFIED, stage):
        raise UsageError(
            f"must be {stage_name(stage)}, as the body (got {stage_name(header.stage)})",
            error_id="record.stage",
            path="header.stage",
        )
    record = v1.Record(header=header)
    record.header.stage = stage
    place = getattr(record, body_field(stage))
    place.SetInParent()
    place.MergeFrom(body)
    return record


def reference(
    sha256: bytes,
    stage: v1.Stage.ValueType,
    payload_type: str = RECORD_PAYLOAD_TYPE,
) -> v1.RecordReference:
    """Return a reference to the sealed record whose payload has this digest (32 raw bytes).

    Raises InputError on another length.
    """
    if len(sha256) != _SHA256_SIZE:
        raise InputError(
            f"must be {_SHA256_SIZE} bytes (got {len(sha256)})", error_id="digest.length"
        )
    return v1.RecordReference(
        digest=v1.Digest(sha256=sha256), payload_type=payload_type, stage=stage
    )
