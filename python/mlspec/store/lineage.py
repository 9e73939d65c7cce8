"""Walking the signed graph: up to what a record rests on, down to what rests on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlspec.errors import LimitError, StoreNotFoundError, UsageError
from mlspec.store.facts import UnverifiedRecord
from mlspec.store.places import sha256_of

if TYPE_CHECKING:
    from mlspec.store.protocol import DigestLike, Direction, Store


@dataclass(frozen=True, slots=True)
class LineageNode:
    """One record of a lineage.

    Attributes:
        sha256: Its digest, 32 bytes.
        depth: How many steps it is away, by the shortest way. 0: where the walk began.
        record: Its row. None: it is named as a parent and not in the store.
        neighbours: The digests one step further in the direction of the walk.
    """

    sha256: bytes
    depth: int
    record: UnverifiedRecord | None
    neighbours: tuple[bytes, ...]


def walk(
    store: Store, digest: DigestLike, direction: Direction, *, depth: int | None, limit: int
) -> list[LineageNode]:
    """Return what is above or below a record, nearest first, each once, itself included.

    Rings, which only forged rows can make, end where they close. Raises StoreNotFoundError,
    LimitError beyond `limit` records, UsageError.
    """
    if direction not in ("up", "down"):
        raise UsageError(f"must be 'up' or 'down' (got {direction!r})", error_id="store.direction")
    start = sha256_of(digest)
    if store.row(start) is None:
        raise StoreNotFoundError(f"must hold record {start.hex()} (it does not)", source=store.url)
    found: list[LineageNode] = []
    seen = {start}
    level, away = [start], 0
    while level:
        ahead: list[bytes] = []
        last = depth is not None and away >= depth
        for sha256 in level:
            if len(found) >= limit:
                raise LimitError(
                    f"lineage must have at most {limit} records",
                    error_id="limit.lineage",
                    remedy="Ask for a smaller depth, or start nearer.",
                )
            record = store.row(sha256)
            neighbours = () if last else _neighbours(store, record, direction)
            found.append(LineageNode(sha256, away, record, neighbours))
            ahead += [each for each in neighbours if each not in seen]
            seen.update(neighbours)
        level, away = list(dict.fromkeys(ahead)), away + 1
    return found


def _neighbours(
    store: Store, record: UnverifiedRecord | None, direction: Direction
) -> tuple[bytes, ...]:
    if record is None:
        return ()
    if direction == "up":
        return tuple(record.parents)
    return tuple(child.sha256 for child in store.children(record.sha256))
