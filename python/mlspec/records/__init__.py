"""Records: ids, versions, headers, references, and which body belongs to which stage."""

from mlspec.records.ids import id_time, is_id, new_id
from mlspec.records.making import PRODUCER_NAME, new_header, new_record, now, reference
from mlspec.records.stages import (
    all_stages,
    body_field,
    body_name,
    body_of,
    body_type,
    stage_by_name,
    stage_name,
    stage_of,
)
from mlspec.records.versions import LEAST_READER_VERSION, SPEC_VERSION, Version, doubts, is_newer

__all__ = [
    "LEAST_READER_VERSION",
    "PRODUCER_NAME",
    "SPEC_VERSION",
    "Version",
    "all_stages",
    "body_field",
    "body_name",
    "body_of",
    "body_type",
    "doubts",
    "id_time",
    "is_id",
    "is_newer",
    "new_header",
    "new_id",
    "new_record",
    "now",
    "reference",
    "stage_by_name",
    "stage_name",
    "stage_of",
]
