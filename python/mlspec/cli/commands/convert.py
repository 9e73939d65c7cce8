"""`mlspec convert`."""

from __future__ import annotations

import click

from mlspec.cli.base import command as make_command
from mlspec.cli.loading import form_of, message_type
from mlspec.errors import MLSpecError, UsageError
from mlspec.files import STANDARD, name_of, read_bytes

_FORMS = click.Choice(["binary", "json", "yaml", "text"])


@make_command(
    examples=[
        "mlspec convert record.yaml record.binpb",
        "mlspec convert record.yaml - --to json",
        "cat record.yaml | mlspec convert - - --from yaml --to text",
        "mlspec convert trust.json trust.yaml --type TrustPolicy",
    ]
)
@click.argument("source", type=click.Path(allow_dash=True))
@click.argument("target", type=click.Path(allow_dash=True), default=STANDARD)
@click.option("--from", "from_form", type=_FORMS, help="Format of SOURCE. [by suffix]")
@click.option("--to", "to_form", type=_FORMS, help="Format of TARGET. [by suffix]")
@click.option("--type", "type_name", default="Record", show_default=True, help="What it holds.")
@click.option("--overwrite", is_flag=True, help="Replace TARGET if it is there.")
def command(
    source: str,
    target: str,
    from_form: str | None,
    to_form: str | None,
    type_name: str,
    overwrite: bool,
) -> None:
    """Turn one message into another format, losing nothing.

    "-" is standard input or output. What would be lost (a field that this version does not know)
    is an error. A sealed record is never converted: its bytes are what is signed. To look into
    one, use `mlspec show`; to change its envelope's format, --type Envelope.
    """
    from mlspec.codec import Format, decode, encode, format_of
    from mlspec.files import write_bytes

    target_form = Format(to_form) if to_form else format_of(target)
    if target_form is None:
        raise UsageError(
            "the target's format must be told by --to or its suffix",
            error_id="format.unknown",
            remedy="For example --to json.",
        )
    data = read_bytes(source)
    try:
        message = decode(message_type(type_name), data, form_of(source, data, from_form))
    except MLSpecError as error:
        error.from_source(name_of(source))
        raise
    write_bytes(encode(message, target_form), target, overwrite=overwrite)
