"""What the commands of `mlspec trust` share: reading a file, signing it, writing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from mlspec.cli.loading import open_signer
from mlspec.cli.printing import say, say_json
from mlspec.errors import MLSpecError, UsageError
from mlspec.files import name_of, read_bytes, write_bytes

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.sealing import Envelope, TrustPolicy

F = TypeVar("F", bound=Callable[..., Any])

_SIGNED_SUFFIX = ".dsse.json"
_HANDED_OVER = "whose file it is shows only the way it was handed over (or --previous)"


class Opened(NamedTuple):
    """A trust file that is to be changed."""

    path: str
    policy: TrustPolicy
    signed: bool


class Saving(NamedTuple):
    """What the options say about writing the next version."""

    signers: Sequence[str]
    output: str | None
    partial: bool
    as_json: bool


def saving_options(*names: str) -> Callable[[F], F]:
    """Add the options of a `Saving`; `names` are those of the one for keys that sign."""

    def wrap(function: F) -> F:
        for option in (
            click.option("--partial", is_flag=True, help="Others sign later: `trust sign`."),
            click.option("--output", "-o", help="Where the next version goes. [in place]"),
            click.option(*names, "signers", multiple=True, help="Private root key; repeat."),
        ):
            function = option(function)
        return function

    return wrap


def read_file(path: str) -> bytes:
    """Read a trust file's bytes. Raises UnreadableError, LimitError."""
    from mlspec.sealing import MAX_ENVELOPE

    return read_bytes(path, max_bytes=MAX_ENVELOPE)


def open_file(path: str) -> Opened:
    """Read a trust file in either form. Raises what `TrustPolicy.load` raises."""
    from mlspec.sealing import TrustPolicy
    from mlspec.sealing.root_signatures import signed_form

    data = read_file(path)
    try:
        return Opened(path, TrustPolicy.from_any(data), signed_form(data) is not None)
    except MLSpecError as error:
        raise error.from_source(name_of(path))  # noqa: B904 - the same error, with its place


def look_at(path: str) -> tuple[TrustPolicy, Envelope | None]:
    """Read a trust file and its signatures without judging them. Raises what decoding raises."""
    from mlspec.sealing import TrustPolicy
    from mlspec.sealing.root_signatures import signed_form

    data = read_file(path)
    try:
        envelope = signed_form(data)
        return TrustPolicy.from_json(data if envelope is None else envelope.payload), envelope
    except MLSpecError as error:
        raise error.from_source(name_of(path))  # noqa: B904 - the same error, with its place


def check_file(path: str, previous: str | None, least: int | None) -> dict[str, Any]:
    """Return what is to be said of a trust file that may be used. Raises if it may not be.

    Raises VerificationError, TrustFileError and what reading raises.
    """
    from mlspec.sealing import TrustPolicy, accept_successor
    from mlspec.sealing.root_signatures import signed_form
    from mlspec.sealing.trust_health import shortfalls

    old = None if previous is None else TrustPolicy.load(previous)
    data = read_file(path)
    try:
        policy = TrustPolicy.from_any(data) if old is None else accept_successor(old, data)
        signed = signed_form(data) is not None
        policy.require_version(least or 1)
        policy.require_current()
        _require_note_keys(policy)
    except MLSpecError as error:
        raise error.from_source(name_of(path))  # noqa: B904 - the same error, with its place
    notes = list(shortfalls(policy))
    if old is None:
        notes.insert(0, _HANDED_OVER if signed else f"it is not signed, and {_HANDED_OVER}")
    told: dict[str, Any] = {
        "version": policy.version,
        "expireTime": f"{policy.expire_time:%Y-%m-%dT%H:%M:%SZ}",
        "signed": signed,
        "notes": notes,
    }
    return told if old is None else told | {"previousVersion": old.version}


def _require_note_keys(policy: TrustPolicy) -> None:
    """Raise TrustFileError if no note can be signed under the name of a log or a witness."""
    from mlspec.requestlog.trusted_logs import log_key, witness_keys

    witness_keys(policy)
    for log in policy.logs:
        log_key(log)


def write_next(opened: Opened, draft: v1.TrustPolicy, how: Saving) -> None:
    """Write `draft` as the next version of a file, signed if keys are given, and say so."""
    from mlspec.sealing import TrustPolicy, make_successor

    draft.version = opened.policy.version + 1
    if how.signers:
        signers = [open_signer(path) for path in how.signers]
        data = make_successor(opened.policy, draft, signers, partial=how.partial)
    elif opened.signed:
        raise UsageError(
            "must be signed anew, because the file is in the signed form",
            error_id="trust.no_signer",
            source=opened.path,
            remedy="Give root keys of this version and of the next one (--sign-with).",
        )
    else:
        data = TrustPolicy(draft).to_json()
    target = how.output or (signed_name(opened.path) if how.signers else opened.path)
    write_bytes(data, target, overwrite=target == opened.path)
    report(target, data, opened.policy, as_json=how.as_json)


def report(path: str, data: bytes, old: TrustPolicy | None, *, as_json: bool) -> None:
    """Say what was written, and what it still lacks."""
    from mlspec.sealing import TrustPolicy, accept_successor
    from mlspec.sealing.root_signatures import signed_form
    from mlspec.sealing.trust_health import shortfalls

    envelope = signed_form(data)
    policy = TrustPolicy.from_json(data if envelope is None else envelope.payload)
    notes = list(shortfalls(policy))
    if envelope is not None:
        try:
            TrustPolicy.from_any(data)
            if old is not None and old.root is not None:
                accept_successor(old, data)
        except MLSpecError as error:
            notes.insert(0, str(error))
    keys, roles = len(policy.keys), len(policy.roles)
    if as_json:
        told = {"path": path, "version": policy.version, "keys": keys, "roles": roles}
        say_json(told | {"signed": envelope is not None, "notes": notes})
        return
    counts = f"{keys} key{'s' * (keys != 1)}, {roles} role{'s' * (roles != 1)}"
    signed = "" if envelope is None else f", {len(envelope.signatures)} signed"
    say(f"{path}: version {policy.version}, {counts}{signed}")
    for note in notes:
        say(f"NOTE  {note}")


def signed_name(path: str) -> str:
    """Return where the signed form of a trust file goes: beside the bare one."""
    if path.endswith(_SIGNED_SUFFIX):
        return path
    return f"{path.removesuffix('.json')}{_SIGNED_SUFFIX}"


def find_key(policy: TrustPolicy, text: str) -> str:
    """Return the id of the key that `text` names: a public key file, or the start of an id.

    Raises UsageError, KeyFileError.
    """
    from mlspec.sealing import load_public_key

    if Path(text).is_file():
        return load_public_key(text).keyid
    found = [keyid for keyid in policy.keys if text and keyid.startswith(text.lower())]
    if len(found) != 1:
        raise UsageError(
            f"must name one key of the file (got {text[:80]!r}, which fits {len(found)})",
            error_id="trust.unknown_key",
            remedy="Give a public key file, or the start of an id as `mlspec trust show` prints.",
        )
    return found[0]
