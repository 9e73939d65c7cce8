"""A log's leaves as columns: one row a leaf, flat, so that readers of columns need no protobuf.

Nothing personal stands here: that is in side records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

from mlspec import v1

_MICRO: Final = 1_000_000

Values = Sequence[Any]
Tidy = Callable[[Values, Values], Values]


class Column(NamedTuple):
    """One column.

    Attributes:
        name: Its name.
        kind: The name of its type in pyarrow.
        path: The field of each message that it is made of.
        tidy: Makes None of what a message does not say, given the field's values and the messages.
    """

    name: str
    kind: str
    path: str
    tidy: Tidy


class Group(NamedTuple):
    """Columns of fields that stand in one message, which is fetched once for all of them.

    Attributes:
        within: Where the message stands in a request, or in feedback. Empty: it is that itself.
        columns: What is taken from it.
    """

    within: str
    columns: tuple[Column, ...]


def filled(values: Values, _messages: Values) -> Values:
    """Tidy strings, bytes or numbers that are never empty or zero when they are there."""
    if all(values):
        return values
    return [value or None for value in values] if any(values) else [None] * len(values)


def present(name: str) -> Tidy:
    """Tidy a field that may be empty or zero, and may be absent."""

    def tidy(values: Values, messages: Values) -> Values:
        if all(values):
            return values
        return [
            value if value or message.HasField(name) else None
            for value, message in zip(values, messages, strict=True)
        ]

    return tidy


def named(enum: Any, prefix: str) -> Tidy:
    """Tidy values of an enum: lower-case names; one that is not known here is its number."""
    known: dict[int, str | None] = {
        value.number: value.name.removeprefix(prefix).lower()
        for value in enum.DESCRIPTOR.values
        if value.number
    }
    known[0] = None
    return lambda values, _: [known[each] if each in known else str(each) for each in values]


def moments(values: Values, _messages: Values) -> Values:
    """Tidy times, or spans of time: whole microseconds."""
    return [each.seconds * _MICRO + each.nanos // 1000 for each in values]


def codes(values: Values, _messages: Values) -> Values:
    """Tidy principal reasons: their codes, or descriptions where they have none."""
    if not any(values):
        return [None] * len(values)
    return [[reason.code or reason.description for reason in each] or None for each in values]


def _filled(kind: str, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, name, filled) for name in names)


def _present(kind: str, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, name, present(name)) for name in names)


_OUTCOME: Final = named(v1.InferenceOutcome, "INFERENCE_OUTCOME_")

REQUEST: Final = (
    Group(
        "",
        (
            *_filled("string", "request_id"),
            Column("request_time", "timestamp", "request_time", moments),
            Column("latency_us", "int64", "latency_duration", moments),
            Column("outcome", "string", "outcome", _OUTCOME),
            *_filled("int32", "status_code", "row_count"),
            *_present("int64", "response_size_bytes", "input_size_bytes"),
            *_filled("binary", "deployment_sha256", "pipeline_sha256", "feature_schema_sha256"),
            *_filled("binary", "training_data_sha256", "side_hmac_sha256"),
            *_filled("string", "client_request_id", "error_kind"),
            *_filled("string", "application_id", "endpoint", "service_id"),
            Column("principal_reasons", "strings", "principal_reasons", codes),
        ),
    ),
    Group(
        "model",
        (
            Column("model_name", "string", "name", filled),
            Column("model_version", "string", "version", filled),
            Column("model_sha256", "binary", "sha256", filled),
        ),
    ),
    Group(
        "model.prediction",
        (
            *_filled("string", "decision"),
            *_present("float64", "number_value", "threshold", "confidence_rate"),
            *_present("int64", "integer_value"),
            *_present("string", "text_value"),
        ),
    ),
)
"""What stands in the columns of a request."""

FEEDBACK: Final = (
    Group(
        "",
        (
            Column("feedback_request_id", "string", "request_id", filled),
            Column("feedback_time", "timestamp", "feedback_time", moments),
            *_present("float64", "usefulness_rate"),
            Column("override_decision", "string", "human_override.decision", filled),
        ),
    ),
    Group(
        "ground_truth",
        (
            Column("truth_bool", "bool", "bool_value", present("bool_value")),
            Column("truth_integer", "int64", "integer_value", present("integer_value")),
            Column("truth_number", "float64", "number_value", present("number_value")),
            Column("truth_text", "string", "text_value", filled),
        ),
    ),
)
"""What stands in the columns of feedback."""

DROPPED: Final = (Group("", _filled("int64", "dropped_count")),)
"""What stands in the column of dropped entries."""


def columns_of(groups: Iterable[Group]) -> list[Column]:
    """Return the columns of groups, in order."""
    return [column for group in groups for column in group.columns]


def add_values(
    into: Sequence[list[Any]], groups: Iterable[Group], messages: Values, rows: Sequence[bool]
) -> None:
    """Add the values of some rows to columns.

    Args:
        into: The columns' values so far, which grow.
        groups: What they are.
        messages: The messages of the rows that have one.
        rows: Tells for each row whether it has one; without, its values are null.
    """
    if not messages:
        for values in into:
            values += [None] * len(rows)
        return
    columns = iter(into)
    for group in groups:
        held = list(map(attrgetter(group.within), messages)) if group.within else messages
        for column, fetched in zip(group.columns, _fetched(group, held), strict=True):
            found = column.tidy(fetched, held)
            if len(messages) < len(rows):
                following = iter(found)
                found = [next(following) if row else None for row in rows]
            next(columns).extend(found)


def _fetched(group: Group, messages: Values) -> Iterable[Values]:
    """Return the values of each field of a group."""
    paths = [column.path for column in group.columns]
    get = attrgetter(*paths)
    if len(paths) == 1:
        return [list(map(get, messages))]
    return zip(*map(get, messages), strict=True)


def arrow_type(kind: str) -> Any:
    """Return the type of a column in pyarrow."""
    import pyarrow as pa

    known = {
        "strings": lambda: pa.list_(pa.string()),
        "timestamp": lambda: pa.timestamp("us", tz="UTC"),
        "bool": pa.bool_,
    }
    make: Callable[[], Any] = known.get(kind) or getattr(pa, kind)
    return make()
