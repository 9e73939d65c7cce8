"""`mlspec log`: verifying, proving, reading, erasing from and exporting logs."""

from __future__ import annotations

from datetime import datetime

import click

from mlspec.cli.base import Command, Moment, json_option
from mlspec.cli.log_leaves import erase_request, follow, prove_leaf, say_last
from mlspec.cli.log_stamping import keep_answer, write_request
from mlspec.cli.log_verifying import Asked, export_folder, verify_folder
from mlspec.cli.running import load_done

_LOG = click.argument("log", type=click.Path(file_okay=False))


@click.group("log", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Verify logs, prove what they hold, read them, erase persons from them, export them.

    A log is a folder: the one with the file `checkpoint`. No network is used.
    """


@command.command(
    "verify",
    cls=Command,
    examples=[
        "mlspec log verify requests --trust logs.json",
        "mlspec log verify requests --trust logs.json --known-checkpoint seen.checkpoint",
        "mlspec log verify requests --trust logs.json --rules --json",
        "mlspec log verify worker --trust logs.json --deployment-log requests",
    ],
)
@_LOG
@click.option("--trust", required=True, help="Whom to believe.")
@click.option("--min-trust-version", type=click.IntRange(1), help="Refuse an older trust file.")
@click.option("--known-checkpoint", help="A checkpoint seen before: the log must extend it.")
@click.option("--deployment-log", help="The log that delegated to this one; verified first.")
@click.option("--at", type=Moment(), help="The time to judge the log's key at. [now]")
@click.option("--rules", is_flag=True, help="Apply every rule to every leaf: 30 times slower.")
@click.option(
    "--processes", type=click.IntRange(1, 64), help="How many work on it. [one a processor]"
)
@json_option
def verify(
    log: str,
    trust: str,
    min_trust_version: int | None,
    known_checkpoint: str | None,
    deployment_log: str | None,
    at: datetime | None,
    rules: bool,
    processes: int | None,
    as_json: bool,
) -> int:
    """Check a whole log, from its first leaf to its last.

    Entries hash to the tiles and those to the signed root; each names the log and its place;
    requests name the deployment in force; side records and text lines fit. Exits with 0 if all
    of it holds, 1 if not, 3 if nobody trusted signed it. What cannot be shown is NOT PROVEN.
    """
    load_done()
    asked = Asked(
        trust=trust,
        min_trust_version=min_trust_version,
        known=known_checkpoint,
        owner=deployment_log,
        at=at,
        rules=rules,
        processes=processes,
        as_json=as_json,
    )
    return verify_folder(log, asked)


@command.command(
    "prove",
    cls=Command,
    examples=[
        "mlspec log prove requests --request request-000007 --output request.tlog-proof",
        "mlspec log prove requests --index 1 --output change.tlog-proof --trust logs.json",
    ],
)
@_LOG
@click.option("--request", "request_id", help="The server's id of the request.")
@click.option("--index", type=click.IntRange(0), help="Or which leaf, 0 for the first.")
@click.option("--trust", help="Verify the proof too, against a trust file.")
@click.option("--output", "-o", help="Where the proof goes. [<id or index>.tlog-proof]")
@json_option
def prove(
    log: str,
    request_id: str | None,
    index: int | None,
    trust: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """Write the proof that a log holds a leaf, and the leaf beside it.

    The proof is one text (C2SP tlog-proof): index, hashes and the signed checkpoint. The leaf
    goes to a file of the same name that ends in `.leaf`: its bytes are what the proof is about.
    """
    prove_leaf(log, request_id, index, trust, output, as_json=as_json)


@command.command(
    "tail",
    cls=Command,
    examples=[
        "mlspec log tail requests",
        "mlspec log tail requests -n 2 --json",
        "timeout 2 mlspec log tail requests --follow || true",
    ],
)
@_LOG
@click.option("--lines", "-n", "count", type=click.IntRange(0), default=10, help="How many. [10]")
@click.option("--follow", "-f", "go_on", is_flag=True, help="Go on as the log grows.")
@json_option
def tail(log: str, count: int, go_on: bool, as_json: bool) -> None:
    """Print the last requests of a log, each as a line of the Combined Log Format.

    With --json each is a line of JSON: the whole entry. Persons are shown as far as their side
    records are there. Nothing is verified: `mlspec log verify` does that.
    """
    size = say_last(log, count, as_json=as_json)
    if go_on:
        follow(log, size, as_json=as_json)


@command.command(
    "erase",
    cls=Command,
    examples=[
        "mlspec log erase requests --request request-000007 --yes",
        "mlspec log erase requests --subject applicant-9 --yes",
    ],
)
@_LOG
@click.option("--request", "request_id", help="The server's id of a request.")
@click.option("--index", type=click.IntRange(0), help="Or its leaf.")
@click.option("--subject", help="Or all requests about a person, as side records name them.")
@click.option("--yes", is_flag=True, help="Do not ask: it cannot be undone.")
@json_option
def erase(
    log: str,
    request_id: str | None,
    index: int | None,
    subject: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase what describes a person from a log's files: side records and text lines.

    The leaves stay, and every proof holds; they say nothing about the person any more. Feedback
    on a request is erased with it.
    """
    erase_request(log, request_id, index, subject, yes=yes, as_json=as_json)


@command.command(
    "export",
    cls=Command,
    examples=["mlspec log export requests --output requests.parquet"],
)
@_LOG
@click.option("--output", "-o", required=True, help="The Parquet file; it must not exist.")
@click.option("--entries", is_flag=True, help="Add a column with each leaf's own bytes.")
@click.option(
    "--processes", type=click.IntRange(1, 64), help="How many work on it. [one a processor]"
)
@json_option
def export(log: str, output: str, entries: bool, processes: int | None, as_json: bool) -> None:
    """Write a log's leaves as Parquet, a row each.

    Columns: place, hash and kind of the leaf, and what requests, feedback and dropped entries
    say; nothing of side records. Nothing is verified: `mlspec log verify` does that.
    """
    load_done()
    export_folder(log, output, processes, entries=entries, as_json=as_json)


@command.command(
    "stamp",
    cls=Command,
    examples=["mlspec log stamp requests --request request.tsq"],
)
@_LOG
@click.option("--request", help="Write the request to an authority; the file must not exist.")
@click.option("--answer", help="Or keep the token of an authority's answer.")
@click.option("--trust", help="With --answer: which authorities are believed.")
@json_option
def stamp(
    log: str, request: str | None, answer: str | None, trust: str | None, as_json: bool
) -> None:
    """Have an outsider see a log, so that its time is proven: an RFC 3161 authority.

    --request writes what to send to one (`curl -H 'Content-Type: application/timestamp-query'
    --data-binary @request.tsq URL`), and keeps the checkpoint that it is about. --answer verifies
    what came back, and keeps its token beside the log. No network is used.
    """
    if request is not None and answer is None and trust is None:
        write_request(log, request, as_json=as_json)
    elif request is None and answer is not None and trust is not None:
        keep_answer(log, answer, trust, as_json=as_json)
    else:
        raise click.UsageError("must have --request, or --answer and --trust")
