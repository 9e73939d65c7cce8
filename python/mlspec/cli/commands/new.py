"""`mlspec new`."""

from __future__ import annotations

import click

from mlspec.cli.base import command as make_command
from mlspec.files import STANDARD


@make_command(
    examples=[
        "mlspec new model_training --output training.yaml",
        "mlspec new objectives --format text",
    ]
)
@click.argument("stage")
@click.option(
    "--format",
    "form",
    type=click.Choice(["yaml", "text"]),
    default="yaml",
    show_default=True,
    help="How to write it.",
)
@click.option("--namespace", default="default", show_default=True, help="Namespace of the record.")
@click.option("--output", "-o", default=STANDARD, help="Where it goes. [standard output]")
def command(stage: str, form: str, namespace: str, output: str) -> None:
    """Print a commented template of a stage's record.

    STAGE is a name such as model_training. The header is made ready, with new ids; every field of
    the body is explained and commented out.
    """
    from mlspec.cli.template import template
    from mlspec.files import write_bytes
    from mlspec.records import stage_by_name

    text = template(stage_by_name(stage), form, namespace)  # type: ignore[arg-type]
    write_bytes(text.encode("utf-8"), output)
