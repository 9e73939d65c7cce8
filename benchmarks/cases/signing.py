"""Floors of a stage record: the least that building, signing and storing its bytes can cost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.cases.messages import build, step_record
from mlspec import v1
from mlspec.emitting import capture_environment
from mlspec.media import RECORD_PAYLOAD_TYPE

Operation = Callable[[], object]


def _bare_signature(_: Path) -> Operation:
    key, payload = Ed25519PrivateKey.generate(), build().SerializeToString()
    return lambda: key.sign(payload)


def _appended(folder: Path) -> Operation:
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(folder / "stream", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def run() -> None:
        os.write(descriptor, _signed(key, build()))

    return run


def _synced(folder: Path) -> Operation:
    key, environment = Ed25519PrivateKey.generate(), capture_environment()
    descriptor = os.open(folder / "stream", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def run() -> None:
        os.write(descriptor, _signed(key, step_record(environment)))
        os.fsync(descriptor)

    return run


def _in_sqlite(folder: Path, environment: v1.Environment | None = None) -> Operation:
    key = Ed25519PrivateKey.generate()
    captured = capture_environment() if environment is None else environment
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, envelope BLOB NOT NULL)")

    def run() -> None:
        row = (_signed(key, step_record(captured)),)
        connection.execute("INSERT INTO records (envelope) VALUES (?)", row)

    return run


def _signed(key: Ed25519PrivateKey, record: v1.Record) -> bytes:
    payload = record.SerializeToString()
    signature = v1.Signature(sig=key.sign(payload))
    return v1.Envelope(
        payload=payload, payload_type=RECORD_PAYLOAD_TYPE, signatures=[signature]
    ).SerializeToString()


CASES: Final = {
    "signature": _bare_signature,
    "append": _appended,
    "fsync": _synced,
    "sqlite": _in_sqlite,
    "sqlite, no environment": lambda folder: _in_sqlite(folder, v1.Environment()),
}
"""Each takes a folder of its own and returns the operation that is measured."""
