"""`mlspec evidence`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from mlspec.cli.base import Moment, json_option
from mlspec.cli.base import command as make_command
from mlspec.cli.evidence_view import say_report
from mlspec.cli.loading import open_for_reading, read_checkpoint
from mlspec.cli.printing import note
from mlspec.cli.running import load_done

if TYPE_CHECKING:
    from mlspec.sealing import TrustPolicy


@click.group(
    "evidence",
    help="Build or verify the evidence for one request: offline, and to a stranger.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def command() -> None:
    """Hold the commands together."""


@make_command(
    examples=[
        "mlspec evidence build loans/mlspec.db --log loans/requests --record-log loans/records"
        " --request request-1 --trust loans/trust.json -o evidence",
        "mlspec evidence build loans/mlspec.db --log loans/requests --request request-1"
        " --package loans/package --with-side --trust loans/trust.json -o evidence.zip",
    ]
)
@click.argument("place", type=click.Path(), metavar="STORE")
@click.option("--log", "log_folder", required=True, help="The folder of the request log.")
@click.option("--request", "request_id", required=True, help="The request's id.")
@click.option("--trust", "trust_path", required=True, help="Whom to believe.")
@click.option("--output", "-o", required=True, help="The folder to make, or a file.zip.")
@click.option("--record-log", help="The folder of the log of the records' digests.")
@click.option("--deployment-log", help="Of a worker's log: the log that delegated it.")
@click.option("--package", "packages", multiple=True, help="A packaged model, for its manifest.")
@click.option("--with-side", is_flag=True, help="Put in what the request says of a person.")
@click.option(
    "--leaves-between",
    type=click.IntRange(0),
    default=1024,
    show_default=True,
    help="The most other leaves to put in, to show that no deployment change came between.",
)
@json_option
def build(
    place: str,
    log_folder: str,
    request_id: str,
    trust_path: str,
    output: str,
    record_log: str | None,
    deployment_log: str | None,
    packages: tuple[str, ...],
    with_side: bool,
    leaves_between: int,
    as_json: bool,
) -> int:
    """Build the bundle for one request, and say what it proves.

    The bundle holds the request's leaf and its proof, the deployment, and the sealed records from
    the roll-out back to data and objectives. It is written even if something is not proven: the
    exit code is that of `mlspec evidence verify`.
    """
    from mlspec.evidence import build as build_bundle
    from mlspec.evidence import verify as verify_bundle

    load_done()
    trust = _load(trust_path, None)
    with open_for_reading(place) as store:
        made = build_bundle(
            store,
            log_folder,
            request_id,
            output,
            trust=trust,
            record_log=record_log,
            packages=packages,
            with_side=with_side,
            leaves_between=leaves_between,
            deployment_log=deployment_log,
        )
    report = verify_bundle(made, trust)
    say_report(report, as_json=as_json)
    note(f"wrote {made}")
    return report.exit_code


@make_command(
    examples=[
        "mlspec evidence verify loans/bundle --trust loans/trust.json",
        "mlspec evidence verify loans/bundle --trust loans/trust.json --json",
        "mlspec evidence verify loans/bundle --trust loans/trust.json --min-trust-version 1"
        " --known-checkpoint loans/requests/checkpoint",
    ]
)
@click.argument("bundle", type=click.Path())
@click.option("--trust", "trust_path", required=True, help="Whom to believe; not from the bundle.")
@click.option("--at", type=Moment(), help="The time to judge keys at, where none is proven. [now]")
@click.option("--known-checkpoint", help="A signed checkpoint of the log that you remember.")
@click.option("--min-trust-version", type=click.IntRange(1), help="Refuse an older trust file.")
@json_option
def verify(
    bundle: str,
    trust_path: str,
    at: datetime | None,
    known_checkpoint: str | None,
    min_trust_version: int | None,
    as_json: bool,
) -> int:
    """Check a bundle against a trust file, link by link. No network is used.

    Prints PASS, PASS BY WAIVER, FAIL or NOT PROVEN for each link, and what no bundle proves. Exits
    with 0 if all holds that must; 1 if a link fails; 2 if the bundle cannot be read; 3 if nothing
    is forged, but nobody trusted vouches; 4 if what was asked for is undecided.
    """
    from mlspec.evidence import verify as verify_bundle

    trust = _load(trust_path, min_trust_version)
    known = read_checkpoint(known_checkpoint)
    report = verify_bundle(bundle, trust, at=at, known_checkpoint=known)
    say_report(report, as_json=as_json)
    return report.exit_code


command.add_command(build)
command.add_command(verify)


def _load(path: str, least: int | None) -> TrustPolicy:
    from mlspec.sealing import TrustPolicy

    trust = TrustPolicy.load(path)
    if least is not None:
        trust.require_version(least)
    return trust
