"""Finding a request in a log, and what in the log it falls under. Nothing here is proven yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError as ProtobufDecodeError

from mlspec import v1
from mlspec.errors import DecodeError, InputError, StoreNotFoundError

if TYPE_CHECKING:
    from mlspec.requestlog.disk import LogFolder


@dataclass(frozen=True, slots=True)
class Found:
    """Where things are in a log.

    Attributes:
        index: The request's leaf.
        request: What that leaf says.
        change: The last deployment change before it. None: there is none, or it was pruned.
        opened: The openings that are shown: the log's first leaf, and the last before the request.
    """

    index: int
    request: v1.InferenceRecord
    change: int | None
    opened: tuple[int, ...]


def find_request(log: LogFolder, request_id: str, size: int) -> Found:
    """Find a request by its id among the first `size` leaves.

    Raises StoreNotFoundError, InputError if two leaves have the id, and what reading raises.
    """
    needle = request_id.encode("utf-8", "surrogatepass")
    found: Found | None = None
    change: int | None = None
    opened: dict[bool, int] = {}
    for index, leaf in log.leaves(log.pruned_before(), size):
        if found is not None and needle not in leaf:
            continue
        entry = read_claimed(leaf, index)
        kind = entry.WhichOneof("event")
        if kind == "inference" and entry.inference.request_id == request_id:
            if found is not None:
                raise InputError(
                    f"must stand in the log once (leaves {found.index} and {index} have it)",
                    error_id="evidence.request_twice",
                    path="request",
                    remedy="The server gave one id twice: nobody can say which request is meant.",
                )
            shown = tuple(sorted(set(opened.values())))
            found = Found(index, entry.inference, change, shown)
        elif kind == "deployment_change":
            change = index
        elif kind == "opened":
            opened[index == 0] = index
    if found is None:
        raise StoreNotFoundError(
            f"must hold request {request_id[:64]} (it does not)",
            error_id="evidence.request_unknown",
            source=log.root,
            remedy="Check the id and the log; what was pruned can be shown no more.",
        )
    return found


def find_records(log: LogFolder, size: int) -> dict[bytes, int]:
    """Return where a record log has each record first, by the record's SHA-256."""
    found: dict[bytes, int] = {}
    for index, leaf in log.leaves(log.pruned_before(), size):
        entry = read_claimed(leaf, index)
        if entry.HasField("logged_record"):
            found.setdefault(bytes(entry.logged_record.digest.sha256), index)
    return found


def find_delegation(log: LogFolder, origin: str, size: int) -> int:
    """Return the last leaf by which a log lets another one speak. Raises StoreNotFoundError."""
    return _last(log, size, lambda entry: _delegates(entry, origin), f"a delegation of {origin}")


def read_claimed(leaf: bytes, index: int) -> v1.LogEntry:
    """Parse a leaf without believing it. Raises DecodeError."""
    try:
        return v1.LogEntry.FromString(leaf)
    except ProtobufDecodeError as error:
        raise DecodeError(
            "must be an entry of a log", error_id="log.entry.syntax", path=f"leaf {index}"
        ) from error


def _last(log: LogFolder, size: int, fits: Callable[[v1.LogEntry], bool], what: str) -> int:
    last: int | None = None
    for index, leaf in log.leaves(log.pruned_before(), size):
        if fits(read_claimed(leaf, index)):
            last = index
    if last is None:
        raise StoreNotFoundError(
            f"must hold {what} (it does not)", error_id="log.missing", source=log.root
        )
    return last


def _delegates(entry: v1.LogEntry, origin: str) -> bool:
    if entry.HasField("delegation"):
        return entry.delegation.origin == origin
    return any(each.origin == origin for each in entry.opened.delegations)
