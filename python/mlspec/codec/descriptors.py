"""What differs between protobuf releases about descriptors, and the few questions asked of them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message


def descriptor_of(message_type: type[Message]) -> Descriptor:
    """Return the descriptor of a message type, which the stubs know under two names."""
    return cast("Descriptor", message_type.DESCRIPTOR)


_HAS_IS_REPEATED = hasattr(FieldDescriptor, "is_repeated")


def is_repeated(field: FieldDescriptor) -> bool:
    """Tell whether `field` is a list. Newer releases warn at `label`, older ones have only it."""
    if _HAS_IS_REPEATED:
        return bool(field.is_repeated)
    label = field.label  # type: ignore[attr-defined, unused-ignore]
    return bool(label == FieldDescriptor.LABEL_REPEATED)


@lru_cache(maxsize=1024)
def nested(descriptor: Descriptor) -> tuple[tuple[FieldDescriptor, Descriptor], ...]:
    """Return the fields of `descriptor` that hold messages, and of which type."""
    found = ((field, field.message_type) for field in descriptor.fields)
    return tuple((field, inner) for field, inner in found if inner is not None)


@lru_cache(maxsize=4096)
def deep_fields(descriptor: Descriptor, depth: int) -> tuple[FieldDescriptor, ...]:
    """Return the fields of `descriptor` below which messages can nest deeper than `depth`."""
    return tuple(field for field, inner in nested(descriptor) if height(inner) > depth)


@lru_cache(maxsize=1024)
def height(descriptor: Descriptor) -> float:
    """Return how deep messages of this type can nest, this one counted; infinity if endlessly."""
    if bottomless(descriptor):
        return math.inf
    return 1 + max((height(inner) for _, inner in nested(descriptor)), default=0)


@lru_cache(maxsize=1024)
def fields_by_json_name(descriptor: Descriptor) -> dict[str, FieldDescriptor]:
    """Return the fields by each name that ProtoJSON takes: their own and the camelCase one."""
    names = {field.json_name: field for field in descriptor.fields}
    return names | {field.name: field for field in descriptor.fields}


@lru_cache(maxsize=1024)
def bottomless(descriptor: Descriptor) -> bool:
    """Tell whether messages of this type can nest without end: it, or one within, holds itself."""
    return _meets_itself(descriptor, set(), set())


def _meets_itself(descriptor: Descriptor, above: set[str], done: set[str]) -> bool:
    if descriptor.full_name in above:
        return True
    if descriptor.full_name in done:
        return False
    above.add(descriptor.full_name)
    found = any(_meets_itself(inner, above, done) for _, inner in nested(descriptor))
    above.discard(descriptor.full_name)
    done.add(descriptor.full_name)
    return found
