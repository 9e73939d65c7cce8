"""What a program asked of the file system, one call after the other, as strace saw it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
STRACE: Final = shutil.which("strace")
_CALLS: Final = (
    "openat,write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,"
    "unlink,unlinkat,mkdir,mkdirat"
)
# Calls that would write past this recording: their use makes it worthless, so it is refused.
_UNREADABLE: Final = (
    "pwritev,pwritev2,writev,sendfile,copy_file_range,truncate,fallocate,io_uring_enter,symlink"
)
_LINE: Final = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)")
_TEXT: Final = re.compile(r'[<"]((?:\\x[0-9a-f]{2})*)[>"]')
_NUMBER: Final = re.compile(r", (\d+)")


@dataclass(frozen=True)
class Call:
    """One call that succeeded and may have changed something.

    Attributes:
        kind: "create", "write", "empty", "truncate", "sync", "rename", "link", "unlink",
            "folder", or "said" for what went to standard output.
        path: What it was about; for "said": nothing.
        data: What was written or said.
        offset: Where it was written; the new size for "truncate".
        target: The new name for "rename" and "link".
    """

    kind: str
    path: str = ""
    data: bytes = b""
    offset: int = 0
    target: str = ""


def record(folder: Path, trace: Path, module: str, *arguments: str) -> list[Call]:
    """Run a module to its end and return what it did below `folder`, and what it said."""
    assert STRACE is not None
    options = ["-qq", "-y", "-xx", "-s", str(1 << 24), "-e", f"trace={_CALLS},{_UNREADABLE}"]
    done = subprocess.run(
        [STRACE, *options, "-o", str(trace), sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT)])},
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    with trace.open(encoding="ascii") as lines:
        return list(_calls(lines, str(folder)))


def _calls(lines: Iterator[str], folder: str) -> Iterator[Call]:
    for line in lines:
        match = _LINE.match(line)
        if match is None or match[3].startswith("-"):
            continue
        name, inside, result = match[1], match[2], int(match[3])
        texts = [_bytes(text) for text in _TEXT.findall(inside)]
        if name == "write" and inside.startswith("1<"):
            yield Call("said", data=texts[-1])
            continue
        paths = [os.fsdecode(each) for each in texts if each.startswith(os.fsencode(folder + "/"))]
        if not paths and os.fsencode(folder) not in texts:
            continue
        assert name not in _UNREADABLE.split(","), f"{name} is not understood here"
        yield from _call(name, inside, result, paths or [folder], texts)


def _call(
    name: str, inside: str, result: int, paths: list[str], texts: list[bytes]
) -> Iterator[Call]:
    path = paths[0]
    if name == "openat":
        kinds = (("create", "O_CREAT"), ("empty", "O_TRUNC"))
        yield from (Call(kind, path) for kind, flag in kinds if flag in inside)
    elif name in ("write", "pwrite64"):
        data = texts[-1][:result]
        offset = int(_NUMBER.findall(inside)[-1]) if name == "pwrite64" else -1
        yield Call("write", path, data, offset)
    elif name in ("fsync", "fdatasync"):
        yield Call("sync", path)
    elif name == "ftruncate":
        yield Call("truncate", path, offset=int(_size(inside), 0))
    elif name.startswith(("rename", "link")):
        yield Call(name[:6] if name.startswith("rename") else "link", path, target=paths[1])
    elif name.startswith("unlink"):
        yield Call("unlink", path)
    else:
        yield Call("folder", path)


def _size(inside: str) -> str:
    return inside.rpartition(", ")[2]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
