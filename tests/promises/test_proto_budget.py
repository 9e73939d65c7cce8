"""CEL rules stay within what validators spend: `protovalidate` 2.1 stops after 10,000 steps."""

import re
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mlspec import schema
from tools.rules import expressions
from tools.schema import Message, read

# Half of the steps that protovalidate 2.1 allows, and four times under a second for `unique()`.
MOST_ITEMS = 4_096


def messages() -> Iterator[Message]:
    """Yield every message of the specification."""
    for file in read(FileDescriptorSet.FromString(schema.descriptor_set())):
        yield from file.all_messages()


def walked(message: Message) -> Iterator[tuple[str, int]]:
    """Yield the lists that a CEL rule of the message walks through, with their bounds."""
    for rule in expressions(message.rules):
        for field in message.fields:
            walk = rf"this\.{field.name}\.(map|all|exists|filter|unique)\("
            if field.repeated and re.search(walk, rule.expression):
                yield field.name, field.rules.repeated.max_items if field.rules else 0


@pytest.mark.parametrize("message", list(messages()), ids=lambda message: message.name)
def test_a_list_that_a_rule_walks_through_is_short(message: Message) -> None:
    """A rule over a longer list would fail for its length, on a message that is valid."""
    too_long = [(name, bound) for name, bound in walked(message) if not 0 < bound <= MOST_ITEMS]
    assert not too_long
