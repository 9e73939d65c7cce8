"""Validation rules in words short enough for a page."""

from collections.abc import Iterator
from typing import Any

_DURATION = "google.protobuf.Duration"
_TIMESTAMP = "google.protobuf.Timestamp"


def _scalar(value: Any, kind: Any) -> str:
    if kind.enum_type is not None:
        return str(kind.enum_type.values_by_number[value].name)
    match value:
        case bytes():
            return value.hex()
        case str():
            return f'"{value}"'
        case float():
            return f"{value:g}"
    return str(value)


def _values(rules: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for field, value in rules.ListFields():
        name = f"{prefix}{field.name}"
        if field.name == "cel":
            continue
        if field.message_type is None:
            many = not isinstance(value, str | bytes) and hasattr(value, "__len__")
            text = [_scalar(item, field) for item in (value if many else [value])]
            yield name, ", ".join(text)
        elif field.message_type.full_name in (_DURATION, _TIMESTAMP):
            yield name, f"{value.seconds + value.nanos / 1e9:g} s"
        elif hasattr(value, "ListFields"):
            yield from _values(value, f"{name}.")


def limits(rules: Any) -> list[str]:
    """Return the standard rules of a field, a message or a oneof, one text each, examples left out.

    For example `string.min_len: 1`, or just `required` for a rule that is true.
    """
    if rules is None:
        return []
    return [
        name if text == "True" else f"{name}: {text}"
        for name, text in _values(rules, "")
        if not name.endswith("example")
    ]


def examples(rules: Any) -> list[str]:
    """Return the example values that a field's rules give."""
    if rules is None:
        return []
    return [text for name, text in _values(rules, "") if name.endswith("example")]


def expressions(rules: Any) -> list[Any]:
    """Return the CEL rules (`buf.validate.Rule`: id, message, expression), nested ones too."""
    if rules is None:
        return []
    found: list[Any] = []
    for field, value in rules.ListFields():
        if field.name == "cel":
            found += value
        elif field.message_type is not None and hasattr(value, "ListFields"):
            found += expressions(value)
    return found
