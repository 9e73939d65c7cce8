"""The check plugin of buf: `buf breaking` runs it, and it reports what buf's own rules do not see.

Installed as `buf-plugin-mlspec`; `python -m mlspec.breaking.plugin` is the same. It speaks
pluginrpc.v1: `--protocol`, `--spec`, or a procedure with its request on standard input and its
response on standard output. People use `mlspec breaking`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from mlspec.errors import LimitError, UsageError

MAX_REQUEST: Final = 256 << 20
"""The largest request, in bytes: two images of some ten thousand files."""

_USAGE: Final = """\
Usage: buf-plugin-mlspec (--protocol | --spec | PROCEDURE) [--format binary|json]

A check plugin for buf. Name it under `plugins` in buf.yaml, and the category MLSPEC under
`breaking.use`; `buf breaking` does the rest. Without buf: mlspec breaking OLD NEW.
"""


class _Call(NamedTuple):
    """What the command line asks for: a flag or a procedure, and the form of messages."""

    what: str
    form: str = "binary"


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer one call; return the exit code: 0, or 2 for arguments that make no sense."""
    try:
        call = _call(sys.argv[1:] if arguments is None else arguments)
    except UsageError as error:
        sys.stderr.write(f"error: {error}\n{_USAGE}")
        return 2
    if call.what == "--help":
        sys.stdout.write(_USAGE)
    elif call.what == "--protocol":
        sys.stdout.write("1\n")
    else:
        sys.stdout.buffer.write(_answer(call))
    return 0


def _call(arguments: Sequence[str]) -> _Call:
    form, others = "binary", []
    given = iter(arguments)
    for argument in given:
        flag, _, value = argument.partition("=")
        if flag == "--format":
            form = value or next(given, "")
        else:
            others.append("--help" if argument == "-h" else argument)
    if form not in ("binary", "json"):
        raise UsageError(f"--format must be binary or json (got {form!r:.40})")
    if len(others) != 1:
        raise UsageError(f"one flag or procedure must be given (got {len(others)})")
    (what,) = others
    if what.startswith("-") and what not in ("--protocol", "--spec", "--help"):
        raise UsageError(f"flag must be one of those below (got {what!r:.40})")
    return _Call(what, form)


def _answer(call: _Call) -> bytes:
    # Loaded here because --protocol, which is asked for most often, needs none of it.
    from mlspec.breaking import plugin_rpc
    from mlspec.breaking.plugin_check import HANDLERS

    form = plugin_rpc.Form(call.form)
    if call.what == "--spec":
        return plugin_rpc.spec(form)
    try:
        handler = HANDLERS.get(call.what)
        if handler is None:
            raise UsageError(
                f"procedure must be one of {', '.join(HANDLERS)} (got {call.what:.80})"
            )
        request = plugin_rpc.request(call.what, read(MAX_REQUEST), form)
        return plugin_rpc.response(call.what, handler(request), form)
    except Exception as error:  # noqa: BLE001 - the protocol carries every failure back to buf
        return plugin_rpc.failure(error, form)


def read(limit: int) -> bytes:
    """Read standard input to its end. Raises LimitError when it has more than `limit` bytes."""
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise LimitError(f"a request must have at most {limit} bytes")
    return data


if __name__ == "__main__":
    sys.exit(main())
