"""The request log: one leaf for each event, in order, on disk before the answer goes out.

Leaves stand in `requests.log`, each after its length; what describes a person stands in a file of
its own for each leaf, so that it can be erased; `access.log` has a line of text for each request.
Tiles, proofs and restarts are for a room of its own (docs/spec/logging.md); this is the least that
a log must do: never lose or reorder an entry.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from examples.loan_approval.merkle import checkpoint, leaf_hash, root_of
from examples.loan_approval.ncsa import Line
from examples.loan_approval.people import LOG_ORIGIN
from mlspec import v1
from mlspec.codec.streams import frame
from mlspec.records import SPEC_VERSION
from mlspec.sealing import PrivateKey
from mlspec.validation import validate

LEAVES, SIDE, LINES, CHECKPOINT = "requests.log", "side", "access.log", "checkpoint"
MAX_LEAF_BYTES = 65_535


class RequestLog:
    """The one writer of a log."""

    def __init__(self, folder: Path, key: PrivateKey) -> None:
        (folder / SIDE).mkdir(parents=True, exist_ok=True)
        self.folder, self._key = folder, key
        self._leaves: BinaryIO = (folder / LEAVES).open("xb", buffering=0)
        self._lines: BinaryIO = (folder / LINES).open("xb", buffering=0)
        self.hashes: list[bytes] = []
        opened = v1.LogOpened(
            kind=v1.LOG_KIND_REQUESTS,
            spec_version=SPEC_VERSION,
            keyid=key.keyid,
            durability=v1.LogDurability(checkpointed=v1.CheckpointedDurability()),
        )
        opened.open_time.FromDatetime(datetime.now(UTC))
        self.append(v1.LogEntry(opened=opened))

    @property
    def size(self) -> int:
        """Leaves so far."""
        return len(self.hashes)

    def append(self, entry: v1.LogEntry, detail: v1.RequestDetail | None = None) -> bytes:
        """Write an entry, its side record and its line.

        Return the leaf's hash once all are on disk.

        Raises:
            ValidationError: The entry breaks a rule; nothing was written.
            ValueError: The leaf is over 65,535 bytes; nothing was written.

        """
        entry.origin, entry.sequence_number = LOG_ORIGIN, self.size
        entry.nonce = secrets.token_bytes(16)
        side = None if detail is None else self._side_record(entry, detail)
        validate(entry)
        leaf = entry.SerializeToString()
        if len(leaf) > MAX_LEAF_BYTES:
            raise ValueError(f"leaf: must have at most {MAX_LEAF_BYTES} bytes (got {len(leaf)})")
        hashed = leaf_hash(leaf)
        if side is not None:
            _write_synced(side_path(self.folder, self.size), side.SerializeToString())
        self._leaves.write(frame(leaf))
        os.fsync(self._leaves.fileno())
        if entry.HasField("inference") and detail is not None:
            self._lines.write(Line(entry, hashed, detail).text().encode("ascii") + b"\n")
        self.hashes.append(hashed)
        return hashed

    def _side_record(self, entry: v1.LogEntry, detail: v1.RequestDetail) -> v1.SideRecord:
        """The side record of an entry; the entry is bound to it."""
        salt, content = secrets.token_bytes(32), detail.SerializeToString()
        mac = hmac.new(salt, content, hashlib.sha256).digest()
        event = entry.inference if entry.HasField("inference") else entry.feedback
        event.side_hmac_sha256 = mac
        side = v1.SideRecord(
            origin=entry.origin, sequence_number=entry.sequence_number, salt=salt, content=content
        )
        validate(detail)
        validate(side)
        return side

    def sign_checkpoint(self) -> str:
        """Sign how far the log has come."""
        note = checkpoint(LOG_ORIGIN, self.size, root_of(self.hashes), self._key, self._key.public)
        _write_synced(self.folder / CHECKPOINT, note.encode())
        return note

    def close(self) -> None:
        """No more entries."""
        self._leaves.close()
        self._lines.close()


def side_path(folder: Path, sequence_number: int) -> Path:
    """Where the side record of a leaf lies.

    Erasing it is removing this file and the leaf's line.
    """
    return folder / SIDE / f"{sequence_number:08d}.binpb"


def read_leaves(folder: Path) -> list[bytes]:
    """The exact bytes of each leaf, in order.

    Raises:
        ValueError: The file ends within a leaf.
    """
    return list(_frames((folder / LEAVES).read_bytes()))


def read_entries(folder: Path) -> list[v1.LogEntry]:
    """The leaves, parsed; each stands where it says that it stands.

    Raises:
        ValueError: A leaf is of another log or place.
    """
    entries = [v1.LogEntry.FromString(leaf) for leaf in read_leaves(folder)]
    for number, entry in enumerate(entries):
        if (entry.origin, entry.sequence_number) != (LOG_ORIGIN, number):
            raise ValueError(f"leaf {number}: is leaf {entry.sequence_number} of {entry.origin}")
    return entries


def read_detail(folder: Path, entry: v1.LogEntry) -> v1.RequestDetail:
    """The side record's content, after its keyed hash was compared with the leaf's.

    Raises:
        ValueError: It is not what the leaf binds.
        FileNotFoundError: It was erased.
    """
    side = v1.SideRecord.FromString(side_path(folder, entry.sequence_number).read_bytes())
    event = entry.inference if entry.HasField("inference") else entry.feedback
    mac = hmac.new(side.salt, side.content, hashlib.sha256).digest()
    if not hmac.compare_digest(mac, event.side_hmac_sha256):
        raise ValueError(f"side record {entry.sequence_number}: is not the one that the leaf binds")
    return v1.RequestDetail.FromString(side.content)


def _frames(data: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(data):
        size = shift = 0
        while True:
            byte = data[position]
            size |= (byte & 0x7F) << shift
            position, shift = position + 1, shift + 7
            if byte < 0x80:
                break
        if position + size > len(data):
            raise ValueError(f"leaf at byte {position}: is cut short")
        yield data[position : position + size]
        position += size


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
