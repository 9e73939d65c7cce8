"""Verifying a whole log (docs/spec/verification.md, "A log, and one request in it")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mlspec.files import StrPath
from mlspec.requestlog.checking.beside import check_lines
from mlspec.requestlog.checking.delegating import compare_delegation
from mlspec.requestlog.checking.joining import Joined
from mlspec.requestlog.checking.remembered import compare_known
from mlspec.requestlog.checking.report import LogReport
from mlspec.requestlog.checking.segment import Faults
from mlspec.requestlog.checking.settling import Expected
from mlspec.requestlog.checking.side_by_side import in_order
from mlspec.requestlog.checking.stack import TileStack
from mlspec.requestlog.checking.sweep import STRETCH, Stretch, check_stretch
from mlspec.requestlog.checking.wording import report_lines
from mlspec.requestlog.checkpoints import VerifiedCheckpoint, verify_checkpoint
from mlspec.requestlog.disk.folder import LogFolder
from mlspec.requestlog.note_keys import NoteKey

Progress = Callable[[int, int], object]


def verify_log(
    folder: StrPath,
    log_key: NoteKey,
    *,
    note: bytes | None = None,
    witnesses: Iterable[NoteKey] = (),
    needed: int = 0,
    known: VerifiedCheckpoint | None = None,
    kind: int | None = None,
    delegated_by: LogReport | None = None,
    rules: bool = False,
    processes: int = 1,
    progress: Progress | None = None,
) -> LogReport:
    """Verify a log from its first leaf to its last, in memory that does not grow with it.

    1. The checkpoint is a note that the log's key signed, for its origin, with `needed` of the
       witnesses' cosignatures. Nothing else is looked at before.
    2. The entries hash to the lowest tiles, these to the ones above, and all to the root.
    3. Each entry parses, names the log and its own place, and has no field that the version which
       the log names did not have.
    4. The first leaf opens the log, with the key that signs it. Changes, openings, drops and
       delegations keep all rules of the specification; with `rules` every leaf is held to them.
    5. Each request names the deployment of the last change before it, and one of its models.
    6. Side records that are there fit their leaves, and so do text lines.
    7. The tree extends the checkpoint that was seen before, if one is given.

    Args:
        folder: The log's folder.
        log_key: The log's key; its name is the expected origin.
        note: The checkpoint to hold the log against. None: the newest of its folder.
        witnesses: Keys of witnesses whose cosignatures count.
        needed: How many of them must have signed.
        known: A checkpoint of this log that was seen before. None: a rollback or another history
            cannot show, and the report says so.
        kind: What the key is trusted for, a `v1.LogKind`. None: whatever the log says.
        delegated_by: The report on the log that this one was opened for.
        rules: Apply all rules to every leaf: about thirty times slower.
        processes: How many processes check stretches of the log side by side. More than one
            starts new interpreters: a script that asks for it needs its `__main__` guard.
        progress: Told how many leaves were checked, and of how many.

    Raises:
        UntrustedError, TamperedError: The checkpoint is not the log's, or too few witnesses saw it.
        VerificationError: It is another log's.
        UnreadableError, DecodeError, LimitError: There is no log, or no well-formed checkpoint.
        UsageError: Arguments that make no sense.
    """
    place = LogFolder.open(folder)
    note = place.checkpoint() if note is None else note
    checkpoint = verify_checkpoint(note, log_key, witnesses, needed=needed)
    expected = Expected(log_key.name, log_key.public.keyid, kind, rules)
    faults = Faults()
    stack, joined = TileStack(place, faults), Joined(faults)
    tail: list[bytes] = []
    stretches = _stretches(place, expected, checkpoint.size)
    for stretch, segment in in_order(check_stretch, stretches, processes):
        joined.add(segment)
        for tile_root in segment.roots:
            stack.push(tile_root)
        tail = segment.tail
        if progress is not None:
            progress(stretch.end, checkpoint.size)
    root = None if joined.broken else stack.finish(tail)
    lines = [
        *report_lines(checkpoint, joined, root),
        *check_lines(place, checkpoint.size),
        *compare_known(place, checkpoint, known),
        *compare_delegation(log_key, joined.opening, delegated_by),
    ]
    return LogReport(
        checkpoint=checkpoint,
        lines=tuple(lines),
        counts=joined.entry_counts(),
        pruned=joined.counts["pruned"],
        delegations=joined.delegations,
        durabilities=frozenset(joined.durabilities),
    )


def _stretches(folder: LogFolder, expected: Expected, size: int) -> Iterator[Stretch]:
    pruned = folder.pruned_before()
    for start in range(0, size, STRETCH):
        yield Stretch(folder.root, expected, start, min(start + STRETCH, size), pruned)
