"""`mlspec sign`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlspec.cli.base import command as make_command
from mlspec.cli.loading import form_of, looks_sealed, open_signer, require_record
from mlspec.cli.printing import note
from mlspec.errors import MLSpecError
from mlspec.files import STANDARD, name_of, read_bytes

if TYPE_CHECKING:
    from mlspec.sealing import Sealed, Signer


@make_command(
    examples=[
        "mlspec sign record.yaml --key keys/trainer.pem --output record.sealed.json",
        "mlspec sign record.sealed.json --key keys/approver.pem --output twice.sealed.json",
        "mlspec sign record.yaml --key keys/trainer.pem --store mlspec.db --output -",
    ]
)
@click.argument("path", type=click.Path(allow_dash=True))
@click.option("--key", required=True, help="Private key file.")
@click.option("--output", "-o", default=STANDARD, help="Where the envelope goes. [standard output]")
@click.option("--overwrite", is_flag=True, help="Replace the output if it is there.")
@click.option("--store", "place", help="A store to put it into, too.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["binary", "json", "yaml", "text"]),
    help="Format of the record. [by suffix]",
)
def command(
    path: str, key: str, output: str, overwrite: bool, place: str | None, form: str | None
) -> None:
    """Seal a record, or countersign a sealed one.

    PATH is a record in any format, which is validated, encoded once and signed; or an envelope in
    JSON, which gets one more signature over the same bytes. The output is a DSSE envelope in JSON.
    """
    from mlspec.files import write_bytes

    signer = open_signer(key)
    data = read_bytes(path)
    try:
        sealed = _sealed(path, data, form, signer)
    except MLSpecError as error:
        error.from_source(name_of(path))
        raise
    if place is not None:
        from mlspec.store import open_store

        with open_store(place) as store:
            store.put(sealed)
    write_bytes(sealed.to_json(), output, overwrite=overwrite)
    note(f"sha256:{sealed.hex}  {len(sealed.signatures)} signature(s)")


def _sealed(path: str, data: bytes, form: str | None, signer: Signer) -> Sealed:
    from mlspec import v1
    from mlspec.codec import decode
    from mlspec.sealing import Sealed, seal

    if form is None and looks_sealed(data):
        sealed = Sealed.from_any(data)
        require_record(sealed, path)
        return sealed.countersign(signer)
    return seal(decode(v1.Record, data, form_of(path, data, form)), signer)
