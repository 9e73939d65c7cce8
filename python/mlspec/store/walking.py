"""Finding messages of one type within another, by the shape of the types."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from mlspec.codec.descriptors import is_repeated, nested

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message


def find(message: Message, wanted: str, path: str) -> Iterator[tuple[str, Message]]:
    """Yield the messages of the type named `wanted` that are set in `message`, each with its path.

    Only fields that can lead there are looked at. Found ones are not searched.
    """
    if message.DESCRIPTOR.full_name == wanted:
        yield path, message
        return
    for field, repeated in _ways(message.DESCRIPTOR, wanted):
        if repeated:
            for index, item in enumerate(getattr(message, field)):
                yield from find(item, wanted, f"{path}.{field}[{index}]")
        elif message.HasField(field):
            yield from find(getattr(message, field), wanted, f"{path}.{field}")


@cache
def _ways(descriptor: Descriptor, wanted: str) -> tuple[tuple[str, bool], ...]:
    """Return the fields that lead to a message of the wanted type, and whether each is a list."""
    return tuple(
        (field.name, is_repeated(field))
        for field, inner in nested(descriptor)
        if _leads(inner, wanted)
    )


def _leads(descriptor: Descriptor, wanted: str) -> bool:
    seen: set[str] = set()
    ahead = [descriptor]
    while ahead:
        at = ahead.pop()
        if at.full_name == wanted:
            return True
        if at.full_name not in seen:
            seen.add(at.full_name)
            ahead += [inner for _, inner in nested(at)]
    return False
