"""A file of envelopes one after the other: what can be appended to fastest, and read anywhere.

Each envelope stands in its protobuf form after its length as a varint, as protobuf's own delimited
streams do. A countersigned record is appended once more; readers merge the signatures.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from mlspec.codec.streams import frame
from mlspec.codec.wire import read_varint
from mlspec.errors import DecodeError, InputError, StoreError, StoreUnwritableError
from mlspec.files import sync_folder, write_bytes
from mlspec.sealing import MAX_ENVELOPE, Sealed
from mlspec.store.memory import merged
from mlspec.store.protocol import Entry, Fault
from mlspec.store.scanned import ScannedStore

Span = tuple[int, int]

_LONGEST_VARINT: Final = 10


class StreamStore(ScannedStore):
    """Envelopes in one file, in the order of storing.

    What a killed writer left behind its last whole envelope is moved aside, never thrown away.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool = True,
        read_only: bool = False,
        timeout: float = 30.0,
        durable: bool = True,
    ) -> None:
        """Open a file. Raises StoreError.

        Args:
            path: The file.
            create: Whether to make it when it is not there.
            read_only: Whether nothing may be written.
            timeout: How many seconds to wait for another writer.
            durable: Whether `put` returns only when the record is on disk. Without it a crash of
                the machine (not of the process) may lose what was stored last.
        """
        super().__init__(path, read_only=read_only, timeout=timeout)
        self._durable = durable
        self._end = 0
        self._spans: dict[bytes, list[Span]] = {}
        self._order: list[bytes | Span] = []
        self._flags = os.O_RDONLY if read_only else os.O_RDWR | os.O_APPEND
        self._descriptor: int | None = None
        self._open(create=create)

    def entries(self) -> Iterator[Entry]:
        """Yield every record as it stands, its signatures merged, and what is no record."""
        with self._reading():
            order = list(self._order)
        for number, item in enumerate(order, 1):
            if isinstance(item, bytes):
                yield Entry(number, item, {}, self._load(item).to_bytes())
            else:
                yield Entry(number, b"", {}, self._read(item))

    def faults(self) -> Iterator[Fault]:
        """Yield what stands behind the last whole envelope: a writer was killed, or it was cut."""
        with self._reading():
            rest = os.fstat(self._file).st_size - self._end
        if rest:
            yield Fault(f"last {rest} bytes must be a whole envelope", grave=False)

    def size(self) -> int:
        """Return how many records the store holds."""
        with self._reading():
            return len(self._order)

    def close(self) -> None:
        """Close the file. Closing twice does nothing, and using the store opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def _file(self) -> int:
        return self._open(create=False) if self._descriptor is None else self._descriptor

    def _open(self, *, create: bool) -> int:
        flags = self._flags | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        try:
            self._descriptor = os.open(self._path, flags, 0o644)
            if create and self._durable and os.fstat(self._descriptor).st_size == 0:
                # A power cut may take a file whose name was not synced, bytes and all.
                sync_folder(self._path.parent)
        except OSError as error:
            raise StoreError(
                f"must be a file that can be opened ({error.strerror})",
                error_id="store.missing",
                source=self.url,
                remedy="Check the path and its permissions; symbolic links are not followed.",
            ) from error
        return self._descriptor

    @property
    def _lock_file(self) -> Path:
        return self._path

    def _refresh(self) -> None:
        while (span := self._next_span()) is not None:
            self._end = sum(span)
            try:
                sealed = Sealed.from_bytes(self._read(span))
            except InputError:
                self._order.append(span)
                continue
            if sealed.sha256 not in self._spans:
                self._order.append(sealed.sha256)
                self._index.take(sealed, len(self._order))
            self._spans.setdefault(sealed.sha256, []).append(span)

    def _load(self, sha256: bytes) -> Sealed:
        first, *others = (Sealed.from_bytes(self._read(span)) for span in self._spans[sha256])
        for other in others:
            first = merged(first, other)
        return first

    def _append(self, sealed: Sealed, sequence: int) -> None:
        span = self._write(sealed.to_bytes())
        self._spans[sealed.sha256] = [span]
        self._order.append(sealed.sha256)

    def _replace(self, stored: Sealed, whole: Sealed) -> None:
        self._spans[whole.sha256].append(self._write(whole.to_bytes()))

    def _last(self) -> int:
        return len(self._order)

    def _next_span(self) -> Span | None:
        """Find the envelope behind the last one. None: there is no whole one."""
        head = os.pread(self._file, _LONGEST_VARINT, self._end)
        try:
            size, used = read_varint(head, 0, len(head))
        except DecodeError:
            return None
        start = self._end + used
        if size > MAX_ENVELOPE or start + size > os.fstat(self._file).st_size:
            return None
        return start, size

    def _read(self, span: Span) -> bytes:
        return os.pread(self._file, span[1], span[0])

    def _write(self, envelope: bytes) -> Span:
        """Append one envelope, whole or not at all."""
        framed = frame(envelope)
        try:
            if os.fstat(self._file).st_size != self._end:
                self._move_tail_aside()
            written = os.write(self._file, framed)
            if written != len(framed):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if self._durable:
                os.fsync(self._file)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise StoreUnwritableError(
                f"must be writable ({error.strerror}); nothing was written",
                source=self.url,
                remedy="Check the permissions and the free space.",
            ) from error
        self._end += written
        return self._end - len(envelope), len(envelope)

    def _move_tail_aside(self) -> None:
        """Keep what no reader can read out of the way of what comes next."""
        tail = os.pread(self._file, os.fstat(self._file).st_size - self._end, self._end)
        name = f"{self._path.name}.torn-{secrets.token_hex(4)}"
        write_bytes(tail, self._path.with_name(name))
        os.ftruncate(self._file, self._end)
