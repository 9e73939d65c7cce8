"""Having an outsider see a log: the request to a time-stamping authority, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlspec.cli.printing import say, say_json
from mlspec.errors import VerificationError

if TYPE_CHECKING:
    from mlspec.requestlog.disk import LogFolder
    from mlspec.requestlog.proven_time import ProvenTime
    from mlspec.sealing import TrustPolicy

_IMPRINT: Final = "timestamp.imprint"


def write_request(log: str, target: str, *, as_json: bool) -> None:
    """Write the request to have the newest checkpoint seen, and keep that checkpoint.

    Raises UsageError if the extra is not installed, InputError if the file exists, and what
    reading and keeping raise.
    """
    from mlspec.files import write_bytes
    from mlspec.requestlog import Note
    from mlspec.requestlog.disk import LogFolder
    from mlspec.requestlog.keeping import keep_checkpoint
    from mlspec.requestlog.timestamp_requests import request_for

    note = LogFolder.open(log).checkpoint()
    write_bytes(request_for(Note.from_bytes(note).text), target)
    size = keep_checkpoint(log, note)
    if as_json:
        say_json({"request": target, "treeSize": size})
    else:
        say(f"{target}: asks to see {log} at {size} leaves; send it to an authority")


def keep_answer(log: str, answer: str, trust: str, *, as_json: bool) -> None:
    """Verify an authority's answer against the kept checkpoints, and keep its token.

    Raises what `verify_token` raises, VerificationError if it is over no kept checkpoint.
    """
    from mlspec.files import read_bytes
    from mlspec.requestlog.disk import LogFolder
    from mlspec.requestlog.keeping import keep_token
    from mlspec.requestlog.timestamp_requests import MAX_TOKEN, token_of
    from mlspec.sealing import TrustPolicy

    token = token_of(read_bytes(answer, max_bytes=MAX_TOKEN))
    policy = TrustPolicy.load(trust)
    policy.require_current()
    note, time = _seen(LogFolder.open(log), token, policy)
    path = f"{log}/{keep_token(log, note, token)}"
    if as_json:
        say_json({"token": path, "time": f"{time.time:%Y-%m-%dT%H:%M:%SZ}", "by": list(time.by)})
    else:
        say(f"{path}: the log was seen by {time}")


def _seen(folder: LogFolder, token: bytes, trust: TrustPolicy) -> tuple[bytes, ProvenTime]:
    """Return the kept checkpoint that a token is over, and the time that it proves."""
    from mlspec.requestlog import Note
    from mlspec.requestlog.timestamps import verify_token

    roots = [root.der for root in trust.timestamp_roots]
    for size in reversed(folder.kept_sizes()):
        note = folder.checkpoint(size)
        try:
            return note, verify_token(token, Note.from_bytes(note).text, roots)
        except VerificationError as error:
            if error.id != _IMPRINT:
                raise
    raise VerificationError(
        "must be over a checkpoint that is kept beside the log",
        error_id=_IMPRINT,
        source=folder.root,
        remedy="Give the answer to a request that `mlspec log stamp LOG --request` wrote.",
    )
