"""Compiling a folder of .proto files with protoc."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlspec.breaking.image import MAX_IMAGE, missing, parse_image
from mlspec.errors import DecodeError, LimitError
from mlspec.files import unreadable

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorSet

MAX_FILES: Final = 10_000
"""The most .proto files in a folder."""

_SECONDS: Final = 120
_LINES: Final = 20
_WELL_KNOWN: Final = (
    "any",
    "api",
    "descriptor",
    "duration",
    "empty",
    "field_mask",
    "source_context",
    "struct",
    "timestamp",
    "type",
    "wrappers",
)


def compile_folder(folder: Path, source: str = "") -> FileDescriptorSet:
    """Return the image of the .proto files below a folder, which imports are relative to.

    `buf/validate/validate.proto` need not be there: MLSpec brings it. Nothing outside of the folder
    is read. `source` is how errors name the folder.

    Raises:
        UnreadableError: There is no protoc, or a link leads out of the folder.
        DecodeError: There is no .proto file, or they do not compile.
        LimitError: They are too many or too large.
    """
    source = source or str(folder)
    names = sorted(_proto_files(folder, source))
    if not names:
        raise DecodeError(
            "must hold .proto files (got none)",
            error_id="breaking.folder",
            source=source,
            remedy="Name the folder that the imports in the files are relative to.",
        )
    program = _protoc(source)
    with tempfile.TemporaryDirectory() as scratch:
        target = Path(scratch, "image.binpb")
        arguments, known = Path(scratch, "arguments"), Path(scratch, "known.binpb")
        # From a file: a command line has room for fewer names.
        arguments.write_text("".join(f"./{name}\n" for name in names), encoding="utf-8")
        known.write_bytes(_known().SerializeToString())
        command = [
            program,
            "--proto_path=.",
            f"--descriptor_set_in={known}",
            f"--descriptor_set_out={target}",
            "--include_imports",
            "--include_source_info",
            f"@{arguments}",
        ]
        _run(command, folder, source)
        if target.stat().st_size > MAX_IMAGE:
            raise _too_large(source)
        return parse_image(target.read_bytes(), source)


def _proto_files(folder: Path, source: str) -> Iterator[str]:
    """Yield the .proto files below a folder, relative to it, with slashes."""
    root = folder.resolve()
    count = size = 0
    for place, inner, names in os.walk(root, onerror=_raise):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in (*inner, *names):
            path = Path(place, name)
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise missing(
                    source,
                    f"must hold no link that leads out of it (got {path.relative_to(root)})",
                    "Put a copy in the place of the link.",
                )
        for name in names:
            path = Path(place, name)
            if path.suffix != ".proto":
                continue
            if "\n" in str(path):
                raise missing(
                    source, "must have no file with a line break in its name", "Rename it."
                )
            count, size = count + 1, size + path.stat().st_size
            if count > MAX_FILES or size > MAX_IMAGE:
                raise _too_large(source)
            yield path.relative_to(root).as_posix()


def _raise(error: OSError) -> None:
    raise unreadable(error, str(error.filename)) from error


def _too_large(source: str) -> LimitError:
    return LimitError(
        f"must be at most {MAX_FILES} .proto files and {MAX_IMAGE} bytes",
        error_id="limit.size",
        source=source,
        remedy="Name a smaller folder.",
    )


def _protoc(source: str) -> str:
    # Beside the interpreter first: there the package that brings it puts it, activated or not.
    beside = Path(sys.executable).with_name("protoc" + (".exe" if os.name == "nt" else ""))
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("protoc")
    if found is None:
        raise missing(
            source,
            "must be compiled, and there is no protoc",
            "Install it with `pip install 'mlspec-protobuf[breaking]'`, or give an image instead.",
        )
    return found


def _known() -> FileDescriptorSet:
    """Return the files that a folder may import without holding them."""
    from importlib import import_module

    from google.protobuf.descriptor_pb2 import FileDescriptorSet

    from mlspec.schema import descriptor_set

    known = FileDescriptorSet()
    for name in _WELL_KNOWN:
        module = import_module(f"google.protobuf.{name}_pb2")
        known.file.add().ParseFromString(module.DESCRIPTOR.serialized_pb)
    brought = FileDescriptorSet.FromString(descriptor_set())
    known.file.extend(file for file in brought.file if file.name.startswith("buf/"))
    return known


def _run(command: list[str], folder: Path, source: str) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=_SECONDS, check=False
        )
    except OSError as error:
        raise unreadable(error, command[0]) from error
    except subprocess.TimeoutExpired as error:
        raise DecodeError(
            f"must compile within {_SECONDS} s (protoc did not end)", source=source
        ) from error
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        shown = "\n  ".join(lines[:_LINES] + ["..."] * (len(lines) > _LINES))
        raise DecodeError(
            f"must compile (protoc says)\n  {shown}",
            error_id="breaking.compile",
            source=source,
            remedy="Correct the files; imports are relative to the folder that is named.",
        )
