"""Templates: a stage's record with every field it may have, explained and commented out."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

from google.protobuf.descriptor import FieldDescriptor

from mlspec.cli.comments import comment_of
from mlspec.codec import Format, encode
from mlspec.codec.descriptors import descriptor_of, is_repeated
from mlspec.records import body_field, body_type, new_header, new_id, stage_name

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor

    from mlspec import v1

Style = Literal["yaml", "text"]

_WIDTH: Final = 96
_DEPTH: Final = 3
_SPECIAL: Final = {
    "google.protobuf.Timestamp": ('"2027-01-31T12:00:00Z"', "{ seconds: 1801396800 }"),
    "google.protobuf.Duration": ('"1.5s"', "{ seconds: 1 nanos: 500000000 }"),
}
_FLOATS: Final = (FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT)


def template(stage: v1.Stage.ValueType, style: Style, namespace: str) -> str:
    """Return a record of `stage` to fill in: a header that is ready, and a body to uncomment."""
    name = body_field(stage)
    descriptor = descriptor_of(body_type(stage))
    lines = [
        f"# One mlspec.v1.Record, stage {int(stage)}: {stage_name(stage)}.",
        *_prose(comment_of(descriptor.full_name), ""),
        "#",
        "# Take away the # before what you know, set it, and leave out the rest. Then:",
        "# mlspec validate FILE, and mlspec sign FILE --key KEY.",
        *(["# proto-message: mlspec.v1.Record"] if style == "text" else []),
        "",
        *_header(stage, style, namespace),
        "",
        f"{_json_name(name)}:" if style == "yaml" else f"{name} {{",
    ]
    for field in descriptor.fields:
        words = f"{_alternatives(field)}{comment_of(field.full_name)}{_choices(field)}"
        lines += ["", *_prose(words, "  ")]
        lines += [f"  #{line}" for line in _field(field, style, 1)]
    if style == "text":
        lines.append("}")
    return "\n".join(lines) + "\n"


def _header(stage: v1.Stage.ValueType, style: Style, namespace: str) -> Iterator[str]:
    header = new_header(stage, namespace=namespace, run_id=new_id())
    form = Format.YAML if style == "yaml" else Format.TEXT
    yield "header:" if style == "yaml" else "header {"
    for line in encode(header, form).decode("utf-8").splitlines():
        yield f"  {line}"
    if style == "text":
        yield "}"


def _prose(text: str, indent: str) -> list[str]:
    mark = f"{indent}# "
    return textwrap.wrap(text, _WIDTH, initial_indent=mark, subsequent_indent=mark)


def _alternatives(field: FieldDescriptor) -> str:
    oneof = field.containing_oneof
    if oneof is None or len(oneof.fields) == 1:
        return ""
    return f"(One of: {', '.join(_json_name(each.name) for each in oneof.fields)}.) "


def _choices(field: FieldDescriptor) -> str:
    if field.enum_type is None:
        return ""
    return f" One of {', '.join(value.name for value in field.enum_type.values[1:])}."


def _field(field: FieldDescriptor, style: Style, depth: int) -> Iterator[str]:
    """Write one field, and the fields of its message, down to some depth."""
    inner = field.message_type
    if inner is None or inner.full_name in _SPECIAL or depth >= _DEPTH:
        yield _leaf(field, style)
        return
    parts = [line for each in _shown(inner) for line in _field(each, style, depth + 1)]
    if style == "text":
        yield f"{field.name} {{"
        yield from (f"  {line}" for line in parts)
        yield "}"
        return
    yield f"{_json_name(field.name)}:"
    for index, line in enumerate(parts):
        mark = "- " if is_repeated(field) and index == 0 else "  "
        yield f"  {mark}{line}" if is_repeated(field) else f"  {line}"


def _shown(descriptor: Descriptor) -> Iterator[FieldDescriptor]:
    """Yield the fields, of a oneof only the first: setting two would be wrong."""
    seen = set()
    for field in descriptor.fields:
        oneof = field.containing_oneof
        if oneof is not None and len(oneof.fields) > 1:
            if oneof.name in seen:
                continue
            seen.add(oneof.name)
        yield field


def _leaf(field: FieldDescriptor, style: Style) -> str:
    value = _value(field, style)
    if style == "text":
        joint = " " if value.startswith("{") else ": "
        return f"{field.name}{joint}{value}"
    return f"{_json_name(field.name)}: {f'[{value}]' if is_repeated(field) else value}"


def _value(field: FieldDescriptor, style: Style) -> str:
    if field.message_type is not None:
        yaml, text = _SPECIAL.get(field.message_type.full_name, ("{}", "{}"))
        return yaml if style == "yaml" else text
    if field.enum_type is not None:
        return str(field.enum_type.values[1].name)
    if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
        return '""'
    if field.type == FieldDescriptor.TYPE_BOOL:
        return "false"
    return "0.0" if field.type in _FLOATS else "0"


def _json_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
