"""What `mlspec log prove`, `tail` and `erase` do and print."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from mlspec.cli.printing import note, say, say_json
from mlspec.errors import InputError, MLSpecError, UsageError
from mlspec.files import write_bytes

if TYPE_CHECKING:
    from mlspec import v1
    from mlspec.requestlog import LogProof
    from mlspec.requestlog.disk import LogFolder
    from mlspec.requestlog.requests import SideRecords

_PROOF: Final = ".tlog-proof"
_LEAF: Final = ".leaf"
_PAUSE: Final = 0.5


def prove_leaf(
    log: str,
    request_id: str | None,
    index: int | None,
    trust: str | None,
    output: str | None,
    *,
    as_json: bool,
) -> None:
    """Write the proof of a leaf and the leaf; say what was written."""
    from mlspec.requestlog import leaf_hash
    from mlspec.requestlog.checking import find_request
    from mlspec.requestlog.checkpoints import Checkpoint
    from mlspec.requestlog.disk import LogFolder
    from mlspec.requestlog.merkle import verify_inclusion
    from mlspec.requestlog.notes import Note

    _require_one("--request", request_id, "--index", index)
    folder = LogFolder.open(log)
    place = find_request(folder, request_id) if request_id is not None else index or 0
    proof, leaf = folder.prove(place), folder.leaf(place)
    checkpoint = Checkpoint.from_text(Note.from_bytes(proof.checkpoint).text)
    # A proof that does not hold would be found by whoever gets it, when it is too late.
    verify_inclusion(leaf_hash(leaf), place, checkpoint.size, checkpoint.root, proof.hashes)
    if trust is not None:
        _verify_proof(proof, leaf, trust)
    target, beside = _targets(output or f"{place if request_id is None else request_id}{_PROOF}")
    write_bytes(leaf, beside)
    write_bytes(proof.to_bytes(), target)
    if as_json:
        say_json(
            {
                "proof": str(target),
                "leaf": str(beside),
                "origin": checkpoint.origin,
                "index": place,
                "treeSize": checkpoint.size,
                "leafSha256": leaf_hash(leaf).hex(),
                "verified": trust is not None,
            }
        )
        return
    say(f"{target}: leaf {place} of {checkpoint.size}, {checkpoint.origin}")
    say(f"{beside}: {len(leaf)} bytes, hash {leaf_hash(leaf).hex()}")
    if trust is None:
        note("the checkpoint's signature was not verified: give --trust to do so")
    else:
        say("PASS  the checkpoint is signed by a key that the trust file names")


def _targets(output: str) -> tuple[Path, Path]:
    """Return where proof and leaf go. Raises UsageError, InputError if either is there already."""
    target = Path(output)
    beside = target.with_suffix(_LEAF)
    if target == beside:
        raise UsageError(
            f"must not end in {_LEAF}, which is where the leaf goes",
            error_id="usage",
            source=output,
            remedy=f"Name a file that ends in {_PROOF}.",
        )
    for path in (target, beside):
        if path.exists():
            raise InputError(
                "must not exist yet",
                error_id="file.exists",
                source=str(path),
                remedy="Name another file (--output), or move this one away.",
            )
    return target, beside


def say_last(log: str, count: int, *, as_json: bool) -> int:
    """Print the last requests of a log; return how many leaves it had then."""
    from mlspec.requestlog.checking import last_requests
    from mlspec.requestlog.disk import LogFolder

    folder = LogFolder.open(log)
    size = folder.size()
    _say_leaves(folder, last_requests(folder, count), as_json=as_json)
    return size


def follow(log: str, size: int, *, as_json: bool) -> None:
    """Print requests as the log grows, until somebody interrupts."""
    from mlspec.requestlog.disk import LogFolder

    while True:
        # Opened anew: a bundle that was partial a moment ago is another file now.
        folder = LogFolder.open(log)
        grown = folder.size()
        _say_leaves(folder, folder.leaves(size, grown), as_json=as_json)
        sys.stdout.flush()
        size = max(size, grown)
        time.sleep(_PAUSE)


def erase_request(
    log: str,
    request_id: str | None,
    index: int | None,
    subject: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Erase requests from every file of a log but its leaves; say what was removed."""
    from mlspec.requestlog.disk import LogFolder
    from mlspec.requestlog.requests import Person, erase

    _require_one("--request", request_id, "--index", index, "--subject", subject)
    folder = LogFolder.open(log)
    if not yes:
        _confirm(log)
    erased = erase(
        log,
        folder,
        indexes=() if index is None else (index,),
        request_ids=() if request_id is None else (request_id,),
        person=None if subject is None else Person(subject_ids=frozenset([subject])),
    )
    if as_json:
        say_json(
            {
                "indexes": list(erased.indexes),
                "sideRecordCount": erased.side_record_count,
                "lineCount": erased.line_count,
            }
        )
        return
    say(
        f"{len(erased.indexes)} leaves: {erased.side_record_count} side records "
        f"and {erased.line_count} text lines are gone"
    )
    note("copies and backups of these files are not ours to reach")


def _say_leaves(folder: LogFolder, leaves: Iterable[tuple[int, bytes]], *, as_json: bool) -> None:
    from mlspec.codec import to_dict
    from mlspec.requestlog import Checkpoint, Note, leaf_hash, read_entry
    from mlspec.requestlog.requests import SideRecords, line

    origin = Checkpoint.from_text(Note.from_bytes(folder.checkpoint()).text).origin
    sides = SideRecords(folder.root)
    for index, leaf in leaves:
        try:
            entry = read_entry(leaf, origin, index)
        except MLSpecError as error:
            note(f"leaf {index}: {error}")
            continue
        if as_json:
            say(json.dumps(to_dict(entry), ensure_ascii=False))
        elif entry.HasField("inference"):
            say(line(entry, leaf_hash(leaf), _detail(sides, entry, index)).decode("ascii"))


def _detail(sides: SideRecords, entry: v1.LogEntry, index: int) -> v1.RequestDetail | None:
    """Return what the side record says. None: there is none, or it does not fit."""
    from mlspec.requestlog.requests import open_detail

    side = sides.read(index)
    try:
        return None if side is None else open_detail(entry, side)
    except MLSpecError as error:
        note(f"leaf {index}: {error}")
        return None


def _verify_proof(proof: LogProof, leaf: bytes, trust_path: str) -> None:
    from mlspec.requestlog.checking import trusted_log
    from mlspec.requestlog.trusted_checkpoints import verify_trusted
    from mlspec.requestlog.trusted_logs import log_key
    from mlspec.sealing import TrustPolicy

    trust = TrustPolicy.load(trust_path)
    trust.require_current()
    log = trusted_log(proof.checkpoint, trust)
    verify_trusted(proof.checkpoint, log, trust)
    proof.verify(leaf, log_key(log))


def _require_one(*pairs: object) -> None:
    """Raise UsageError unless exactly one of some options, each with its value, is given."""
    names, values = pairs[::2], pairs[1::2]
    given = sum(value is not None for value in values)
    if given != 1:
        raise UsageError(
            f"must be given exactly one of {', '.join(map(str, names))} (got {given})",
            error_id="usage",
            remedy="Say which leaf is meant, and only once.",
        )


def _confirm(log: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError(
            "must be confirmed, because it cannot be undone",
            error_id="log.erase.confirm",
            source=log,
            remedy="Give --yes.",
        )
    click.confirm(f"Erase from {log}, for ever?", abort=True, err=True)
