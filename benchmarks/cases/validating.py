"""What the rules of the specification cost on messages of several sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

import mlspec
from benchmarks.cases import messages
from mlspec import records, v1
from mlspec.emitting import capture_environment

Operation = Callable[[], object]


def _fields() -> v1.Run:
    """Return a message of 14 constrained fields without a rule in CEL."""
    now = records.now()
    return v1.Run(
        id=records.new_id(),
        kind=v1.RUN_KIND_PIPELINE,
        namespace_name="loans",
        parent_run_id=records.new_id(),
        child_run_ids=[records.new_id()],
        step_name="train",
        state=v1.RUN_STATE_SUCCEEDED,
        start_time=now,
        end_time=now,
    )


def _fields_and_cel() -> v1.Labelling:
    """Return a message of 17 constrained fields and two rules in CEL."""
    now = records.now()
    return v1.Labelling(
        label_feature="approve",
        method=v1.LABELLING_METHOD_MANUAL,
        form=v1.LABEL_FORM_CLASS,
        meaning="whether the loan was approved",
        guideline_version="3",
        labels_per_row=2,
        adjudication="a third annotator",
        labelled_row_count=1_989,
        unlabelled_row_count=0,
        audited_row_count=100,
        audit_error_rate=0.02,
        start_time=now,
        end_time=now,
        outcome_delay_duration=Duration(seconds=86_400),
    )


def _validated(make: Callable[[], Message]) -> Callable[[Path], Operation]:
    def prepare(_: Path) -> Operation:
        message = make()
        return lambda: mlspec.validate(message)

    return prepare


CASES: Final = {
    "fields": _validated(_fields),
    "fields and CEL": _validated(_fields_and_cel),
    "record": _validated(messages.build),
    "record with environment": _validated(lambda: messages.step_record(capture_environment())),
}
"""Each takes a folder of its own and returns the operation that is measured."""
