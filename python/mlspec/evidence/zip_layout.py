"""Whether all readers of a zip file see the same files in it.

Some read its directory, at the end; some read what stands before each file, from the front. What
stands in a gap, or before the first file, is seen by the second kind only. So nothing may.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Final

from mlspec.errors import DecodeError

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_LOCAL_MARK: Final = b"PK\x03\x04"
_SIZES_FOLLOW: Final = 0x8
_UTF8: Final = 0x800
_DESCRIPTORS: Final = (12, 16, 20, 24)
"""How long the sizes can be that follow a file: with a mark or without, of 32 bits or 64."""


def require_gapless(data: bytes, entries: Sequence[zipfile.ZipInfo], directory: int) -> None:
    """Check that the files follow each other from the first byte on, up to the directory.

    Raises DecodeError.
    """
    at = 0
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    ends = [*(entry.header_offset for entry in ordered[1:]), directory]
    for entry, end in zip(ordered, ends, strict=True):
        name = ascii(entry.orig_filename[:80])
        if entry.header_offset != at or at + _LOCAL.size > len(data):
            raise malformed("must have nothing before or between its files", name)
        mark, _, flags, method, _, _, crc, stored, size, name_size, extra_size = _LOCAL.unpack_from(
            data, at
        )
        spelled = data[at + _LOCAL.size : at + _LOCAL.size + name_size]
        told = (mark, flags, method, spelled.decode("utf-8" if flags & _UTF8 else "cp437"))
        if told != (_LOCAL_MARK, entry.flag_bits, entry.compress_type, entry.orig_filename):
            raise malformed("must say the same before a file as in its directory", name)
        rest = end - at - _LOCAL.size - name_size - extra_size - entry.compress_size
        if flags & _SIZES_FOLLOW:
            fits = rest in _DESCRIPTORS and method != zipfile.ZIP_STORED
        else:
            sizes = (entry.CRC, entry.compress_size, entry.file_size)
            fits = not rest and (crc, stored, size) == sizes
        if not fits:
            raise malformed("must have nothing between its files, and sizes of 32 bits", name)
        at = end
    if at != directory:
        raise malformed("must have nothing but files before its directory")


def require_end(data: bytes, entry: zipfile.ZipInfo, size: int) -> None:
    """Check that a file whose sizes follow it ends where its directory says. Raises DecodeError.

    Who reads from the front goes on where the deflated bytes end. `size` is how many it became.
    """
    if not entry.flag_bits & _SIZES_FOLLOW:
        return
    *_, name_size, extra_size = _LOCAL.unpack_from(data, entry.header_offset)
    start = entry.header_offset + _LOCAL.size + name_size + extra_size
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    stream.decompress(data[start : start + entry.compress_size], size + 1)
    if not stream.eof or stream.unused_data:
        raise malformed("must end with its last byte", ascii(entry.orig_filename[:80]))


def malformed(words: str, path: str = "") -> DecodeError:
    """Make the error for a file that is no plain zip file."""
    return DecodeError(
        words,
        error_id="bundle.zip",
        path=path,
        remedy="Ask for the bundle anew, or for the folder.",
    )
