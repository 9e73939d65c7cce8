"""`mlspec trust require` and `mlspec trust timestamps`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from mlspec.cli.base import Command, json_option
from mlspec.cli.trusting import Saving, open_file, saving_options, write_next
from mlspec.errors import UsageError

# Older releases of click know no type of what a parameter becomes.
if TYPE_CHECKING:
    _SpanBase = click.ParamType[timedelta]
else:
    _SpanBase = click.ParamType

_FILE = click.Path(dir_okay=False)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Span(_SpanBase):
    """A time such as 30s, 5m, 12h or 183d."""

    name = "span"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read a whole number and a unit."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([0-9]{1,7})([smhd])", value, re.ASCII)
        if found is None:
            self.fail(
                f"must be a number and s, m, h or d, such as 183d (got {value!r})", param, ctx
            )
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


@click.command(
    "require",
    cls=Command,
    examples=[
        "mlspec trust require trust.json --namespace 'loans*' --gate --stage model_evaluation",
        "mlspec trust require trust.json --namespace loans --request-log --max-loss-window 0s "
        "--log-retention 183d",
    ],
)
@click.argument("path", type=_FILE)
@click.option("--namespace", required=True, help="Namespaces that owe it, * is any.")
@click.option("--stage", "stages", multiple=True, help="Stage that there must be a record of.")
@click.option("--gate", is_flag=True, help="A gate that was passed, by waiver perhaps.")
@click.option("--timestamps", is_flag=True, help="A time by an outsider, for every record.")
@click.option("--witnesses", is_flag=True, help="Cosignatures on every checkpoint.")
@click.option("--request-log", is_flag=True, help="A request log that this file believes.")
@click.option("--record-log", is_flag=True, help="Every record in a log that this file believes.")
@click.option("--log-retention", type=Span(), help="How long request logs are kept, at least.")
@click.option("--max-loss-window", type=Span(), help="Requests that a crash may lose, at most.")
@click.option("--nothing", is_flag=True, help="Nothing any more.")
@saving_options("--sign-with")
@json_option
def require(
    path: str,
    signers: tuple[str, ...],
    output: str | None,
    partial: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Say what deployments of a namespace must show, whatever their own records say.

    It is added to what the same --namespace owes already; times take the place of earlier ones.
    All that fit a namespace bind together. What is required and not shown makes `mlspec evidence
    verify` fail. The version grows by one.
    """
    from mlspec.sealing import trust_duties

    opened = open_file(path)
    requirement = _requirement(asked)
    empty = (
        requirement.ByteSize() == type(requirement)(namespace_glob=asked["namespace"]).ByteSize()
    )
    if asked["nothing"] is not empty:
        raise UsageError(
            "must say what is required, or that nothing is",
            error_id="trust.requirement",
            remedy="Give --gate, --stage and the like, or --nothing alone.",
        )
    if empty:
        draft = trust_duties.require_no_more(opened.policy.message, asked["namespace"])
    else:
        draft = trust_duties.require(opened.policy.message, requirement)
    write_next(opened, draft, Saving(signers, output, partial, as_json))


def _requirement(asked: dict[str, Any]) -> Any:
    from mlspec import v1
    from mlspec.records import stage_by_name

    made = v1.NamespaceRequirement(
        namespace_glob=asked["namespace"],
        stages=dict.fromkeys(stage_by_name(name) for name in asked["stages"]),
        gate_required=asked["gate"],
        timestamp_required=asked["timestamps"],
        witnesses_required=asked["witnesses"],
        request_log_required=asked["request_log"],
        record_log_required=asked["record_log"],
    )
    if asked["log_retention"] is not None:
        made.log_retention_duration.FromTimedelta(asked["log_retention"])
    if asked["max_loss_window"] is not None:
        made.max_loss_window_duration.FromTimedelta(asked["max_loss_window"])
    return made


@click.command(
    "timestamps",
    cls=Command,
    examples=["mlspec trust timestamps trust.json --root authority.pem"],
)
@click.argument("path", type=_FILE)
@click.option("--root", "roots", multiple=True, help="Root certificate of an authority; repeat.")
@click.option("--drop", "dropped", multiple=True, help="Root certificate that counts no more.")
@saving_options("--sign-with")
@json_option
def timestamps(
    path: str,
    roots: tuple[str, ...],
    dropped: tuple[str, ...],
    signers: tuple[str, ...],
    output: str | None,
    partial: bool,
    as_json: bool,
) -> None:
    """Say which authorities are believed about time (RFC 3161), by their root certificates.

    Certificates are read in DER or PEM. The version grows by one.
    """
    from mlspec.sealing import trust_duties
    from mlspec.sealing.certificates import load_certificate

    if not roots and not dropped:
        raise click.UsageError("Missing option '--root' or '--drop'.")
    opened = open_file(path)
    draft = opened.policy.message
    for name in roots:
        draft = trust_duties.add_timestamp_root(draft, load_certificate(name))
    for name in dropped:
        draft = trust_duties.drop_timestamp_root(draft, load_certificate(name))
    write_next(opened, draft, Saving(signers, output, partial, as_json))
