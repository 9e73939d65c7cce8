"""A verified record as the rules look at it: parsed once, with the references that it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from mlspec.records import body_name, body_of
from mlspec.store.facts import MANIFEST_STAGE, facts_of
from mlspec.store.labels import label_of
from mlspec.store.walking import find

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from mlspec import v1
    from mlspec.sealing import VerifiedRecord

_REFERENCE: Final = "mlspec.v1.RecordReference"
_ENTRY: Final = "run_manifest.entries["


class Named(NamedTuple):
    """A reference to another record, and where it stands."""

    path: str
    sha256: bytes
    stage: int
    payload_type: str


@dataclass(frozen=True, slots=True)
class Link:
    """A verified record of the chain.

    Attributes:
        verified: The proof that trusted keys vouch for it.
        record: What it says, parsed from the verified bytes. Nobody changes it.
        label: What people call it, for example "model_training train#1".
        parents: The references in its header.
        named: The references in its body.
    """

    verified: VerifiedRecord
    record: v1.Record
    label: str
    parents: tuple[Named, ...]
    named: tuple[Named, ...]

    @classmethod
    def of(cls, verified: VerifiedRecord) -> Link:
        """Parse a verified record."""
        record = verified.record
        parents, named = references(record)
        return cls(verified, record, label_of(facts_of(record.header)), parents, named)

    @property
    def sha256(self) -> bytes:
        """The record's identity."""
        return self.verified.sha256

    @property
    def hex(self) -> str:
        """The identity as 64 hex characters."""
        return self.verified.hex

    @property
    def header(self) -> v1.RecordHeader:
        """Its header."""
        return self.record.header

    @property
    def body(self) -> Message | None:
        """Its body. None: it has none, or none that is known here."""
        return body_of(self.record)

    @property
    def stage(self) -> int:
        """What it is about."""
        return self.verified.stage

    @property
    def rests_on(self) -> tuple[Named, ...]:
        """What it rests on: all it names, but for the entries of a manifest, which it counts."""
        if self.stage != MANIFEST_STAGE:
            return (*self.parents, *self.named)
        return (*self.parents, *(each for each in self.named if not each.path.startswith(_ENTRY)))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why it is not fully understood. Empty: it is."""
        return self.verified.doubts


def references(record: v1.Record) -> tuple[tuple[Named, ...], tuple[Named, ...]]:
    """Return the references in the header, and those in the body."""
    parents = tuple(
        _named(f"header.parents[{index}]", parent)
        for index, parent in enumerate(record.header.parents)
    )
    body = body_of(record)
    if body is None:
        return parents, ()
    found = find(body, _REFERENCE, body_name(record) or "body")
    return parents, tuple(_named(path, reference) for path, reference in found)


def _named(path: str, reference: Message) -> Named:
    digest = reference.digest  # type: ignore[attr-defined]
    return Named(
        path,
        bytes(digest.sha256),
        reference.stage,  # type: ignore[attr-defined]
        reference.payload_type,  # type: ignore[attr-defined]
    )
