"""What a comment calls required is what the rules require, no more and no less."""

import functools
from typing import Any

import protovalidate
from google.protobuf.message import Message

import mlspec.v1
from tools.schema import File


def refused_when_empty(message: Message) -> set[str]:
    """Names of the message's own fields that the rules refuse in an instance with nothing set."""
    refused = set()
    for violation in protovalidate.collect_violations(message):
        path = violation.proto.field
        if path is not None and len(path.elements) == 1:
            refused.add(path.elements[0].field_name)
    return refused


def test_required_fields_say_so_first(spec: list[File]) -> None:
    """A field's comment starts with "Required." exactly when an empty message is refused for it."""
    wrong = []
    for file in spec:
        for message in (m for m in file.all_messages() if m.fields):
            kind: Any = functools.reduce(getattr, message.name.split("."), mlspec.v1)
            required = refused_when_empty(kind())
            for field in message.fields:
                said = field.comment.startswith("Required.")
                if said and field.name not in required:
                    wrong.append(f"{message.name}.{field.name}: says Required., no rule says so")
                if not said and field.name in required:
                    wrong.append(f"{message.name}.{field.name}: must start with Required.")
    assert not wrong, "\n".join(wrong)
