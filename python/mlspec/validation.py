"""The rules that stand in the specification, applied by protovalidate.

The only module that imports protovalidate, and that at first use: loading it costs more than all
the rest of a short command.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlspec.errors import MLSpecError, ValidationError, Violation

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from protovalidate import Validator

__all__ = ["validate", "violations"]

_SHOWN = 64
_ANY_NUMBER = "greater than or equal to -Infinity and less than or equal to Infinity"
_STARTS = {
    "value is required": "must be set",
    "value must ": "must ",
    "does not match regex pattern ": "must match ",
    "exactly one field is required in oneof": "must have exactly one of its fields set",
}


def validate(message: Message) -> None:
    """Raise ValidationError, with every violation, if `message` breaks a rule."""
    found = _collect(message)
    if found:
        raise ValidationError(message.DESCRIPTOR.name, [_translate(each) for each in found])


def violations(message: Message) -> list[Violation]:
    """Return every rule that `message` breaks, in the validator's order. Empty: it is valid."""
    return [_translate(each) for each in _collect(message)]


@lru_cache(maxsize=1)
def _validator() -> Validator:
    """Make the one validator: it compiles the rules of each message type once."""
    import protovalidate

    return protovalidate.Validator()


def _collect(message: Message) -> list[Any]:
    try:
        return _validator().collect_violations(message)
    except (RuntimeError, ValueError) as error:
        raise MLSpecError(
            f"the rules of {message.DESCRIPTOR.full_name} must be computable ({error})",
            error_id="validation.rules",
            remedy="Shorten very long lists; if there are none, report it: a rule is at fault.",
        ) from error


def _translate(violation: Any) -> Violation:
    proto = violation.proto
    path = ""
    for element in proto.field.elements if proto.field is not None else ():
        path += f".{element.field_name}" if path else str(element.field_name)
        if element.subscript is not None:
            path += f"[{element.subscript.value}]"
    words = _words(proto.message or proto.rule_id)
    shown = _shown(proto.rule_id, violation.field_value)
    return Violation(path=path, rule_id=proto.rule_id, message=words + shown)


def _words(message: str) -> str:
    """Say what must hold in the one style of all errors."""
    if message.endswith(_ANY_NUMBER):
        return "must be a finite number"
    for start, instead in _STARTS.items():
        if message.startswith(start):
            return instead + message[len(start) :]
    return message


def _shown(rule_id: str, value: Any) -> str:
    """Show what came, unless it is text that nobody asked to be of a form: it may be private."""
    if isinstance(value, int | float):
        return f" (got {value})"
    if isinstance(value, str) and rule_id == "string.pattern":
        return f" (got {value[:_SHOWN]!r})"
    return ""
