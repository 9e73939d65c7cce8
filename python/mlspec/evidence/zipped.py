"""Reading a bundle that is a zip file: no path is ever made from a name in it."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from typing import Final

from mlspec.errors import DecodeError, LimitError
from mlspec.evidence.layout import (
    MAX_FILES,
    MAX_NAME,
    MAX_TOTAL,
    limit_of,
    not_a_file,
    require_room,
    shown,
)
from mlspec.evidence.zip_layout import malformed, require_end, require_gapless
from mlspec.files import StrPath, name_of, read_bytes

MAX_RATIO: Final = 200
"""How many bytes one stored byte may become. Text and signatures stay far below."""

_SMALL: Final = 65_536
_FIRST: Final = b"PK\x03\x04"
_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_ZIP64_MARK: Final = b"PK\x06\x07"
_ZIP64_SIZE: Final = 20
_MAX_DIRECTORY: Final = MAX_FILES * 512
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_zip(head: bytes) -> bool:
    """Tell whether a file that starts so is taken for a zip file."""
    return head.startswith(_FIRST)


def read_zip(path: StrPath) -> dict[str, bytes]:
    """Return the files of a zip file by name.

    Raises DecodeError for what is no plain zip file or holds a name twice, InputError for links,
    VerificationError for names that no bundle has, LimitError, UnreadableError.
    """
    data = read_bytes(path, max_bytes=MAX_TOTAL)
    try:
        return _files(data)
    except (DecodeError, LimitError) as error:
        raise error.from_source(name_of(path))  # noqa: B904 - the same error, with its place


def _files(data: bytes) -> dict[str, bytes]:
    _require_small_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            require_gapless(data, archive.infolist(), archive.start_dir)
            return _members(archive, data)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        OSError,
        OverflowError,
        RuntimeError,
        UnicodeError,
        ValueError,
        struct.error,
    ) as error:
        raise malformed(f"must be a whole zip file ({type(error).__name__})") from error


def _require_small_directory(data: bytes) -> None:
    """Bound what the library will build of the directory, before it does."""
    if not is_zip(data) or len(data) < _END.size:
        raise malformed("must be a zip file")
    at = len(data) - _END.size
    mark, disk, start_disk, _, count, size, _, comment = _END.unpack_from(data, at)
    if mark != _END_MARK or comment or disk or start_disk:
        raise malformed("must end with its directory, without a comment, in one part")
    if data[at - _ZIP64_SIZE : at].startswith(_ZIP64_MARK):
        raise malformed("must not be of the 64-bit form")
    if count > 2 * MAX_FILES or size > _MAX_DIRECTORY:
        raise LimitError(f"must have at most {MAX_FILES} files", error_id="bundle.size")


def _members(archive: zipfile.ZipFile, data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    folders: list[str] = []
    seen: set[str] = set()
    total = 0
    for entry in archive.infolist():
        # The library cuts names at a NUL: two entries could differ in what is cut.
        name = entry.orig_filename
        if len(name) > MAX_NAME or name in seen:
            raise malformed("must hold each file once, under a short name", shown(name))
        seen.add(name)
        mode = entry.external_attr >> 16
        if name.endswith("/") and entry.file_size == 0 and stat.S_IFMT(mode) in (0, stat.S_IFDIR):
            folders.append(name)
            continue
        most = limit_of(name)
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise not_a_file(name, "link or device")
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise malformed("must be stored or deflated, and not encrypted", name)
        found[name] = _content(archive, entry, most)
        require_end(data, entry, len(found[name]))
        total += len(found[name])
        require_room(len(found), total)
    for name in folders:
        if not any(each.startswith(name) for each in found):
            limit_of(name)
    return found


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    # What the entry says of its size is a claim: reading stops at the bound, whatever it says.
    bound = min(most, max(_SMALL, entry.compress_size * MAX_RATIO))
    with archive.open(entry) as file:
        data = file.read(bound + 1)
    if len(data) > bound:
        raise LimitError(
            f"must be at most {bound} bytes",
            error_id="bundle.size",
            path=entry.orig_filename,
            remedy="It swells beyond what a bundle holds: do not unpack it.",
        )
    return data
