"""A zip file shows the same files to every reader: from its directory, or from the front."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from mlspec.errors import MLSpecError
from mlspec.evidence import Bundle
from mlspec.evidence.writing import zip_of

EVIL = b"# Run this\n"


def refused(data: bytes, tmp_path: Path) -> tuple[str, int]:
    """The error that reading these bytes raises."""
    path = tmp_path / "odd.zip"
    path.write_bytes(data)
    with pytest.raises(MLSpecError) as raised:
        Bundle.open(path)
    return raised.value.id, raised.value.exit_code


def local(name: bytes, data: bytes) -> bytes:
    """A stored file as it stands in a zip file, without an entry in any directory."""
    crc, size = zlib.crc32(data), len(data)
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, crc, size, size, len(name), 0)
    return head + name + data


def shifted(data: bytes, at: int, hidden: bytes) -> bytes:
    """A zip file with bytes put in, and a directory that fits: only a gap shows it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start, count = archive.start_dir, len(archive.infolist())
    head, entries, end = data[:start], bytearray(data[start:-22]), bytearray(data[-22:])
    place = 0
    for _ in range(count):
        name, extra, comment = struct.unpack_from("<3H", entries, place + 28)
        (offset,) = struct.unpack_from("<L", entries, place + 42)
        if offset >= at:
            struct.pack_into("<L", entries, place + 42, offset + len(hidden))
        place += 46 + name + extra + comment
    struct.pack_into("<L", end, 16, start + len(hidden))
    return head[:at] + hidden + head[at:] + bytes(entries) + bytes(end)


class Pipe(io.RawIOBase):
    """Where a program writes that cannot go back: sizes then follow each file."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: object) -> int:
        """Keep it."""
        self.written += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


def piped(bundle: Bundle, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The bundle as a program writes it into a pipe."""
    out = Pipe()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in bundle.files.items():
            archive.writestr(name, data)
    return bytes(out.written)


def test_f5_files_that_only_some_readers_see_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    """Before the first file, between two, and after the last one: another README, for example."""
    whole = zip_of(bundle)
    hidden = local(b"README.md", EVIL)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        second = sorted(entry.header_offset for entry in archive.infolist())[1]
        end = archive.start_dir
    assert refused(hidden + whole, tmp_path) == ("bundle.zip", 2)
    for at in (0, second, end):
        made = shifted(whole, at, hidden)
        assert set(zipfile.ZipFile(io.BytesIO(made)).namelist()) == set(bundle.files)
        assert refused(made, tmp_path) == ("bundle.zip", 2)
    (tmp_path / "whole.zip").write_bytes(shifted(whole, 0, b""))
    assert Bundle.open(tmp_path / "whole.zip") == bundle


def test_f5_a_file_says_the_same_in_front_and_in_the_directory(
    bundle: Bundle, tmp_path: Path
) -> None:
    """Of names, sizes and checksums: the first file has them at fixed places."""
    whole = zip_of(bundle)
    for at in (6, 8, 14, 18, 22, 30):
        changed = bytearray(whole)
        changed[at] ^= 1
        assert refused(bytes(changed), tmp_path) == ("bundle.zip", 2)


def test_f5_sizes_may_follow_a_file_that_shows_its_own_end(bundle: Bundle, tmp_path: Path) -> None:
    """A deflated one does, so programs that write into pipes are read; a stored one does not."""
    made = piped(bundle)
    (tmp_path / "piped.zip").write_bytes(made)
    assert Bundle.open(tmp_path / "piped.zip") == bundle
    assert refused(piped(bundle, zipfile.ZIP_STORED), tmp_path) == ("bundle.zip", 2)
    hidden = local(b"README.md", EVIL)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        first = min(archive.infolist(), key=lambda entry: entry.header_offset)
        directory = archive.start_dir
        at = 30 + len(first.orig_filename) + first.compress_size
    grown = bytearray(shifted(made, at, hidden))
    assert refused(bytes(grown), tmp_path) == ("bundle.zip", 2)
    place = grown.index(first.orig_filename.encode(), directory + len(hidden)) - 46
    struct.pack_into("<L", grown, place + 20, first.compress_size + len(hidden))
    assert refused(bytes(grown), tmp_path) == ("bundle.zip", 2)


@pytest.mark.parametrize("name", ["leaf.bin/", "../../x/", "trust.json/", "/"])
def test_f5_only_the_folders_of_its_files_are_in_a_zip(
    bundle: Bundle, tmp_path: Path, name: str
) -> None:
    """Another one could stand in the way of a file, or outside, once somebody unpacks it."""
    made = io.BytesIO()
    for extra in ("records/", name):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr(extra, b"")
            for each, data in bundle.files.items():
                archive.writestr(each, data)
        if extra == "records/":
            (tmp_path / "good.zip").write_bytes(made.getvalue())
            assert Bundle.open(tmp_path / "good.zip") == bundle
    error, code = refused(made.getvalue(), tmp_path)
    assert (error.startswith("bundle."), code) == (True, 1)
