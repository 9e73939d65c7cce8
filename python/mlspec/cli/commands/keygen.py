"""`mlspec keygen`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from mlspec.cli.base import command as make_command
from mlspec.cli.base import json_option
from mlspec.cli.printing import say, say_json


@make_command(
    examples=[
        "mlspec keygen keys/trainer.pem",
        "mlspec keygen keys/ci.pem --algorithm ecdsa-p256 --unencrypted",
    ]
)
@click.argument("path", type=click.Path(dir_okay=False))
@click.option(
    "--algorithm",
    type=click.Choice(["ed25519", "ecdsa-p256"]),
    default="ed25519",
    show_default=True,
    help="What the key signs with.",
)
@click.option("--unencrypted", is_flag=True, help="Write the private key without a password.")
@json_option
def command(path: str, algorithm: str, unencrypted: bool, as_json: bool) -> None:
    """Make a key pair.

    PATH is where the private key goes (PKCS#8, for its owner's eyes only); the public key goes
    beside it, with the suffix .pub. The password is asked for, or taken from the variable
    MLSPEC_KEY_PASSWORD. Nothing is overwritten.
    """
    from mlspec.errors import InputError
    from mlspec.sealing import generate_key, write_private_key, write_public_key

    private, public = Path(path), Path(path).with_suffix(".pub")
    if private == public:
        raise InputError("must not end in .pub", source=path, remedy="Name it like trainer.pem.")
    if public.exists():
        # Looked at before the private key is written, so that no half of a pair stays behind.
        raise InputError("must not exist yet", error_id="file.exists", source=str(public))
    password = None if unencrypted else _password()
    private.parent.mkdir(mode=0o700, exist_ok=True)
    key = generate_key(algorithm)
    write_private_key(key, private, password)
    write_public_key(key.public, public)
    if as_json:
        parts = {"private": path, "public": str(public), "keyid": key.keyid, "algorithm": algorithm}
        say_json(parts)
        return
    say(f"private key  {private}" + (" (not encrypted)" if unencrypted else ""))
    say(f"public key   {public}")
    say(f"keyid        {key.keyid}")


def _password() -> str:
    from mlspec.errors import UsageError
    from mlspec.sealing import PASSWORD_VARIABLE

    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise UsageError(
            "a password must be given for the private key",
            error_id="key.password",
            remedy=f"Set {PASSWORD_VARIABLE}, or write the key --unencrypted on purpose.",
        )
    password: str = click.prompt(
        "Password", hide_input=True, confirmation_prompt=True, err=True, type=str
    )
    return password
