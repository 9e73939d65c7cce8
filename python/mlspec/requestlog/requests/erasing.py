"""Erasing a person from a log: side records and lines go, leaves and their proofs stay."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mlspec import v1
from mlspec.codec import decode
from mlspec.errors import DecodeError, UnknownFieldsError
from mlspec.files import StrPath
from mlspec.requestlog.disk import side_lock
from mlspec.requestlog.requests.side import SIDE_LIMITS
from mlspec.requestlog.requests.side_records import SideRecords
from mlspec.requestlog.requests.text_lines import TextLines


class Leaves(Protocol):
    """What a log's leaves are read from: a `LogFolder`."""

    def pruned_before(self) -> int:
        """Return the first leaf that is still there."""

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield index and bytes of each leaf."""


@dataclass(frozen=True, slots=True)
class Person:
    """How a person is known in side records. Any one of these that fits is enough.

    Attributes:
        subject_ids: `RequestDetail.subject_id`: the person or case that was decided on.
        hosts: `RequestDetail.host`.
        users: `RequestDetail.user`.
    """

    subject_ids: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()

    def fits(self, detail: v1.RequestDetail) -> bool:
        """Tell whether a request was of this person."""
        return (
            (detail.HasField("subject_id") and detail.subject_id in self.subject_ids)
            or (detail.HasField("host") and detail.host in self.hosts)
            or (detail.HasField("user") and detail.user in self.users)
        )

    def needles(self) -> list[bytes]:
        """Return the texts as they stand in encoded side records."""
        return [text.encode() for text in (*self.subject_ids, *self.hosts, *self.users)]


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasing removed.

    Attributes:
        indexes: The leaves whose side records and lines are gone.
        side_record_count: Side records that were there.
        line_count: Text lines that were there.
    """

    indexes: tuple[int, ...]
    side_record_count: int
    line_count: int


def erase(
    folder: StrPath,
    leaves: Leaves | None = None,
    *,
    indexes: Iterable[int] = (),
    request_ids: Collection[str] = (),
    person: Person | None = None,
) -> Erased:
    """Erase requests, and the feedback on them, from every file of a log but its leaves.

    Works while a writer runs; what is still on its way to the disk is not found. Lines go before
    side records: if this dies halfway, the same call finds the person again. What a disk keeps
    of replaced files is beyond it: keep logs of persons on encrypted disks.

    Args:
        folder: The log's folder.
        leaves: The log's leaves. Without them only the given indexes are erased.
        indexes: Leaves to erase.
        request_ids: Requests to erase, by the server's ids.
        person: Whose requests to erase.

    Raises:
        StateError: Lines stand in files that cannot be rewritten; nothing was erased.
        UsageError: An index is negative.
        StoreError, UnreadableError, DecodeError, LimitError: A file cannot be read or written.
    """
    place = Path(folder)
    records, lines = SideRecords(place), TextLines(place)
    lines.files()
    wanted = set(indexes)
    if person is not None:
        wanted |= _of_person(records, person)
    if leaves is not None and (wanted or request_ids):
        wanted |= _of_requests(leaves, wanted, set(request_ids))
    with side_lock(str(place)):
        line_count = lines.erase(wanted)
        return Erased(tuple(sorted(wanted)), records.erase(wanted), line_count)


def _of_person(records: SideRecords, person: Person) -> set[int]:
    needles = person.needles()
    found = set()
    for number in records.bundles():
        for side in records.of_bundle(number):
            # Most are of others, and finding that out must not take a parse.
            if any(needle in side.content for needle in needles) and _is_of(side.content, person):
                found.add(side.sequence_number)
    return found


def _is_of(content: bytes, person: Person) -> bool:
    try:
        return person.fits(decode(v1.RequestDetail, content, limits=SIDE_LIMITS, unknown="keep"))
    except (DecodeError, UnknownFieldsError):
        return True  # it names the person, and no leaf binds it: nobody misses it


def _of_requests(leaves: Leaves, indexes: set[int], request_ids: set[str]) -> set[int]:
    """Return the leaves of these requests, and of all feedback on them."""
    asked, feedback = set(request_ids), list[tuple[int, str]]()
    found = set()
    for index, leaf in leaves.leaves(leaves.pruned_before()):
        entry = v1.LogEntry.FromString(leaf)
        kind = entry.WhichOneof("event")
        if kind == "inference":
            if index in indexes or entry.inference.request_id in asked:
                asked.add(entry.inference.request_id)
                found.add(index)
        elif kind == "feedback" and entry.feedback.HasField("side_hmac_sha256"):
            feedback.append((index, entry.feedback.request_id))
    return found | {index for index, request_id in feedback if request_id in asked}
