"""What steps may name as inputs, outputs and parents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

from mlspec import digests, v1
from mlspec.emitting.scrubbing import cut_credentials
from mlspec.errors import UsageError
from mlspec.sealing import Sealed, VerifiedRecord
from mlspec.store import UnverifiedRecord

if TYPE_CHECKING:
    from mlspec.emitting.step import Step

ParentLike: TypeAlias = (
    "v1.RecordReference | Sealed | VerifiedRecord | UnverifiedRecord | Step[Any]"
)
PathLike: TypeAlias = str | os.PathLike[str]


def reference_of(parent: ParentLike) -> v1.RecordReference:
    """Return a reference to a record, however it is given.

    Raises UsageError for a step that has not finished, TypeError for anything else.
    """
    if isinstance(parent, v1.RecordReference):
        return parent
    reference = getattr(parent, "reference", None)
    if not isinstance(reference, v1.RecordReference):
        raise TypeError(f"a parent is a record, a reference or a finished step (got {parent!r})")
    return reference


def is_parent(thing: object) -> bool:
    """Tell whether a thing is a record, or names one, and is no artifact."""
    return isinstance(thing, v1.RecordReference | Sealed | VerifiedRecord | UnverifiedRecord)


def artifact_of(
    thing: PathLike | v1.Artifact,
    *,
    name: str | None = None,
    role: str | None = None,
    media_type: str | None = None,
    uri: str | None = None,
) -> v1.Artifact:
    """Return an artifact: a file or folder is digested now, a message is copied.

    Raises UnreadableError and the like for files, UsageError for a URL, TypeError.
    """
    if not isinstance(thing, v1.Artifact):
        path = os.fspath(thing)
        if "://" in path:
            raise UsageError(
                f"must be a file, a folder or a v1.Artifact (got {cut_credentials(path)[:200]!r})",
                error_id="run.artifact",
                remedy="Give a v1.Artifact with its uri and, if it can be known, its digest.",
            )
        return digests.artifact(path, name=name, role=role, media_type=media_type, uri=uri)
    artifact = v1.Artifact()
    artifact.CopyFrom(thing)
    given = {"name": name, "role": role, "media_type": media_type, "uri": uri}
    for field, value in given.items():
        if value is not None:
            setattr(artifact, field, value)
    return artifact
