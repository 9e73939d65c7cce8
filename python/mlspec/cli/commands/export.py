"""`mlspec export`: sealed records in the forms of other tools."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from mlspec.cli.base import Command, Moment, json_option
from mlspec.cli.loading import find_sealed, open_signer
from mlspec.cli.printing import note, say, say_json
from mlspec.errors import MLSpecError
from mlspec.files import STANDARD, name_of, write_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

_SEALED = click.argument("place", metavar="SEALED", type=click.Path(allow_dash=True))
_DIGEST = click.argument("digest", required=False)


def _output(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options for where the document goes."""
    words = "Where it goes. [standard output]"
    function = click.option("--overwrite", is_flag=True, help="Replace the output.")(function)
    return click.option("--output", "-o", default=STANDARD, help=words)(function)


@click.group("export", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Write sealed records in the forms of other tools.

    What is written is a copy for the outside: the sealed record stays the evidence.
    """


@command.command(
    "in-toto",
    cls=Command,
    examples=[
        "mlspec export in-toto mlspec.db 5f0c12ab --trust trust.json --key keys/trainer.pem "
        "--output train.intoto.json",
    ],
)
@_SEALED
@_DIGEST
@click.option("--trust", "trust_path", required=True, help="Whom to believe: verified first.")
@click.option("--at", type=Moment(), help="The time to judge keys at. [now]")
@click.option("--key", required=True, help="Private key file that signs the statement.")
@_output
@json_option
def in_toto(
    place: str,
    digest: str | None,
    trust_path: str,
    at: datetime | None,
    key: str,
    output: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """State what a record says as an in-toto Statement v1, signed.

    SEALED is an envelope, or a store in which DIGEST (or its first characters) names the record.
    The subjects are the step's outputs by SHA-256, the predicate is the whole record and the
    digest of the sealed one. The record is verified first: whoever signs vouches for it.
    """
    from mlspec.exporters import predicate_type, sign_statement
    from mlspec.sealing import TrustPolicy, unseal

    trust = TrustPolicy.load(trust_path)
    sealed = find_sealed(place, digest)
    try:
        verified = unseal(sealed, trust, at=at)
    except MLSpecError as error:
        raise error.from_source(name_of(place))  # noqa: B904 - the same error, with its place
    signer = open_signer(key)
    envelope = sign_statement(verified, signer)
    write_bytes(envelope.to_json(), output, overwrite=overwrite)
    facts = {
        "output": output,
        "predicateType": predicate_type(verified.stage),
        "record": f"sha256:{verified.hex}",
        "keyid": envelope.signatures[0].keyid,
    }
    _report(facts, output, as_json=as_json)


@command.command(
    "sigstore-bundle",
    cls=Command,
    examples=[
        "mlspec export sigstore-bundle record.sealed.json --output record.sigstore.json",
        "mlspec export in-toto mlspec.db 5f0c12ab --trust trust.json --key keys/trainer.pem | "
        "mlspec export sigstore-bundle - --output train.sigstore.json",
    ],
)
@_SEALED
@_DIGEST
@click.option("--keyid", default="", help="Start of the id of the key whose signature goes along.")
@_output
@json_option
def sigstore_bundle(
    place: str, digest: str | None, keyid: str, output: str, overwrite: bool, as_json: bool
) -> None:
    """Put an envelope, with one signature, into a sigstore bundle v0.3.

    SEALED is an envelope, of a record or a statement, or a store in which DIGEST (or its first
    characters) names the record. The bundle names the key by its id and holds none: whoever
    verifies has it already. Nothing is verified or signed here.
    """
    from mlspec.exporters import to_bundle

    envelope = find_sealed(place, digest).envelope
    write_bytes(to_bundle(envelope, keyid), output, overwrite=overwrite)
    facts = {"output": output, "payloadType": envelope.payload_type}
    _report(facts, output, as_json=as_json)


def _report(facts: dict[str, str], output: str, *, as_json: bool) -> None:
    """Say what was written, unless it is what was printed."""
    if output == STANDARD:
        note("  ".join(list(facts.values())[1:]))
    elif as_json:
        say_json(facts)
    else:
        say("  ".join(facts.values()))
