"""How much of each stage record is filled: `python -m examples.loan_approval.fields_set [FOLDER]`.

What is counted: the fields of the stage's body and of the messages that belong to stages. A message
that all of MLSpec shares (a digest, a metric, a slice, a parameter...) counts as one field,
whatever is in it. A oneof is one field. A field of a repeated message counts once, and is set if
any item sets it. A number, text or bool without presence always says something and counts as set;
an enum at UNSPECIFIED, an empty list and an absent message do not.

What is not applicable is listed in `not_applicable.py`, with the reason for each: it is left out of
the count.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Count:
    """The fields of one record, by path."""

    step: str
    name: str
    set_paths: frozenset[str]
    unset_paths: frozenset[str]

    @property
    def share(self) -> float:
        """Set fields over applicable ones."""
        return len(self.set_paths) / (len(self.set_paths) + len(self.unset_paths))


def shared(descriptor: Any) -> bool:
    """Whether a message is shared by all of MLSpec, or is of protobuf itself."""
    stem = descriptor.file.name.rsplit("/", 1)[-1].removesuffix(".proto")
    return not descriptor.file.name.startswith("mlspec/") or stem in SHARED_FILES


def fields(messages: list[Message], path: str, step: str) -> Iterator[tuple[str, bool]]:
    """Each applicable field of messages at one path, and whether any of them sets it.

    Then those below.
    """
    descriptor = messages[0].DESCRIPTOR
    for oneof in descriptor.oneofs:
        members = [f.name for f in oneof.fields]
        synthetic = len(members) == 1 and oneof.name == f"_{members[0]}"
        if not synthetic and not not_applicable(step, descriptor.name, oneof.name):
            yield f"{path}.{oneof.name}", any(m.WhichOneof(oneof.name) for m in messages)
    for field in descriptor.fields:
        if not_applicable(step, descriptor.name, field.name):
            continue
        in_oneof = field.containing_oneof is not None and len(field.containing_oneof.fields) > 1
        below = f"{path}.{field.name}"
        if not in_oneof:
            yield below, any(is_set(m, field) for m in messages)
        if field.type == MESSAGE and not shared(field.message_type):
            inner = [each for m in messages for each in values(m, field)]
            if inner:
                yield from fields(inner, below, step)


def not_applicable(step: str, message: str, field: str) -> bool:
    """Whether a field has a reason for being empty in this job."""
    name = f"{message}.{field}"
    return name in NOT_APPLICABLE or name in NOT_APPLICABLE_IN.get(step, {})


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
    """Count the fields of a record's body."""
    body = body_of(record)
    if body is None:
        raise ValueError("record: must have a body")
    name = body_name(record) or ""
    found = dict(fields([body], name, record.header.step_name))
    return Count(
        step=record.header.step_name,
        name=name,
        set_paths=frozenset(path for path, done in found.items() if done),
        unset_paths=frozenset(path for path, done in found.items() if not done),
    )


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
        applicable = len(each.set_paths) + len(each.unset_paths)
        print(
            f"{each.step:<16} {each.share:6.1%}  {len(each.set_paths):3} of {applicable:3} fields"
        )
        if "-v" in sys.argv:
            print("\n".join(f"{'':17}not set: {path}" for path in sorted(each.unset_paths)))
    least = min(each.share for each in counted)
    print(f"least: {least:.1%}, needed: {NEEDED_SHARE:.0%}")
    return 0 if least >= NEEDED_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
