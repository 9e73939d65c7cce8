"""What only a verification makes, and nothing changes afterwards."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

P = TypeVar("P", bound="Proven")


class Proven:
    """The base of values that exist only because something was verified."""

    __slots__ = ()

    def __init__(self, *_args: Any, **_parts: Any) -> None:
        """Refuse: verification is the only way to such a value."""
        raise TypeError(f"only a verification makes a {type(self).__name__}")

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed ({name})")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a {type(self).__name__} cannot be changed ({name})")

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} cannot be copied or pickled: keep the bytes")


def issue(kind: type[P], **parts: Any) -> P:
    """Make a proven value. For the module that verifies it alone."""
    made = kind.__new__(kind)
    for name, value in parts.items():
        object.__setattr__(made, name, value)
    return made
