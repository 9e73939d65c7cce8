"""Which stage has which body: read off the descriptors, so that it cannot differ from them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from mlspec import v1
from mlspec.errors import UsageError

if TYPE_CHECKING:
    from google.protobuf.message import Message

_PREFIX = "STAGE_"


class _Place(NamedTuple):
    """The place of a body in `Record`."""

    stage: v1.Stage.ValueType
    field: str
    message_type: type[Message]


@lru_cache(maxsize=1)
def _places() -> dict[int, _Place]:
    """Return the places by stage, in the order of the stages."""
    found = {}
    record = v1.Record()
    for field in v1.Record.DESCRIPTOR.oneofs_by_name["body"].fields:
        stage = v1.Stage.Value(_PREFIX + field.name.upper())
        found[int(stage)] = _Place(stage, field.name, type(getattr(record, field.name)))
    return dict(sorted(found.items()))


@lru_cache(maxsize=1)
def _by_type() -> dict[str, _Place]:
    return {place.message_type.DESCRIPTOR.full_name: place for place in _places().values()}


def all_stages() -> tuple[v1.Stage.ValueType, ...]:
    """Return every stage that a record can have, in order; the lifecycle's thirteen come first."""
    return tuple(place.stage for place in _places().values())


def stage_of(body: Message) -> v1.Stage.ValueType:
    """Return the stage whose body `body` is. Raises UsageError if it is none."""
    place = _by_type().get(body.DESCRIPTOR.full_name)
    if place is None:
        raise UsageError(
            f"must be the body of a stage (got {body.DESCRIPTOR.full_name})",
            error_id="record.body",
            remedy=f"A body is one of: {', '.join(t.rpartition('.')[2] for t in _by_type())}.",
        )
    return place.stage


def stage_name(stage: int) -> str:
    """Return a stage's name in snake case, or "stage 42" for one that is not known here."""
    place = _places().get(stage)
    return place.field if place else f"stage {stage}"


def stage_by_name(name: str) -> v1.Stage.ValueType:
    """Find a stage by its name: model_training, STAGE_MODEL_TRAINING, ModelTraining.

    Raises UsageError.
    """
    wanted = name.strip().replace("-", "").replace("_", "").lower().removeprefix("stage")
    for place in _places().values():
        if place.field.replace("_", "") == wanted:
            return place.stage
    raise UsageError(
        f"must be a stage (got {name[:64]!r})",
        error_id="stage.unknown",
        remedy=f"The stages are: {', '.join(place.field for place in _places().values())}.",
    )


def body_field(stage: int) -> str:
    """Return the name of the field of `Record` that holds this stage's body. Raises UsageError."""
    return _place(stage).field


def body_type(stage: int) -> type[Message]:
    """Return the message type of this stage's body. Raises UsageError."""
    return _place(stage).message_type


def body_name(record: v1.Record) -> str | None:
    """Return the name of the field that holds the body, for example "model_training"."""
    return record.WhichOneof("body")


def body_of(record: v1.Record) -> Message | None:
    """Return the body itself, whatever its type. None: the record has none."""
    name = record.WhichOneof("body")
    if name is None:
        return None
    body: Message = getattr(record, name)
    return body


def _place(stage: int) -> _Place:
    try:
        return _places()[stage]
    except KeyError:
        raise UsageError(f"must be a known stage (got {stage})", error_id="stage.unknown") from None
