"""YAML, read to the same data as JSON and no further.

The reader works on the parser's events, without PyYAML's constructors: there are no tags, no
aliases, no merge keys, one document, and plain scalars mean what JSON means by them. So `no` and
`2026-01-31` are text, and text for a number is refused by name instead of becoming one.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message

from mlspec.codec.formats import DEFAULT_LIMITS, Limits, check_size
from mlspec.codec.json_form import from_dict, to_dict
from mlspec.codec.json_syntax import decode_utf8, unique_pairs
from mlspec.errors import DecodeError, LimitError

if TYPE_CHECKING:
    import yaml

M = TypeVar("M", bound=Message)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
_MAX_DIGITS = 400


def encode_yaml(message: Message) -> bytes:
    """Return `message` as YAML with ProtoJSON's names. Raises UnknownFieldsError, InputError."""
    import yaml

    text = yaml.dump(
        to_dict(message),
        Dumper=_dumper(),
        allow_unicode=True,
        sort_keys=False,
        width=100,
    )
    return str(text).encode("utf-8")


def decode_yaml(message_type: type[M], data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> M:
    """Parse one message from YAML. Raises LimitError, DecodeError, UnknownFieldsError."""
    return from_dict(message_type, parse_yaml(data, limits=limits), limits=limits)


def parse_yaml(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Any:
    """Return the one YAML document in `data` as plain data. Raises LimitError, DecodeError."""
    import yaml

    check_size(data, limits)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(yaml.parse(decode_utf8(data), Loader=loader), limits).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise DecodeError(
            f"must be YAML ({getattr(error, 'problem', None) or error})",
            error_id="yaml.syntax",
            path=_place(mark) if mark else "",
        ) from None


@lru_cache(maxsize=1)
def _dumper() -> Any:
    """Return PyYAML's safe dumper, taught to quote what the reader below takes for a number."""
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    def represent(dumper: Any, text: str) -> Any:
        style = "'" if text in _CONSTANTS or _NUMBER.match(text) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    kind: Any = type("_Dumper", (base,), {})
    kind.add_representer(str, represent)
    return kind


class _Plain(str):
    """A scalar without quotes: what it means depends on how it is spelled, unless it is a key."""

    __slots__ = ()


class _Builder:
    """Builds plain data of YAML events, on a stack of its own rather than the interpreter's."""

    def __init__(self, events: Iterator[yaml.Event], limits: Limits) -> None:
        self._events = events
        self._max_depth = limits.max_depth
        self._stack: list[list[Any]] = [[]]

    def document(self) -> Any:
        """Return the only document's value."""
        import yaml

        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _refuse("must hold one document", event)
            elif isinstance(event, yaml.AliasEvent):
                raise _refuse("must not use aliases", event)
            elif isinstance(event, yaml.NodeEvent):
                self._node(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close(event)
        if documents != 1:
            raise DecodeError("must hold one document (got none)", error_id="yaml.document")
        return _value(self._stack[0][0])

    def _node(self, event: yaml.NodeEvent) -> None:
        import yaml

        if event.anchor is not None:
            raise _refuse("must not use anchors", event)
        if isinstance(event, yaml.ScalarEvent):
            if event.tag is not None:
                raise _refuse(f"must not use tags (got {event.tag[:40]!r})", event)
            self._stack[-1].append(event.value if event.style else _Plain(event.value))
            return
        if getattr(event, "tag", None) is not None:
            raise _refuse("must not use tags", event)
        if len(self._stack) > self._max_depth:
            raise LimitError(
                f"must nest at most {self._max_depth} deep",
                error_id="limit.depth",
                path=_place(event.start_mark),
            )
        self._stack.append([])

    def _close(self, event: yaml.Event) -> None:
        import yaml

        items = self._stack.pop()
        if isinstance(event, yaml.SequenceEndEvent):
            self._stack[-1].append([_value(item) for item in items])
            return
        try:
            keys, values = items[::2], items[1::2]
            pairs = zip(map(_key, keys), map(_value, values), strict=True)
            self._stack[-1].append(unique_pairs(pairs))
        except DecodeError as error:
            error.path = error.path or f"before {_place(event.end_mark)}"
            raise


def _key(item: Any) -> str:
    if not isinstance(item, str):
        raise DecodeError("must have text for keys", error_id="yaml.key")
    return str(item)


def _value(item: Any) -> Any:
    if not isinstance(item, _Plain):
        return item
    if item in _CONSTANTS:
        return _CONSTANTS[item]
    if not _NUMBER.match(item):
        return str(item)
    if len(item) > _MAX_DIGITS:
        raise DecodeError(f"must be a number in range (got {item[:40]}...)", error_id="json.number")
    number = json.loads(item)
    if number in (math.inf, -math.inf):
        raise DecodeError(f"must be a number in range (got {item[:40]})", error_id="json.number")
    return number


def _refuse(words: str, event: yaml.Event) -> DecodeError:
    return DecodeError(words, error_id="yaml.feature", path=_place(event.start_mark))


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"
