"""Finding a request in a log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from google.protobuf.message import DecodeError as ProtobufDecodeError

from mlspec import v1
from mlspec.errors import StoreNotFoundError
from mlspec.requestlog.disk.folder import LogFolder

_SHOWN: Final = 64


def find_request(folder: LogFolder, request_id: str) -> int:
    """Return the leaf of a request, by the server's id of it; of several, the first.

    What the folder holds is not verified: a proof of the leaf is.

    Raises StoreNotFoundError (`log.request`), and what reading raises.
    """
    needle = request_id.encode("utf-8", "replace")
    for index, leaf in folder.leaves(folder.pruned_before()):
        # Most leaves are of other requests, and finding that out must not take a parse.
        if needle in leaf and _id_of(leaf) == request_id:
            return index
    raise StoreNotFoundError(
        f"must hold the request {request_id[:_SHOWN]!r} (it does not)",
        error_id="log.request",
        source=folder.root,
        remedy="Give the server's id of the request, as it stands in the text line.",
    )


def last_requests(folder: LogFolder, count: int) -> Iterator[tuple[int, bytes]]:
    """Yield the last `count` requests, each with its index, in order; fewer if there are fewer.

    Raises what reading raises.
    """
    first, start = folder.pruned_before(), folder.size()
    end, found = start, list[tuple[int, bytes]]()
    while start > first and len(found) < count:
        start = max(first, start - max(2 * count, 1))
        earlier = [pair for pair in folder.leaves(start, end) if _id_of(pair[1]) is not None]
        found, end = earlier + found, start
    yield from found[-count:] if count else ()


def _id_of(leaf: bytes) -> str | None:
    """Return the id of the request that a leaf is of. None: of none, or it cannot be read."""
    try:
        entry = v1.LogEntry.FromString(leaf)
    except (ProtobufDecodeError, ValueError):
        return None
    return entry.inference.request_id if entry.HasField("inference") else None
