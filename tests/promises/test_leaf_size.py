"""The largest valid `LogEntry` fits a leaf: 65,535 bytes, two bytes of length (C2SP tlog-tiles)."""

import re
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mlspec import schema
from tools.rules import expressions
from tools.schema import Field, Message, read

LEAF = 65_535
# With tags: seconds of the years 1970 to 9999 take seven bytes, any others and nanoseconds eleven.
TIMES = {"google.protobuf.Timestamp": 18, "google.protobuf.Duration": 22}
NUMBERS = {"double": 8, "float": 4, "bool": 1, "int32": 10, "int64": 10}
ASCII = re.compile(r"[ -~]*")
CONTENT = re.compile(r"this(?:\.attributions)?\.content\.size\(\) <= (\d+)")


def varint(number: int) -> int:
    """Bytes of a number as varint."""
    return max(1, -(-number.bit_length() // 7))


def counted(pattern: str) -> int | None:
    """The greatest length that a pattern of one counted class allows, or that of a UUID."""
    if found := re.fullmatch(r"\^\[[^]]+\]\{(?:\d+,)?(\d+)\}\$", pattern):
        return int(found[1])
    return 36 if "-7[0-9a-f]{3}-" in pattern else None


def plain(pattern: str) -> bool:
    """Whether all that a pattern matches is ASCII: it has neither `.` nor a negated class."""
    bare = re.sub(r"\[(\^?)[^]]*\]", lambda found: "^" if found[1] else "", pattern[1:])
    return ASCII.fullmatch(pattern) is not None and not re.search(r"[.^]", bare.rstrip("$"))


def text_size(rules: Any, where: str) -> int:
    """Upper bound of the bytes of a string that keeps `rules`."""
    text = rules.string if rules is not None else None
    assert text is not None, f"{where}: unbounded text"
    width = 1 if text.pattern and plain(text.pattern) else 4
    bounds = [len(value.encode()) for value in getattr(text, "in")]
    bounds = [max(bounds)] if bounds else []
    bounds += [text.max_bytes] if text.HasField("max_bytes") else []
    bounds += [text.max_len * width] if text.HasField("max_len") else []
    limit = counted(text.pattern) if text.pattern else None
    bounds += [limit] if limit is not None else []
    assert bounds, f"{where}: unbounded text"
    return min(bounds)


def bytes_size(rules: Any, content: int | None, where: str) -> int:
    """Upper bound of a bytes field; `content` is the bound that a rule further out gives."""
    bounds = [] if content is None else [content]
    if rules is not None:
        bounds += [rules.bytes.len] if rules.bytes.HasField("len") else []
        bounds += [rules.bytes.max_len] if rules.bytes.HasField("max_len") else []
    assert bounds, f"{where}: unbounded bytes"
    return min(bounds)


class Sizes:
    """Upper bounds of encoded messages, from descriptors and rules alone."""

    def __init__(self, messages: dict[str, Message]) -> None:
        """Take every message of the specification by name."""
        self.messages = messages

    def of(self, name: str, content: int | None = None, where: str = "") -> int:
        """Upper bound of a message; of each oneof only the largest field counts."""
        if name in TIMES:
            return TIMES[name]
        message = self.messages[name.removeprefix("mlspec.v1.")]
        total = 0
        largest: dict[str, int] = {}
        for field in message.fields:
            size = self.field(field, content, f"{where}.{field.name}")
            if field.oneof:
                largest[field.oneof] = max(size, largest.get(field.oneof, 0))
            else:
                total += size
        return total + sum(largest.values())

    def field(self, field: Field, content: int | None, where: str) -> int:
        """Upper bound of a field with its tags, all elements of a list counted."""
        rules, times = field.rules, 1
        if field.repeated:
            assert rules is not None, f"{where}: unbounded list"
            assert rules.repeated.max_items, f"{where}: unbounded list"
            rules, times = rules.repeated.items, rules.repeated.max_items
        return times * (varint(field.number << 3) + self.value(field, rules, content, where))

    def value(self, field: Field, rules: Any, content: int | None, where: str) -> int:
        """Upper bound of one value, with the length that stands before it."""
        if field.kind in NUMBERS:
            return NUMBERS[field.kind]
        if field.kind == "string":
            size = text_size(rules, where)
        elif field.kind == "bytes":
            size = bytes_size(rules, content if field.name == "content" else None, where)
        elif field.kind.removeprefix("mlspec.v1.") in self.messages or field.kind in TIMES:
            found = [CONTENT.search(rule.expression) for rule in expressions(field.rules)]
            given = [int(match[1]) for match in found if match]
            kept = content if field.kind.endswith("Tensor") else None
            size = self.of(field.kind, min(given) if given else kept, where)
        else:  # An enum: ten bytes at most, for a negative number.
            return 10
        return varint(size) + size


@pytest.fixture(scope="module")
def sizes() -> Sizes:
    """The messages of the specification as the package carries them."""
    files = read(FileDescriptorSet.FromString(schema.descriptor_set()))
    return Sizes({message.name: message for file in files for message in file.all_messages()})


def test_the_largest_valid_entry_fits_a_leaf(sizes: Sizes) -> None:
    """No rule lets a valid entry grow beyond what a tile holds, whatever its texts are."""
    assert 10_000 < sizes.of("LogEntry") < LEAF


def test_a_text_of_a_leaf_is_counted_in_bytes(sizes: Sizes) -> None:
    """Four bytes a character is what a bound in characters allows: the sum above knows it."""
    identity = next(f for f in sizes.messages["Actor"].fields if f.name == "identity")
    name = next(f for f in sizes.messages["RecordHeader"].fields if f.name == "step_name")
    assert text_size(identity.rules, "identity") == 255
    assert text_size(name.rules, "step_name") == 4 * 255
