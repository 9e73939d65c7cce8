"""What `mlspec trust init` and `add` are told of a key, and how it gets into the policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mlspec.cli.base import Moment
from mlspec.errors import UsageError

if TYPE_CHECKING:
    from mlspec import v1

F = TypeVar("F", bound=Callable[..., Any])


def who_options(function: F) -> F:
    """Add the options that tell of a key, its holder, and what it may vouch for."""
    options = [
        click.option("--key", "public_key", required=True, help="Public key file."),
        click.option("--identity", required=True, help="Who holds the key, e.g. an e-mail."),
        click.option("--stage", "stages", multiple=True, help="Stage it may vouch for. [all]"),
        click.option("--namespace", "namespaces", multiple=True, help="Namespaces, * is any. [*]"),
        click.option("--threshold", type=click.IntRange(1, 64), help="Identities that must sign."),
        click.option(
            "--power",
            "powers",
            multiple=True,
            type=click.Choice(["waive", "release-holdout"]),
            help="What the role may do besides.",
        ),
        click.option("--valid-from", type=Moment(), help="From when the key counts."),
        click.option("--valid-until", type=Moment(), help="Until when the key counts."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def purpose_options(function: F) -> F:
    """Add the options that say what a key is for; one of them is given."""
    options = [
        click.option("--role", help="A role that it plays, new or old, e.g. trainer."),
        click.option("--root", is_flag=True, help="It signs the next trust file."),
        click.option("--witness", is_flag=True, help="It witnesses checkpoints of logs."),
        click.option("--log", "origin", help="Origin of a log whose checkpoints it signs."),
        click.option(
            "--log-kind",
            type=click.Choice(["requests", "records"]),
            help="What that log holds.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def new_file(expires: datetime, who: dict[str, Any]) -> v1.TrustPolicy:
    """Return version 1 of a policy: one key, one role. Raises UsageError, KeyFileError."""
    from mlspec.sealing import trust_edit

    policy = with_key(trust_edit.new_policy(expires), who)
    policy.version = 1
    return policy


def with_key(policy: v1.TrustPolicy, who: dict[str, Any]) -> v1.TrustPolicy:
    """Return the policy with the key that the options tell of, and what it is for.

    Raises UsageError, KeyFileError.
    """
    from mlspec import v1
    from mlspec.sealing import trust_edit

    _check_purpose(who)
    policy, keyid = with_known_key(
        policy,
        who["public_key"],
        who["identity"],
        valid_from=who["valid_from"],
        valid_until=who["valid_until"],
    )
    if who.get("root"):
        return trust_edit.add_root_key(policy, keyid, threshold=who["threshold"])
    if who.get("witness"):
        _require_note_name(who["identity"], "the identity of a witness")
        return trust_edit.add_witness(policy, keyid, threshold=who["threshold"])
    if who.get("origin") is not None:
        kind = v1.LogKind.Value(f"LOG_KIND_{who['log_kind'].upper()}")
        globs = who["namespaces"] or ("*",)
        _require_note_name(who["origin"], "the origin of a log")
        return trust_edit.add_log(policy, who["origin"], keyid, kind=kind, namespace_globs=globs)
    return _with_role(policy, keyid, who)


def with_known_key(
    policy: v1.TrustPolicy, public_key: str, identity: str, **times: datetime | None
) -> tuple[v1.TrustPolicy, str]:
    """Return the policy with the key of a file in it, and its id.

    Raises UsageError if it is there as another's, or with `times` that would be passed over.
    """
    from mlspec.sealing import load_public_key, trust_edit

    key = load_public_key(public_key)
    there = [each for each in policy.keys if each.keyid == key.keyid]
    if not there:
        return trust_edit.add_key(policy, key, identity, **times), key.keyid
    if there[0].identity != identity:
        raise UsageError(
            f"the key must be held by one identity (it is that of {there[0].identity!r})",
            error_id="trust.identity",
            remedy="Name the holder as the file does.",
        )
    if any(times.values()):
        raise UsageError(
            "the key must be new to get times (the file has it already)",
            error_id="trust.twice",
            remedy="Leave out --valid-from and --valid-until, or revoke the key.",
        )
    return policy, key.keyid


def _with_role(policy: v1.TrustPolicy, keyid: str, who: dict[str, Any]) -> v1.TrustPolicy:
    from mlspec import v1
    from mlspec.records import all_stages, stage_by_name
    from mlspec.sealing import trust_edit

    if any(role.name == who["role"] for role in policy.roles):
        _refuse(who, ("stages", "namespaces", "powers"), f"role {who['role']!r} keeps what it has")
        return trust_edit.grant(policy, who["role"], keyid, threshold=who["threshold"])
    return trust_edit.add_role(
        policy,
        who["role"],
        [keyid],
        stages=[stage_by_name(name) for name in who["stages"]] or all_stages(),
        namespace_globs=who["namespaces"] or ("*",),
        threshold=who["threshold"] or 1,
        powers=[
            v1.TrustPower.Value(f"TRUST_POWER_{name.upper().replace('-', '_')}")
            for name in who["powers"]
        ],
    )


def _check_purpose(who: dict[str, Any]) -> None:
    """Raise UsageError unless one purpose is given, and with it only what belongs to it."""
    given = [name for name in ("role", "root", "witness", "origin") if who.get(name)]
    if len(given) != 1:
        raise UsageError(
            f"must say one thing that the key is for (got {len(given)})",
            error_id="trust.purpose",
            remedy="Give one of --role, --root, --log and --witness.",
        )
    if given == ["origin"]:
        _refuse(who, ("stages", "powers", "threshold"), "a log has none of them")
        if who["log_kind"] is None:
            raise UsageError(
                "must say what the log holds",
                error_id="trust.purpose",
                remedy="Give --log-kind requests or --log-kind records.",
            )
        return
    _refuse(who, ("log_kind",), "only a log has a kind")
    if given != ["role"]:
        _refuse(who, ("stages", "namespaces", "powers"), "only roles have them")


def _require_note_name(name: str, what: str) -> None:
    """Raise UsageError if no note can be signed under this name."""
    from mlspec.requestlog.note_keys import MAX_NAME, is_name

    if not is_name(name) or len(name.encode("utf-8")) > MAX_NAME:
        raise UsageError(
            f"{what} must be a name that notes can be signed under (got {name[:80]!r})",
            error_id="trust.note_key.name",
            remedy="Say something such as witness.example/w1: without blanks and plus signs.",
        )


def _refuse(who: dict[str, Any], names: tuple[str, ...], why: str) -> None:
    """Raise UsageError for options that would be passed over."""
    given = [name for name in names if who.get(name)]
    if given:
        words = ", ".join(name.replace("_", " ") for name in given)
        raise UsageError(
            f"must not say {words}: {why}",
            error_id="trust.purpose",
            remedy="Leave these options out.",
        )
