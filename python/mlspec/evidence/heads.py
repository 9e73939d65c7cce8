"""Which checkpoint of a log a bundle is built on: one that an outsider saw, if there is any."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlspec.errors import MLSpecError
from mlspec.requestlog import Checkpoint, LogProof, Note, prove_inclusion
from mlspec.requestlog.keeping import kept_tokens
from mlspec.requestlog.trusted_checkpoints import verify_trusted

if TYPE_CHECKING:
    from mlspec.requestlog.disk import LogFolder
    from mlspec.sealing import TrustPolicy

_MOST_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint of a log, and the tokens over it.

    Attributes:
        note: The signed note.
        checkpoint: What its text says.
        tokens: Time-stamp tokens.
    """

    note: bytes
    checkpoint: Checkpoint
    tokens: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """How many leaves it covers."""
        return self.checkpoint.size

    def prove(self, log: LogFolder, index: int) -> bytes:
        """Return the proof that the log has leaf `index` under this checkpoint."""
        hashes = prove_inclusion(log.tree(self.size), index, self.size)
        return LogProof(index, hashes, self.note).to_bytes()

    def token_files(self) -> dict[str, bytes]:
        """Return the tokens as files of a bundle."""
        digest = hashlib.sha256(Note.from_bytes(self.note).text).hexdigest()
        return {f"tokens/{digest}.{at}.tsr": data for at, data in enumerate(self.tokens)}


def newest(log: LogFolder) -> Head:
    """Return the newest checkpoint."""
    return _head(log, log.checkpoint())


def kept(log: LogFolder, least_size: int) -> Iterator[Head]:
    """Yield the kept checkpoints of at least this size, smallest first: the first 64."""
    sizes = [size for size in log.kept_sizes() if size >= least_size]
    for size in sizes[:_MOST_KEPT]:
        yield _head(log, log.checkpoint(size))


def best(log: LogFolder, index: int, trust: TrustPolicy) -> Head:
    """Return the earliest checkpoint that covers a leaf and that an outsider saw.

    If there is none, the newest one.
    """
    last = newest(log)
    return next((head for head in kept(log, index + 1) if is_seen(head, trust)), last)


def is_seen(head: Head, trust: TrustPolicy) -> bool:
    """Tell whether an outsider whom the trust file believes saw a checkpoint."""
    for known in trust.logs:
        if known.origin == head.checkpoint.origin:
            try:
                checked = verify_trusted(head.note, known, trust, tokens=head.tokens)
            except MLSpecError:
                continue
            if checked.time is not None:
                return True
    return False


def _head(log: LogFolder, note: bytes) -> Head:
    checkpoint = Checkpoint.from_text(Note.from_bytes(note).text)
    return Head(note, checkpoint, kept_tokens(log.root, checkpoint.size))
