"""`mlspec validate`."""

from __future__ import annotations

from typing import Any

import click

from mlspec.cli.base import command as make_command
from mlspec.cli.base import json_option
from mlspec.cli.loading import form_of, looks_sealed, message_type
from mlspec.cli.printing import describe, print_error, say, say_json
from mlspec.errors import MLSpecError
from mlspec.files import name_of, read_bytes


@make_command(
    examples=[
        "mlspec validate record.yaml",
        "mlspec validate record.sealed.json",
        "mlspec validate trust.json --type TrustPolicy",
        "cat record.yaml | mlspec validate - --format yaml",
    ]
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--type", "type_name", default="Record", show_default=True, help="What they hold.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["binary", "json", "yaml", "text"]),
    help="Their format. [by suffix]",
)
@json_option
def command(paths: tuple[str, ...], type_name: str, form: str | None, as_json: bool) -> int:
    """Check files against the rules of the specification.

    A sealed record is opened and its payload checked; no signature is (that is `mlspec verify`).
    Exits with 1 if a rule is broken, with 2 if a file cannot be read as what it should be.
    """
    found = []
    worst = 0
    for path in paths:
        try:
            found.append(_valid(path, type_name, form))
        except MLSpecError as error:
            error.from_source(name_of(path))
            worst = max(worst, error.exit_code)
            found.append({"path": path, "valid": False, **error.to_dict()})
            if not as_json:
                print_error(describe(error), as_json=False)
            continue
        if not as_json:
            say(f"{name_of(path)}: valid {found[-1]['what']}")
            for doubt in found[-1].get("doubts", ()):
                say(f"NOTE  not fully understood: {doubt}")
    if as_json:
        say_json(found)
    return worst


def _valid(path: str, type_name: str, form: str | None) -> dict[str, Any]:
    from mlspec.codec import decode
    from mlspec.records import stage_name
    from mlspec.sealing import MAX_ENVELOPE, Sealed, accept
    from mlspec.validation import validate

    data = read_bytes(path, max_bytes=MAX_ENVELOPE)
    if type_name == "Record" and form is None and looks_sealed(data):
        sealed = Sealed.from_any(data)
        sealed.peek()
        accepted = accept(sealed.payload)
        what = f"sealed record ({stage_name(accepted.record.header.stage)})"
        doubts = list(accepted.doubts)
        return {"path": path, "valid": True, "what": what, **({"doubts": doubts} if doubts else {})}
    message = decode(message_type(type_name), data, form_of(path, data, form))
    validate(message)
    what = type_name
    header = getattr(message, "header", None)
    if type_name == "Record" and header is not None:
        what = f"record ({stage_name(header.stage)})"
    return {"path": path, "valid": True, "what": what}
