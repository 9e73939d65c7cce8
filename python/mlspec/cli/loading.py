"""Finding out what a path holds, and reading it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlspec.errors import DecodeError, MLSpecError, UsageError
from mlspec.files import STANDARD, name_of, read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

    from mlspec.codec import Format
    from mlspec.sealing import Sealed, Signer
    from mlspec.store import Store, UnverifiedRecord

_SQLITE: Final = b"SQLite format 3\x00"
_ZIP: Final = b"PK\x03\x04"
_STREAM_SUFFIX: Final = ".mlspecs"


def is_store(place: str) -> bool:
    """Tell whether a path or URL names a store, as far as one can see from outside."""
    if "://" in place:
        return True
    path = Path(place)
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):
        return path.suffix in (".db", ".sqlite", _STREAM_SUFFIX)
    if stat.S_ISDIR(mode) or path.suffix == _STREAM_SUFFIX:
        return True
    if not stat.S_ISREG(mode):
        return path.suffix == ".db"
    try:
        return _starts(path, _SQLITE) or path.suffix == ".db"
    except OSError:
        return path.suffix == ".db"


def require_records(place: str) -> None:
    """Raise UsageError, naming the right command, for what holds no records but looks as if."""
    path = Path(place)
    try:
        if (path / "checkpoint").is_file():
            kind, command = "a log", "log"
        elif (path / "MANIFEST").is_file() or (path.is_file() and _starts(path, _ZIP)):
            kind, command = "evidence", "evidence"
        else:
            return
    except (OSError, ValueError):
        return  # whoever reads it says what is wrong
    raise UsageError(
        f"must be a record or a store (got {kind})",
        source=place,
        remedy=f"Use `mlspec {command} verify`.",
    )


def _starts(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark)) == mark


def open_for_reading(place: str) -> Store:
    """Open a store that is there, so that nothing in it can be changed. Raises StoreError."""
    from mlspec.store import open_store

    return open_store(place, create=False, read_only=True)


def read_sealed(path: str) -> Sealed:
    """Read an envelope in either form. Raises DecodeError and what reading raises."""
    from mlspec.sealing import MAX_ENVELOPE, Sealed

    data = read_bytes(path, max_bytes=MAX_ENVELOPE)
    try:
        return Sealed.from_any(data)
    except MLSpecError as error:
        raise error.from_source(name_of(path))  # noqa: B904 - the same error, with its place


def read_checkpoint(path: str | None) -> bytes | None:
    """Read a signed note that the user remembers, if one is named. Raises what reading raises."""
    if path is None:
        return None
    from mlspec.requestlog.notes import MAX_NOTE

    return read_bytes(path, max_bytes=MAX_NOTE)


def find_sealed(place: str, digest: str | None) -> Sealed:
    """Read an envelope, or take the one record out of a store whose digest starts so.

    Raises UsageError if a digest is missing or too many, StoreError, and what reading raises.
    """
    if not is_store(place):
        if digest is not None:
            raise UsageError("a digest must come with a store", error_id="usage")
        return read_sealed(place)
    if digest is None:
        raise UsageError(
            "a record of the store must be named by its digest",
            error_id="usage",
            remedy="`mlspec records` lists the digests; the first characters are enough.",
        )
    with open_for_reading(place) as store:
        return store.get(resolve(store, digest).sha256)


def open_signer(path: str) -> Signer:
    """Open a private key; asks for its password if somebody is there. Raises KeyFileError."""
    from mlspec.sealing import PASSWORD_VARIABLE, load_signer

    ask = sys.stdin.isatty() and not os.environ.get(PASSWORD_VARIABLE)
    return load_signer(path, _asking(path) if ask else None)


def _asking(path: str) -> Callable[[], str]:
    def ask() -> str:
        import click

        answer: str = click.prompt(f"Password of {path}", hide_input=True, err=True, type=str)
        return answer

    return ask


def looks_sealed(data: bytes) -> bool:
    """Tell whether bytes are probably an envelope in JSON."""
    return data.lstrip()[:1] == b"{" and b'"payloadType"' in data and b'"payload"' in data


def form_of(path: str, data: bytes, given: str | None) -> Format:
    """Return the format that was asked for, or the suffix tells, or the bytes look like."""
    from mlspec.codec import Format, format_of

    if given is not None:
        return Format(given)
    by_suffix = None if path == STANDARD else format_of(path)
    if by_suffix is not None:
        return by_suffix
    if path != STANDARD:
        raise UsageError(
            "must have a suffix that tells the format",
            error_id="format.unknown",
            source=path,
            remedy="Say the format, or use .binpb, .json, .yaml or .txtpb.",
        )
    if data.lstrip()[:1] == b"{":
        return Format.JSON
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Format.BINARY
    return Format.YAML if text.isprintable() or ("\n" in text and ":" in text) else Format.BINARY


def message_type(name: str) -> type[Message]:
    """Return the message type of a name such as "Record" or "mlspec.v1.TrustPolicy"."""
    from mlspec import v1

    short = name.removeprefix("mlspec.v1.")
    found: Any = getattr(v1, short, None) if short in v1.__all__ else None
    if not hasattr(found, "DESCRIPTOR") or not hasattr(found, "SerializeToString"):
        raise UsageError(
            f"must be a message of mlspec.v1 (got {name[:80]!r})",
            error_id="type.unknown",
            remedy="Names are as in the .proto files, for example Record, ModelTraining, "
            "TrustPolicy or Envelope.",
        )
    return found  # type: ignore[no-any-return]


def resolve(store: Store, prefix: str) -> UnverifiedRecord:
    """Return the one record whose digest starts so. Raises UsageError, StoreNotFoundError."""
    from mlspec.errors import StoreNotFoundError

    found = store.resolve(prefix.lower())
    if not found:
        raise StoreNotFoundError(
            f"must hold a record whose digest starts with {prefix[:64]!r}",
            source=store.url,
            remedy="`mlspec records` lists what is there.",
        )
    if len(found) > 1:
        raise UsageError(
            f"must be long enough to name one record (got {prefix!r})",
            error_id="digest.ambiguous",
            remedy=f"For example {found[0].hex[:12]} or {found[1].hex[:12]}.",
        )
    return found[0]


def require_record(sealed: Sealed, path: str) -> None:
    """Raise DecodeError, naming the file, unless the envelope holds what parses as a record."""
    try:
        sealed.peek()
    except DecodeError as error:
        raise error.from_source(name_of(path))  # noqa: B904
