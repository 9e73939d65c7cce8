"""`mlspec trust`: making, changing and showing trust files."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from mlspec.cli.base import Command, Moment, json_option
from mlspec.cli.printing import say, say_json, say_table

if TYPE_CHECKING:
    from mlspec import v1


@click.group("trust", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make and show trust files: whose signatures to believe, about what.

    A trust file is given to whoever verifies, out of band: never take one from the place that
    the records come from.
    """


def _who(function: Any) -> Any:
    options = [
        click.option("--key", "public_key", required=True, help="Public key file."),
        click.option("--identity", required=True, help="Who holds the key, e.g. an e-mail."),
        click.option("--role", required=True, help="What the key plays, e.g. trainer."),
        click.option("--stage", "stages", multiple=True, help="Stage it may vouch for. [all]"),
        click.option("--namespace", "namespaces", multiple=True, help="Namespaces, * is any. [*]"),
        click.option("--threshold", type=int, default=1, help="Identities that must sign. [1]"),
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


@command.command(
    "init",
    cls=Command,
    examples=[
        "mlspec trust init trust.json --expires 2036-01-01 --key keys/trainer.pub "
        "--identity trainer@bank.example --role trainer",
    ],
)
@click.argument("path", type=click.Path(dir_okay=False))
@click.option("--expires", type=Moment(), required=True, help="When the file itself lapses.")
@_who
def init(path: str, expires: datetime, **who: Any) -> None:
    """Make a trust file with its first key and role."""
    from mlspec.sealing import trust_edit

    policy = _with(trust_edit.new_policy(expires), who)
    policy.version = 1
    trust_edit.save(policy, path)
    say(f"{path}: version 1, 1 key, 1 role")


@command.command(
    "add",
    cls=Command,
    examples=[
        "mlspec trust add trust.json --key keys/approver.pub --identity approver@bank.example "
        "--role approver --stage gate_decision --stage model_serving --power waive",
    ],
)
@click.argument("path", type=click.Path(dir_okay=False))
@_who
def add(path: str, **who: Any) -> None:
    """Let one more key play a role, old or new. The file's version grows by one.

    A role that is there keeps its stages, namespaces and threshold.
    """
    from mlspec.sealing import TrustPolicy, trust_edit

    before = TrustPolicy.load(path)
    policy = _with(before.message, who)
    policy.version = before.version + 1
    trust_edit.save(policy, path, overwrite=True)
    say(f"{path}: version {policy.version}, {len(policy.keys)} keys, {len(policy.roles)} roles")


@command.command("show", cls=Command, examples=["mlspec trust show trust.json"])
@click.argument("path", type=click.Path(allow_dash=True))
@json_option
def show(path: str, as_json: bool) -> None:
    """Show whom a trust file believes, about what, and until when."""
    from mlspec.codec import to_dict
    from mlspec.sealing import TrustPolicy

    policy = TrustPolicy.load(path)
    if as_json:
        say_json(to_dict(policy.message))
        return
    say(f"version {policy.version}, expires {_moment(policy.expire_time)}")
    say()
    say_table(
        ("KEY", "ALGORITHM", "IDENTITY", "COUNTS FROM", "UNTIL", "REVOKED"),
        [
            (
                key.keyid[:16],
                key.public.algorithm,
                key.identity,
                _moment(key.valid_from),
                _moment(key.valid_until),
                _moment(key.revoked),
            )
            for key in policy.keys.values()
        ],
    )
    say()
    say_table(
        ("ROLE", "THRESHOLD", "KEYS", "STAGES", "NAMESPACES", "POWERS"),
        [_role(role) for role in policy.message.roles],
    )


def _with(policy: v1.TrustPolicy, who: dict[str, Any]) -> v1.TrustPolicy:
    """Add the key, and the role or its new player, that the options tell of."""
    from mlspec import v1
    from mlspec.errors import UsageError
    from mlspec.records import all_stages, stage_by_name
    from mlspec.sealing import load_public_key, trust_edit

    key = load_public_key(who["public_key"])
    if all(known.keyid != key.keyid for known in policy.keys):
        policy = trust_edit.add_key(
            policy,
            key,
            who["identity"],
            valid_from=who["valid_from"],
            valid_until=who["valid_until"],
        )
    elif not any(
        (each.keyid, each.identity) == (key.keyid, who["identity"]) for each in policy.keys
    ):
        raise UsageError("the key must be held by one identity", error_id="trust.identity")
    if any(role.name == who["role"] for role in policy.roles):
        return trust_edit.grant(policy, who["role"], key.keyid)
    return trust_edit.add_role(
        policy,
        who["role"],
        [key.keyid],
        stages=[stage_by_name(name) for name in who["stages"]] or all_stages(),
        namespace_globs=who["namespaces"] or ("*",),
        threshold=who["threshold"],
        powers=[
            v1.TrustPower.Value(f"TRUST_POWER_{name.upper().replace('-', '_')}")
            for name in who["powers"]
        ],
    )


def _role(role: v1.TrustRole) -> tuple[object, ...]:
    from mlspec import v1
    from mlspec.records import all_stages, stage_name

    everything = set(role.stages) == set(all_stages())
    powers = (v1.TrustPower.Name(each).removeprefix("TRUST_POWER_").lower() for each in role.powers)
    return (
        role.name,
        role.threshold,
        " ".join(keyid[:16] for keyid in role.keyids),
        "all" if everything else " ".join(stage_name(stage) for stage in role.stages),
        " ".join(role.namespace_globs),
        " ".join(powers) or "-",
    )


def _moment(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M}Z"
