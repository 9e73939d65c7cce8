"""Writing a bundle, whole or not at all, over nothing that is there."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlspec.errors import InputError
from mlspec.files import StrPath, unwritable, write_bytes

if TYPE_CHECKING:
    from mlspec.evidence.bundle import Bundle

_SUFFIX: Final = ".zip"
# The same bundle is the same bytes: no clock goes into the zip file.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16


def require_free(out: StrPath) -> Path:
    """Return the path to write to. Raises InputError if something is there."""
    target = Path(out)
    if os.path.lexists(target) or not target.name:
        raise InputError(
            "must not exist yet",
            error_id="file.exists",
            source=os.fspath(out),
            remedy="Name another folder, or move this one away.",
        )
    return target


def write_bundle(bundle: Bundle, target: Path) -> None:
    """Write a folder, or a zip file if that is the suffix. Raises InputError, UnreadableError."""
    if target.suffix.lower() == _SUFFIX:
        write_bytes(zip_of(bundle), target)
        return
    draft = target.with_name(f".{target.name[:64]}.{os.urandom(8).hex()}.draft")
    try:
        _write_folder(bundle, draft)
        require_free(target)
        draft.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise unwritable(error, str(target)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def zip_of(bundle: Bundle) -> bytes:
    """Return a bundle as a zip file: the same bundle gives the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(bundle.files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, bundle.files[name])
    return made.getvalue()


def _write_folder(bundle: Bundle, draft: Path) -> None:
    draft.mkdir()
    folders = {draft}
    for name, data in bundle.files.items():
        path = draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        folders.update(parent for parent in path.parents if parent.is_relative_to(draft))
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    for folder in folders:
        _sync(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
