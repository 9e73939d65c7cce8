"""How much of each stage record is filled: `python -m examples.loan_approval.fields_set [FOLDER]`.

What is counted: the fields of the stage's body and of the messages that belong to stages. A message
that all of MLSpec shares (a digest, a metric, a slice, a parameter...) counts as one field,
whatever is in it. A oneof is one field. A field of a repeated message counts once, and is set if
any item sets it. A number, text or bool without presence always says something and counts as set;
an enum at UNSPECIFIED, an empty list and an absent message do not.

What is not applicable is listed in `not_applicable.py`, with the reason for each: it is left out of
the count, and an error if it is set after all.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

import mlspec
from examples.loan_approval.not_applicable import NOT_APPLICABLE, NOT_APPLICABLE_IN, SHARED_FILES
from mlspec import v1
from mlspec.records import body_name, body_of

NEEDED_SHARE = 0.70
MESSAGE = FieldDescriptor.TYPE_MESSAGE
ENUM = FieldDescriptor.TYPE_ENUM


class State(StrEnum):
    """What a field came to."""

    SET = "set"
    UNSET = "not set"
    LEFT_OUT = "not applicable"
    CONTRADICTED = "listed as not applicable, but set"


@dataclass(frozen=True)
class Count:
    """The fields of one record, by path."""

    step: str
    states: dict[str, State]

    def of(self, state: State) -> list[str]:
        """The paths in a state."""
        return sorted(path for path, each in self.states.items() if each == state)

    @property
    def share(self) -> float:
        """Set fields over applicable ones."""
        done = len(self.of(State.SET))
        return done / (done + len(self.of(State.UNSET)))

    def line(self) -> str:
        """The record in one line."""
        done = len(self.of(State.SET))
        applicable = done + len(self.of(State.UNSET))
        share = f"{self.share:6.1%}  {done:3} of {applicable:3} applicable fields"
        return f"{self.step:<16} {share}, {done / len(self.states):.1%} of all"


def shared(descriptor: Any) -> bool:
    """Whether a message is shared by all of MLSpec, or is of protobuf itself."""
    stem = descriptor.file.name.rsplit("/", 1)[-1].removesuffix(".proto")
    return not descriptor.file.name.startswith("mlspec/") or stem in SHARED_FILES


def fields(messages: list[Message], path: str, step: str) -> Iterator[tuple[str, State]]:
    """Each field of messages at one path with its state, then those of the messages below."""
    descriptor = messages[0].DESCRIPTOR
    for oneof in descriptor.oneofs:
        if len(oneof.fields) > 1:
            some = any(m.WhichOneof(oneof.name) for m in messages)
            yield f"{path}.{oneof.name}", state(step, descriptor.name, oneof.name, some)
    for field in descriptor.fields:
        below = f"{path}.{field.name}"
        if field.containing_oneof is None or len(field.containing_oneof.fields) == 1:
            some = any(is_set(m, field) for m in messages)
            yield below, state(step, descriptor.name, field.name, some)
        if field.type == MESSAGE and not shared(field.message_type):
            inner = [each for m in messages for each in values(m, field)]
            if inner:
                yield from fields(inner, below, step)


def state(step: str, message: str, field: str, some: bool) -> State:
    """The state of a field, given whether some message sets it."""
    name = f"{message}.{field}"
    if name in NOT_APPLICABLE or name in NOT_APPLICABLE_IN.get(step, {}):
        return State.CONTRADICTED if some else State.LEFT_OUT
    return State.SET if some else State.UNSET


def is_set(message: Message, field: Any) -> bool:
    """Whether a message says something in a field."""
    if field.is_repeated:
        return len(getattr(message, field.name)) > 0
    if field.has_presence:
        return bool(message.HasField(field.name))
    return bool(field.type != ENUM or getattr(message, field.name) != 0)


def values(message: Message, field: Any) -> list[Message]:
    """The messages in a field."""
    if field.is_repeated:
        return list(getattr(message, field.name))
    return [getattr(message, field.name)] if message.HasField(field.name) else []


def count(record: v1.Record) -> Count:
    """Count the fields of a record's body.

    Raises:
        ValueError: It has none.
    """
    body = body_of(record)
    if body is None:
        raise ValueError("record: must have a body")
    step = record.header.step_name
    return Count(step, dict(fields([body], body_name(record) or "", step)))


def count_all(folder: Path) -> list[Count]:
    """Count every stage record of the runs in a folder, after checking its signature."""
    trust = mlspec.TrustPolicy.load(folder / "trust.json")
    with mlspec.open_store(folder / "mlspec.db") as store:
        return [
            count(mlspec.unseal(store.get(row.sha256), trust).record)
            for row in list(store.records())
            if row.stage <= v1.STAGE_LOGGING
        ]


def main() -> int:
    """Print the share of each record; with -v also what is not set."""
    arguments = [a for a in sys.argv[1:] if a != "-v"]
    counted = count_all(Path(arguments[0] if arguments else "build/demo"))
    for each in counted:
        print(each.line())
        shown = (State.CONTRADICTED, *([State.UNSET] if "-v" in sys.argv else []))
        for kind in shown:
            print("".join(f"{'':17}{kind}: {path}\n" for path in each.of(kind)), end="")
    least = min(each.share for each in counted)
    print(f"least: {least:.1%}, needed: {NEEDED_SHARE:.0%}")
    contradicted = any(each.of(State.CONTRADICTED) for each in counted)
    return 0 if least >= NEEDED_SHARE and not contradicted else 1


if __name__ == "__main__":
    sys.exit(main())
