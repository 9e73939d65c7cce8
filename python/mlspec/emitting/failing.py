"""What a record says about an exception."""

from __future__ import annotations

from typing import Final

from mlspec import v1
from mlspec.emitting.scrubbing import scrub
from mlspec.errors import MLSpecError, ValidationError

_MAX_KIND: Final = 255
_MAX_MESSAGE: Final = 4096


def failure_of(error: BaseException) -> v1.Failure:
    """Return kind and message of an exception, scrubbed of secrets and personal data."""
    kind = type(error).__qualname__
    if type(error).__module__ not in ("builtins", "__main__"):
        kind = f"{type(error).__module__}.{kind}"
    failure = v1.Failure(kind=kind[:_MAX_KIND])
    message = _message(error)
    if message:
        failure.message = message
    return failure


def _message(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        broken = ", ".join(f"{each.path} [{each.rule_id}]" for each in error.violations)
        return f"the record breaks rules: {broken}"[:_MAX_MESSAGE]
    try:
        text = f"{error.path}: {error.message}" if isinstance(error, MLSpecError) else str(error)
    except Exception as broken:  # noqa: BLE001 - somebody's __str__ must not hide somebody's error
        return f"(its message raised {type(broken).__name__})"
    return scrub(text, limit=_MAX_MESSAGE)
