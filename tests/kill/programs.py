"""Programs that write until they are told to stop, killed, or traced to their end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mlspec import open_store
from mlspec.records import new_id
from mlspec.sealing import PrivateKey, load_private_key
from mlspec.store import Store
from tests.unit.store import making

PER_OPENING = 6


def opened(place: str) -> Store:
    """Open a store by its path; `buffered.mlspecs` does not wait for the disk."""
    if place.endswith("buffered.mlspecs"):
        from mlspec.store.stream import StreamStore

        return StreamStore(Path(place), durable=False)
    return open_store(place)


def store_records(place: str, key: PrivateKey, output: int, count: int = 1 << 30) -> None:
    """Store records of one run, and write the digest of each to `output` when it is stored.

    The store is closed and opened again now and then: that is when SQLite empties its log. Every
    fourth record is countersigned, which replaces or adds to what is on disk.
    """
    run = new_id()
    for start in range(0, count, PER_OPENING):
        with opened(place) as store:
            for number in range(start, min(start + PER_OPENING, count)):
                record = making.sealed(run, reads=[f"table {number}"], key=key)
                store.put(record)
                if number % 4 == 3:
                    store.put(record.countersign(making.OTHER_KEY))
                os.write(output, f"{record.hex}\n".encode())


if __name__ == "__main__":
    store_records(sys.argv[1], load_private_key(sys.argv[2]), 1, int(sys.argv[3]))
