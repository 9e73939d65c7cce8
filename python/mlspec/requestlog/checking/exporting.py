"""Writing a log as Parquet, in memory that does not grow with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import compress
from pathlib import Path
from typing import Any, Final, NamedTuple

from mlspec import v1
from mlspec.codec import decode
from mlspec.errors import InputError, UsageError
from mlspec.files import StrPath, unwritable
from mlspec.requestlog.checking.columns import (
    DROPPED,
    FEEDBACK,
    REQUEST,
    add_values,
    arrow_type,
    columns_of,
)
from mlspec.requestlog.checking.folding import leaf_hashes
from mlspec.requestlog.checking.plain import framed, plain_entries
from mlspec.requestlog.checking.side_by_side import in_order
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.tiles import WIDTH

_ROWS: Final = 32_768
# What stands in many rows. Looking for repetition elsewhere would cost more than all the rest.
_REPEATED: Final = [
    "kind",
    "outcome",
    "deployment_sha256",
    "pipeline_sha256",
    "feature_schema_sha256",
    "training_data_sha256",
    "model_name",
    "model_version",
    "model_sha256",
    "decision",
    "application_id",
    "endpoint",
    "service_id",
    "error_kind",
]
_PARTS: Final = (("inference", REQUEST), ("feedback", FEEDBACK), ("dropped", DROPPED))


class _Rows(NamedTuple):
    """Which leaves become rows of one group."""

    folder: str
    start: int
    end: int
    entries: bool


def export_log(
    folder: StrPath,
    path: StrPath,
    *,
    entries: bool = False,
    processes: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> int:
    """Write a log's leaves as Parquet, a row each; return how many.

    Columns: the leaf's place, hash and kind, and what requests, feedback and dropped entries say
    (`columns`), null where a leaf is of another kind. Nothing is verified here.

    Args:
        folder: The log's folder.
        path: The file to write. It is written whole or not at all, and must not exist.
        entries: Whether the leaves' own bytes stand in a last column, `entry`.
        processes: How many processes make columns side by side. More than one starts new
            interpreters: a script that asks for it needs its `__main__` guard.
        progress: Told how many leaves were written, and of how many.

    Raises:
        UsageError: pyarrow is not there.
        InputError: The file exists.
        StoreNotFoundError, DecodeError, UnreadableError: The log cannot be read.
    """
    parquet = _load_parquet()
    log = LogFolder.open(folder)
    first, size = log.pruned_before(), log.size()
    target = Path(path)
    draft = target.with_name(f".{target.name[:64]}.{os.urandom(8).hex()}.draft")
    jobs = (
        _Rows(log.root, start, min(start + _ROWS, size), entries)
        for start in range(first, size, _ROWS)
    )
    try:
        with parquet.ParquetWriter(
            draft, _schema(entries=entries), compression="zstd", use_dictionary=_REPEATED
        ) as writer:
            work = _encoded if processes > 1 else _batch
            for rows, made in in_order(work, jobs, processes):
                writer.write_batch(_decoded(made) if isinstance(made, bytes) else made)
                if progress is not None:
                    progress(rows.end, size)
        os.link(draft, target)
    except FileExistsError:
        raise InputError(
            "must not exist yet",
            error_id="file.exists",
            source=str(target),
            remedy="Name another file, or move this one away.",
        ) from None
    except OSError as error:
        raise unwritable(error, str(target)) from error
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()
    return size - first


def record_batch(start: int, leaves: Sequence[bytes], *, entries: bool = False) -> Any:
    """Return the rows of leaves that follow one another, the first at `start`, for pyarrow.

    Raises DecodeError for a leaf that is no entry, InputError for a value no column can hold.
    """
    import pyarrow as pa

    kinds: list[str | None] = []
    parts = [[list[Any]() for _ in columns_of(groups)] for _, groups in _PARTS]
    # Few at a time: the runtime slows down when very many messages are alive.
    for first in range(0, len(leaves), WIDTH):
        read = _read(leaves[first : first + WIDTH])
        found = [entry.WhichOneof("event") for entry in read]
        kinds += found
        for into, (kind, groups) in zip(parts, _PARTS, strict=True):
            rows = [each == kind for each in found]
            messages = [getattr(entry, kind) for entry in compress(read, rows)]
            add_values(into, groups, messages, rows)
    values = [range(start, start + len(leaves)), leaf_hashes(leaves), kinds]
    values += [column for part in parts for column in part]
    values += [leaves] if entries else []
    schema = _schema(entries=entries)
    try:
        arrays = [
            pa.array(column, field.type) for column, field in zip(values, schema, strict=True)
        ]
    except (pa.ArrowException, OverflowError, ValueError) as error:
        raise InputError(
            f"must hold values that columns can hold ({error})",
            error_id="log.export.value",
            path=f"leaves {start} to {start + len(leaves) - 1}",
            remedy="Verify the log with all rules (--rules): it names the entry.",
        ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _read(leaves: Sequence[bytes]) -> Sequence[v1.LogEntry]:
    plain = plain_entries(framed(leaves))
    if plain is not None:
        return plain
    return [decode(v1.LogEntry, leaf, unknown="keep") for leaf in leaves]


def _batch(rows: _Rows) -> Any:
    """Make the columns of some rows."""
    log = LogFolder.open(rows.folder)
    leaves = [leaf for _, leaf in log.leaves(rows.start, rows.end)]
    return record_batch(rows.start, leaves, entries=rows.entries)


def _encoded(rows: _Rows) -> bytes:
    """Make them in a form that goes from process to process."""
    import pyarrow as pa

    batch, sink = _batch(rows), pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    encoded: bytes = sink.getvalue().to_pybytes()
    return encoded


def _decoded(data: bytes) -> Any:
    import pyarrow as pa

    with pa.ipc.open_stream(data) as reader:
        return reader.read_next_batch()


def _schema(*, entries: bool) -> Any:
    import pyarrow as pa

    fields = [
        ("sequence_number", pa.int64()),
        ("leaf_sha256", pa.binary(32)),
        ("kind", pa.string()),
        *(
            (column.name, arrow_type(column.kind))
            for _, part in _PARTS
            for column in columns_of(part)
        ),
    ]
    return pa.schema([*fields, *([("entry", pa.binary())] if entries else [])])


def _load_parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "must have pyarrow to write Parquet",
            error_id="log.export.parquet",
            remedy="Install mlspec-protobuf[parquet].",
        ) from None
    return pyarrow.parquet
