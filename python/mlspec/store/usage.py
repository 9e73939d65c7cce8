"""Which dataset versions a record rests on, found by the shape of its message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlspec.records import body_field
from mlspec.store.walking import find

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from mlspec import v1

_REFERENCE: Final = "mlspec.v1.DatasetVersionReference"
# Stages whose records are work on data. A validation is how an archived version gets noticed, and
# monitoring goes on after the data of a model was retired: neither starts anything.
_WORK: Final = frozenset({2, 3, 4, 6, 7, 8, 9, 10})
_DONE: Final = frozenset({1, 4})


def used_dataset_versions(header: v1.RecordHeader, body: Message | None) -> dict[str, str]:
    """Return the ids of the dataset versions that new work rests on, each with its path.

    Empty for a record that did no work: it failed, was skipped, or is of another stage. What went
    before is named, not used: a new version may well follow an archived one.
    """
    if header.stage not in _WORK or header.state not in _DONE:
        return {}
    used = {
        artifact.dataset_version_id: f"header.inputs[{index}].dataset_version_id"
        for index, artifact in enumerate(header.inputs)
        if artifact.dataset_version_id
    }
    if body is not None:
        for path, reference in find(body, _REFERENCE, body_field(header.stage)):
            object_id = reference.id  # type: ignore[attr-defined]
            if object_id and not path.rpartition(".")[2].startswith("previous_"):
                used[object_id] = f"{path}.id"
    return used
