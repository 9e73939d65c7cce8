"""`mlspec trust`: making, changing, signing, showing and checking trust files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from mlspec.cli.base import Command, Moment, json_option
from mlspec.cli.loading import open_signer
from mlspec.cli.printing import say, say_json
from mlspec.cli.trust_adding import new_file, purpose_options, who_options, with_key
from mlspec.cli.trust_duties import require, timestamps
from mlspec.cli.trusting import (
    Saving,
    find_key,
    open_file,
    read_file,
    report,
    saving_options,
    signed_name,
    write_next,
)
from mlspec.errors import MLSpecError
from mlspec.files import name_of, write_bytes

_FILE = click.Path(dir_okay=False)


@click.group(
    "trust",
    context_settings={"help_option_names": ["-h", "--help"]},
    commands=[require, timestamps],
)
def command() -> None:
    """Make, change and check trust files: whose signatures to believe, about what.

    A trust file is given to whoever verifies, out of band: never take one from the place that
    the records come from. Its root keys say who may sign the next version.
    """


@command.command(
    "init",
    cls=Command,
    examples=[
        "mlspec trust init trust.json --expires 2036-01-01 --key keys/trainer.pub "
        "--identity trainer@bank.example --role trainer",
    ],
)
@click.argument("path", type=_FILE)
@click.option("--expires", type=Moment(), required=True, help="When the file itself lapses.")
@who_options
@click.option("--role", required=True, help="What the key plays, e.g. trainer.")
@json_option
def init(path: str, expires: datetime, as_json: bool, **who: Any) -> None:
    """Make a trust file with its first key and role."""
    from mlspec.sealing import trust_edit

    saved = trust_edit.save(new_file(expires, who), path)
    report(path, saved.to_json(), None, as_json=as_json)


@command.command(
    "add",
    cls=Command,
    examples=[
        "mlspec trust add trust.json --key keys/approver.pub --identity approver@bank.example "
        "--role gatekeeper --stage gate_decision --stage model_serving --power waive",
        "mlspec trust add trust.json --key keys/stranger.pub --identity w.example/1 --witness",
        "mlspec trust add trust.json --key keys/stranger.pub --identity log@bank.example "
        "--log bank.example/loans --log-kind requests --namespace loans",
    ],
)
@click.argument("path", type=_FILE)
@who_options
@purpose_options
@saving_options("--sign-with")
@json_option
def add(
    path: str,
    signers: tuple[str, ...],
    output: str | None,
    partial: bool,
    as_json: bool,
    **who: Any,
) -> None:
    """Let one more key play a role, be a root key, sign for a log, or witness logs.

    A role that is there keeps its stages and namespaces. The version grows by one. A file in the
    signed form must be signed anew (--sign-with), by its root and that of the next version.
    """
    opened = open_file(path)
    draft = with_key(opened.policy.message, who)
    write_next(opened, draft, Saving(signers, output, partial, as_json))


@command.command(
    "revoke",
    cls=Command,
    examples=["mlspec trust revoke trust.json --key keys/trainer.pub --at 2026-03-01T09:30:00Z"],
)
@click.argument("path", type=_FILE)
@click.option("--key", required=True, help="Public key file, or the start of the key's id.")
@click.option("--at", type=Moment(), help="From when on it counts no more. [now]")
@saving_options("--sign-with")
@json_option
def revoke(
    path: str,
    key: str,
    at: datetime | None,
    signers: tuple[str, ...],
    output: str | None,
    partial: bool,
    as_json: bool,
) -> None:
    """Let a key count no more, from a time on. The version grows by one."""
    from mlspec.sealing import trust_edit

    opened = open_file(path)
    keyid = find_key(opened.policy, key)
    draft = trust_edit.revoke_key(opened.policy.message, keyid, at or datetime.now(UTC))
    write_next(opened, draft, Saving(signers, output, partial, as_json))


@command.command(
    "rotate",
    cls=Command,
    examples=[
        "mlspec trust rotate trust.json --add-root keys/approver.pub approver@bank.example "
        "--key keys/approver.pem --output next.dsse.json",
        "mlspec trust rotate trust.dsse.json --add-root keys/trainer.pub trainer@bank.example "
        "--drop-root keys/approver.pub --key keys/approver.pem --key keys/trainer.pem",
    ],
)
@click.argument("path", type=_FILE)
@click.option("--add-root", nargs=2, multiple=True, help="Public key file and who holds it.")
@click.option("--drop-root", multiple=True, help="Key that shall not sign successors any more.")
@click.option("--threshold", type=click.IntRange(1, 64), help="Identities that must sign. [as is]")
@click.option("--expires", type=Moment(), help="When the next version lapses. [as is]")
@saving_options("--key", "--sign-with")
@json_option
def rotate(
    path: str,
    add_root: tuple[tuple[str, str], ...],
    drop_root: tuple[str, ...],
    threshold: int | None,
    expires: datetime | None,
    signers: tuple[str, ...],
    output: str | None,
    partial: bool,
    as_json: bool,
) -> None:
    """Make the next version, signed by the old root and by its own.

    The output is the signed form: trust.dsse.json beside trust.json, unless --output says
    otherwise. Whoever holds the old file can check that the new one may take its place.
    """
    from mlspec.cli.trust_adding import with_known_key
    from mlspec.sealing import trust_edit

    if not signers:
        raise click.UsageError("Missing option '--key': a successor is signed by root keys.")
    opened = open_file(path)
    draft = opened.policy.message
    for public, identity in add_root:
        draft, keyid = with_known_key(draft, public, identity)
        draft = trust_edit.add_root_key(draft, keyid)
    for text in drop_root:
        draft = trust_edit.drop_root_key(draft, find_key(opened.policy, text))
    if threshold is not None:
        draft = trust_edit.set_root_threshold(draft, threshold)
    if expires is not None:
        draft = trust_edit.set_expiry(draft, expires)
    write_next(opened, draft, Saving(signers, output, partial, as_json))


@command.command(
    "sign",
    cls=Command,
    examples=["mlspec trust sign trust.old.json --key keys/approver.pem --output o.dsse.json"],
)
@click.argument("path", type=_FILE)
@click.option("--key", "keys", multiple=True, required=True, help="Private root key; repeat.")
@click.option("--previous", help="The version it follows, whose root may sign, too.")
@click.option("--output", "-o", help="Where the signed form goes. [as for rotate]")
@json_option
def sign(
    path: str, keys: tuple[str, ...], previous: str | None, output: str | None, as_json: bool
) -> None:
    """Add root signatures to a trust file; its bytes and version stay as they are."""
    from mlspec.sealing import TrustPolicy, add_signatures

    old = None if previous is None else TrustPolicy.load(previous)
    signers = [open_signer(path) for path in keys]
    try:
        data = add_signatures(read_file(path), signers, roots=() if old is None else (old,))
    except MLSpecError as error:
        raise error.from_source(name_of(path))  # noqa: B904 - the same error, with its place
    target = output or signed_name(path)
    write_bytes(data, target, overwrite=target == path)
    report(target, data, old, as_json=as_json)


@command.command("show", cls=Command, examples=["mlspec trust show trust.json"])
@click.argument("path", type=click.Path(allow_dash=True))
@json_option
def show(path: str, as_json: bool) -> None:
    """Show whom a trust file believes, about what, and until when."""
    from mlspec.cli.trust_view import say_policy
    from mlspec.cli.trusting import look_at
    from mlspec.codec import to_dict

    policy, envelope = look_at(path)
    if as_json:
        say_json(to_dict(policy.message))
        return
    say_policy(policy, envelope)


@command.command(
    "check",
    cls=Command,
    examples=[
        "mlspec trust check trust.json",
        "mlspec trust check trust.dsse.json --previous trust.old.json --min-trust-version 2",
    ],
)
@click.argument("path", type=_FILE)
@click.option("--previous", help="The trust file that it is to take the place of.")
@click.option("--min-trust-version", type=click.IntRange(1), help="Refuse an older one.")
@json_option
def check(path: str, previous: str | None, min_trust_version: int | None, as_json: bool) -> None:
    """Tell whether a trust file may be used now, and may follow the previous one.

    Exits with 0 if so; 3 if it expired, is older than it should be, or lacks signatures; 1 if a
    signature was forged; 2 if it is no trust file that may be used.
    """
    from mlspec.cli.trusting import check_file

    told = check_file(path, previous, min_trust_version)
    if as_json:
        say_json({"exitCode": 0} | told)
        return
    say(f"PASS  {path}  version {told['version']}, expires {told['expireTime']}")
    if previous is not None:
        say(f"PASS  it may follow version {told['previousVersion']} ({previous})")
    for words in told["notes"]:
        say(f"NOTE  {words}")
