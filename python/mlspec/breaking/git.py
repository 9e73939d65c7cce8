"""Reading a folder or an image out of a revision of git. The work tree is not touched."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, NamedTuple

from mlspec.breaking.image import MAX_IMAGE, missing, parse_image
from mlspec.errors import LimitError, UnreadableError, UsageError
from mlspec.files import unreadable

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

_SECONDS: Final = 60
_FILES: Final = ("100644", "100755")
_LINK: Final = "120000"
# Nothing is fetched, asked for or written: the objects are there, or it fails.
_ENVIRONMENT: Final = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class _Blob(NamedTuple):
    """A .proto file of a revision."""

    path: str
    object_id: str
    size: int


def load_revision(name: str) -> FileDescriptorSet:
    """Return the image that `REV:path` names: a folder of .proto files, or an image file.

    Raises:
        UsageError: It is no such name.
        UnreadableError: There is no git, no repository, or nothing of this name.
        DecodeError: It is no image, or does not compile.
        LimitError: It is too large.
    """
    revision, _, _ = name.partition(":")
    if not revision or name.startswith("-"):
        raise UsageError(
            f"must be a file, a folder, or a revision and a path (got {name!r})",
            error_id="breaking.place",
            remedy="Name a revision and a folder as git does, for example main:proto.",
        )
    found = _git(name, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
    object_id = found.decode("ascii", "replace").strip()
    if _git(name, "cat-file", "-t", object_id).strip() == b"blob":
        size = int(_git(name, "cat-file", "-s", object_id))
        _bound(size, name)
        return parse_image(_git(name, "cat-file", "blob", object_id), name)
    return _compile(_blobs(object_id, name), name)


def _blobs(tree: str, name: str) -> list[_Blob]:
    found = []
    listing = _git(name, "ls-tree", "-r", "-z", "-l", "--full-tree", tree)
    for entry in listing.decode("utf-8", "surrogateescape").split("\0"):
        about, _, path = entry.partition("\t")
        if not path.endswith(".proto") or _hidden(path):
            continue
        mode, _, object_id, size = about.split()
        if mode == _LINK or ".." in PurePosixPath(path).parts:
            raise missing(
                name,
                f"must hold files, and no links (got {path})",
                "Put a copy in the place of the link.",
            )
        if mode in _FILES:
            found.append(_Blob(path, object_id, int(size)))
    _bound(sum(blob.size for blob in found), name)
    return found


def _hidden(path: str) -> bool:
    return any(part.startswith(".") and part != ".." for part in PurePosixPath(path).parts)


def _compile(blobs: list[_Blob], name: str) -> FileDescriptorSet:
    from mlspec.breaking.protoc import compile_folder

    wanted = "".join(f"{blob.object_id}\n" for blob in blobs).encode()
    data = _git(name, "cat-file", "--batch", given=wanted) if blobs else b""
    with tempfile.TemporaryDirectory() as scratch:
        at = 0
        for blob in blobs:
            # Each content stands between a line about it and a line break.
            at = data.index(b"\n", at) + 1
            target = Path(scratch, blob.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data[at : at + blob.size])
            at += blob.size + 1
        return compile_folder(Path(scratch), name)


def _bound(size: int, name: str) -> None:
    if size > MAX_IMAGE:
        raise LimitError(
            f"must be at most {MAX_IMAGE} bytes (got {size})", error_id="limit.size", source=name
        )


def _git(name: str, *arguments: str, given: bytes = b"") -> bytes:
    """Run git and return what it prints. Raises UnreadableError."""
    try:
        done = subprocess.run(
            ["git", "--no-pager", *arguments],
            input=given,
            capture_output=True,
            env=os.environ | _ENVIRONMENT,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise missing(name, "must be a file or a folder, or git must be there", _REMEDY) from None
    except (OSError, ValueError) as error:
        raise unreadable(error, name) from error
    except subprocess.TimeoutExpired as error:
        raise missing(
            name, f"must be read within {_SECONDS} s (git did not end)", _REMEDY
        ) from error
    if done.returncode:
        raise _failed(name, done.stderr.decode("utf-8", "replace").strip())
    return done.stdout


_REMEDY: Final = "Check the name; in a shallow clone, fetch the revision first."


def _failed(name: str, said: str) -> UnreadableError:
    reason = said.splitlines()[0] if said else "git knows no such revision or path"
    return missing(
        name, f"must be a file, a folder, or REV:path in this repository ({reason})", _REMEDY
    )
