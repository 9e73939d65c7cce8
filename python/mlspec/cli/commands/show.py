"""`mlspec show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlspec.cli.base import Moment, json_option
from mlspec.cli.base import command as make_command
from mlspec.cli.loading import find_sealed
from mlspec.cli.printing import plain, say_json
from mlspec.errors import MLSpecError
from mlspec.files import name_of

if TYPE_CHECKING:
    from mlspec.sealing import Sealed


@make_command(
    examples=[
        "mlspec show record.sealed.json",
        "mlspec show record.sealed.json --trust trust.json",
        "mlspec show mlspec.db 5f0c12ab",
    ]
)
@click.argument("place", type=click.Path(allow_dash=True))
@click.argument("digest", required=False)
@click.option("--trust", "trust_path", help="Verify first, against this trust file.")
@click.option("--at", type=Moment(), help="The time to judge keys at. [now]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "json", "text"]),
    default="yaml",
    show_default=True,
    help="How to print the record.",
)
@json_option
def command(
    place: str,
    digest: str | None,
    trust_path: str | None,
    at: Any,
    form: str,
    as_json: bool,
) -> None:
    """Print a sealed record for people.

    PLACE is an envelope, or a store in which DIGEST (or its first characters) names the record.
    Without --trust the record is shown as its author's claim: UNVERIFIED.
    """
    sealed = find_sealed(place, digest)
    standing = "UNVERIFIED: nobody's signature was checked"
    signers: list[str] = []
    if trust_path is not None:
        from mlspec.sealing import TrustPolicy, unseal

        trust = TrustPolicy.load(trust_path)
        try:
            verified = unseal(sealed, trust, at=at)
        except MLSpecError as error:
            error.from_source(name_of(place))
            raise
        signers = [signer.identity for signer in verified.signers]
        standing = f"verified: signed by {', '.join(signers)}"
    _print(sealed, standing, signers, form, as_json=as_json, place=place)


def _print(
    sealed: Sealed, standing: str, signers: list[str], form: str, *, as_json: bool, place: str
) -> None:
    from mlspec.codec import Format, encode, to_dict

    try:
        record = sealed.peek()
        text = "" if as_json else encode(record, Format(form)).decode("utf-8")
    except MLSpecError as error:
        error.from_source(name_of(place))
        raise
    if as_json:
        say_json(
            {
                "digest": f"sha256:{sealed.hex}",
                "payloadType": sealed.payload_type,
                "keyids": [each.keyid for each in sealed.signatures],
                "verified": bool(signers),
                "signers": signers,
                "record": to_dict(record),
            }
        )
        return
    comment = "" if form == "json" else "# "
    if comment:
        click.echo(plain(f"{comment}{standing}\n{comment}sha256:{sealed.hex}"))
    else:
        click.echo(plain(f"{standing}\nsha256:{sealed.hex}"), err=True)
    click.echo(plain(text), nl=False)
