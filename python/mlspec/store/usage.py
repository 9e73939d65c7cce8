"""Which dataset versions a record rests on, found by the shape of its message."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from mlspec.codec.descriptors import is_repeated, nested
from mlspec.records import body_field

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

    from mlspec import v1

_REFERENCE: Final = "mlspec.v1.DatasetVersionReference"
# Stages whose records are work on data. A validation is how an archived version gets noticed, and
# monitoring goes on after the data of a model was retired: neither starts anything.
_WORK: Final = frozenset({2, 3, 4, 6, 7, 8, 9, 10})
_DONE: Final = frozenset({1, 4})


def used_dataset_versions(header: v1.RecordHeader, body: Message | None) -> dict[str, str]:
    """Return the ids of the dataset versions that new work rests on, each with its path.

    Empty for a record that did no work: it failed, was skipped, or is of another stage.
    """
    if header.stage not in _WORK or header.state not in _DONE:
        return {}
    found = {
        artifact.dataset_version_id: f"header.inputs[{index}].dataset_version_id"
        for index, artifact in enumerate(header.inputs)
        if artifact.dataset_version_id
    }
    if body is not None:
        found.update(_references(body, body_field(header.stage)))
    return found


def _references(message: Message, path: str) -> Iterator[tuple[str, str]]:
    if message.DESCRIPTOR.full_name == _REFERENCE:
        if message.id:  # type: ignore[attr-defined]
            yield message.id, f"{path}.id"  # type: ignore[attr-defined]
        return
    for field, repeated in _ways(message.DESCRIPTOR):
        if repeated:
            for index, item in enumerate(getattr(message, field)):
                yield from _references(item, f"{path}.{field}[{index}]")
        elif message.HasField(field):
            yield from _references(getattr(message, field), f"{path}.{field}")


@cache
def _ways(descriptor: Descriptor) -> tuple[tuple[str, bool], ...]:
    """Return the fields that lead to a reference, and whether each is a list.

    What went before is named, not used: a new version may well follow an archived one.
    """
    return tuple(
        (field.name, is_repeated(field))
        for field, inner in nested(descriptor)
        if _leads(inner) and not field.name.startswith("previous_")
    )


def _leads(descriptor: Descriptor) -> bool:
    seen: set[str] = set()
    ahead = [descriptor]
    while ahead:
        at = ahead.pop()
        if at.full_name == _REFERENCE:
            return True
        if at.full_name not in seen:
            seen.add(at.full_name)
            ahead += [inner for _, inner in nested(at)]
    return False
