"""The specification keeps the rules of style that buf does not know (docs/adr, CONTRIBUTING)."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools import rules
from tools.places import PROTO
from tools.schema import Enum, Field, File, Message

MAX_LINES = 300
ZERO = re.compile(r"(Absent|Not said|Unspecified|Unknown)\b")
GROWTH = re.compile(r"\b(May grow|Closed)\b")
NONE_ALLOWED = re.compile(r"\b(None is set|Set exactly when)\b")
HOLES = {"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.Any"}
UNSIGNED = {"uint32", "uint64", "fixed32", "fixed64"}
TIMES = {"google.protobuf.Timestamp": "_time", "google.protobuf.Duration": "_duration"}


def snake(name: str) -> str:
    """`DataSplitting` as `data_splitting`, `HTTPRoute` as `http_route`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def messages(spec: list[File]) -> Iterator[tuple[str, Message]]:
    """Every message with its full path, for example `digest.proto: Digest`."""
    for file in spec:
        for message in file.all_messages():
            yield f"{Path(file.name).name}: {message.name}", message


def fields(spec: list[File]) -> Iterator[tuple[str, Field]]:
    """Every field with its full path, for example `digest.proto: Digest.value`."""
    for where, message in messages(spec):
        for field in message.fields:
            yield f"{where}.{field.name}", field


def enums(spec: list[File]) -> Iterator[tuple[str, Enum]]:
    """Every enum with its full path."""
    for file in spec:
        for enum in file.all_enums():
            yield f"{Path(file.name).name}: {enum.name}", enum


def test_there_is_something_to_look_at(spec: list[File]) -> None:
    """The specification was found; the tests below cannot pass on nothing."""
    assert len(spec) >= 2
    assert {path.stem for path in PROTO.rglob("*.proto")} == {Path(f.name).stem for f in spec}


def test_every_element_has_a_comment(spec: list[File]) -> None:
    """Messages, fields, oneofs, enums, values, services and calls each say what they are."""
    bare = [where for where, message in messages(spec) if not message.comment]
    bare += [where for where, field in fields(spec) if not field.comment]
    for where, message in messages(spec):
        bare += [f"{where}.{oneof.name}" for oneof in message.oneofs if not oneof.comment]
    for where, enum in enums(spec):
        bare += [] if enum.comment else [where]
        bare += [f"{where}.{value.name}" for value in enum.values if not value.comment]
    for service in (service for file in spec for service in file.services):
        bare += [] if service.comment else [service.name]
        bare += [f"{service.name}.{call.name}" for call in service.methods if not call.comment]
    assert not bare, "\n".join(bare)


def test_no_field_is_a_hole_a_map_or_unsigned(spec: list[File]) -> None:
    """Every value has a type: no Struct, Value, Any; no maps (order) and no unsigned integers."""
    assert [where for where, message in messages(spec) if message.is_map_entry] == []
    assert [where for where, field in fields(spec) if field.kind in HOLES | UNSIGNED] == []


def test_names_carry_unit_and_kind(spec: list[File]) -> None:
    """Times end in _time, durations in _duration, rates lie in 0 to 1, and nothing starts is_."""
    wrong = []
    for where, field in fields(spec):
        suffix = TIMES.get(field.kind)
        if suffix and not re.search(rf"(^|_){suffix[1:]}(stamp_value|_value)?s?$", field.name):
            wrong.append(f"{where}: must end in {suffix}, or in its kind and _value")
        if field.name.startswith("is_"):
            wrong.append(f"{where}: must not start with is_")
        if field.kind == "double" and field.name.endswith("_rate"):
            limits = set(rules.limits(field.rules))
            if not {"double.gte: 0", "double.lte: 1"} <= limits:
                wrong.append(f"{where}: a rate must have rules for 0 to 1")
    assert not wrong, "\n".join(wrong)


def test_enums_say_what_zero_means_and_whether_they_grow(spec: list[File]) -> None:
    """Zero is `<ENUM>_UNSPECIFIED` and says what it means; the list says if it may grow."""
    wrong = []
    for where, enum in enums(spec):
        zero = enum.values[0]
        if zero.number or zero.name != f"{snake(enum.name.split('.')[-1]).upper()}_UNSPECIFIED":
            wrong.append(f"{where}: the first value must be the unspecified zero")
        if not ZERO.match(zero.comment):
            wrong.append(f"{where}: zero's comment must start with {ZERO.pattern}")
        if not GROWTH.search(enum.comment):
            wrong.append(f'{where}: must say "May grow: ..." or "Closed."')
    assert not wrong, "\n".join(wrong)


def test_oneofs_say_whether_none_is_allowed(spec: list[File]) -> None:
    """A required oneof says "Exactly one is set"; another says what none means."""
    wrong = []
    for where, message in messages(spec):
        for oneof in message.oneofs:
            required = oneof.rules is not None and oneof.rules.required
            told = "Exactly one" in oneof.comment
            if required != told or (not told and not NONE_ALLOWED.search(oneof.comment)):
                wrong.append(f"{where}.{oneof.name}: {oneof.comment!r}, required: {required}")
    assert not wrong, "\n".join(wrong)


def test_rule_ids_are_unique_and_start_with_their_message(spec: list[File]) -> None:
    """A CEL rule's id is `<message_snake>.<what>`, said once, with words for people."""
    seen: Counter[str] = Counter()
    wrong = []
    for where, message in messages(spec):
        prefix = f"{snake(message.name.split('.')[-1])}."
        found = rules.expressions(message.rules)
        for field in message.fields:
            found += rules.expressions(field.rules)
        for rule in found:
            seen[rule.id] += 1
            if not re.fullmatch(rf"{re.escape(prefix)}[a-z0-9_]+(\.[a-z0-9_]+)*", rule.id):
                wrong.append(f"{where}: {rule.id!r} must be {prefix}<what>")
            if not rule.message and "''" not in rule.expression:
                wrong.append(
                    f"{where}: {rule.id} must have a message, or an expression that gives it"
                )
    assert not wrong, "\n".join(wrong)
    assert [rule for rule, times in seen.items() if times > 1] == []


def test_file_options_are_set_for_go_and_java(spec: list[File]) -> None:
    """Every file generates into the same Go and Java package from the first release on."""
    wrong = []
    for file in spec:
        stem = Path(file.name).stem
        outer = "".join(word.capitalize() for word in stem.split("_")) + "Proto"
        options = file.options
        if (
            options.go_package != "github.com/mlspec/mlspec/gen/go/mlspec/v1;mlspecv1"
            or options.java_package != "org.mlspec.v1"
            or not options.java_multiple_files
            or options.java_outer_classname != outer
        ):
            wrong.append(file.name)
    assert not wrong, "\n".join(wrong)


def test_files_are_short() -> None:
    """A file that needs more lines holds more than one noun."""
    lines = {path.name: len(path.read_text().splitlines()) for path in PROTO.rglob("*.proto")}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}
