"""Proofs in one text (C2SP tlog-proof): that a leaf is in a log, shown offline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self, final

from mlspec.codec.base64_form import decode_base64, encode_base64
from mlspec.errors import DecodeError, LimitError
from mlspec.requestlog.checkpoints import Checkpoint, VerifiedCheckpoint, verify_checkpoint
from mlspec.requestlog.hashing import leaf_hash, require_hash
from mlspec.requestlog.merkle import verify_inclusion
from mlspec.requestlog.note_keys import NoteKey
from mlspec.requestlog.notes import MAX_NOTE, Note
from mlspec.requestlog.numbers import parse_decimal
from mlspec.requestlog.proven import Proven, issue

MAX_EXTRA: Final = 65_536
"""The most extra data that a proof can carry, in bytes."""

MAX_HASHES: Final = 63
"""The most hashes of a proof: a tree has no more levels."""

_FIRST: Final = "c2sp.org/tlog-proof@v1"
_HASH_LINE: Final = 45
_MAX_HEAD: Final = 128 + MAX_HASHES * _HASH_LINE + (MAX_EXTRA + 2) // 3 * 4
_MAX_PROOF: Final = _MAX_HEAD + MAX_NOTE


@dataclass(frozen=True, slots=True)
class LogProof:
    """A proof as it is stored and sent: claims, until `verify`.

    Attributes:
        index: Which leaf.
        hashes: From the leaf's sibling to the hash below the root.
        checkpoint: The signed note, its bytes unchanged.
        extra: Data that goes with the proof and that nothing vouches for. Empty: none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes = b""

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a proof; its checkpoint must be well-formed. Raises LimitError, DecodeError.

        Each proof has one spelling.
        """
        if len(data) > _MAX_PROOF:
            raise LimitError(
                f"must be at most {_MAX_PROOF} bytes (got {len(data)})", error_id="proof.size"
            )
        head, blank, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise _malformed("must be ASCII above the checkpoint") from error
        if not blank or lines.pop(0) != _FIRST:
            raise _malformed(f"must begin with the line {_FIRST} and have a checkpoint at its end")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = _decode(lines.pop(0).removeprefix("extra "), "extra")
            if not extra:
                raise _malformed("must be left out if it is empty", "extra")
        if not lines or not lines[0].startswith("index "):
            raise _malformed("must have its own line", "index")
        index = parse_decimal(lines.pop(0).removeprefix("index "), "index")
        if len(lines) > MAX_HASHES or len(extra) > MAX_EXTRA:
            raise LimitError(
                f"must have at most {MAX_HASHES} hashes and {MAX_EXTRA} bytes of extra data",
                error_id="proof.size",
            )
        hashes = tuple(_decode(line, f"hashes[{at}]") for at, line in enumerate(lines))
        for position, value in enumerate(hashes):
            require_hash(value, f"hashes[{position}]")
        Checkpoint.from_text(Note.from_bytes(checkpoint).text)
        return cls(index, hashes, checkpoint, extra)

    def to_bytes(self) -> bytes:
        """Return the text. Raises LimitError, DecodeError for parts that no reader takes."""
        lines = [_FIRST]
        if self.extra:
            lines.append(f"extra {encode_base64(self.extra)}")
        lines += [f"index {self.index}", *(encode_base64(value) for value in self.hashes), "", ""]
        data = "\n".join(lines).encode("ascii") + self.checkpoint
        if LogProof.from_bytes(data) != self:
            raise _malformed("must be an index, hashes and a checkpoint")
        return data

    def verify(
        self,
        leaf: bytes,
        log_key: NoteKey,
        witnesses: Iterable[NoteKey] = (),
        *,
        needed: int = 0,
    ) -> ProvenLeaf:
        """Check that the log has exactly these bytes as a leaf, at the proof's index.

        1. The checkpoint is a note that the log's key signed, for its origin, with `needed` of the
           witnesses' cosignatures.
        2. Size and root are the checkpoint's; the index is below the size, and there are exactly
           as many hashes as the two ask for.
        3. The leaf's hash is computed from `leaf`, as a leaf, and the hashes lead to the root.

        Raises:
            LimitError, DecodeError: Something is malformed, too long, or of a wrong number.
            VerificationError: And its kinds: the checkpoint or the leaf is not what it must be.
            UsageError: The keys given are not a log's and distinct witnesses'.
        """
        checkpoint = verify_checkpoint(self.checkpoint, log_key, witnesses, needed=needed)
        hashed = leaf_hash(leaf)
        verify_inclusion(hashed, self.index, checkpoint.size, checkpoint.root, self.hashes)
        return issue(
            ProvenLeaf, leaf=leaf, leaf_hash=hashed, index=self.index, checkpoint=checkpoint
        )


@final
class ProvenLeaf(Proven):
    """A leaf that is in a log. Only `LogProof.verify` makes one.

    Attributes:
        leaf: Its bytes.
        leaf_hash: Their hash.
        index: Where it is, 0 for the first.
        checkpoint: The verified checkpoint that covers it.
    """

    __slots__ = ("checkpoint", "index", "leaf", "leaf_hash")

    checkpoint: VerifiedCheckpoint
    index: int
    leaf: bytes
    leaf_hash: bytes


def _decode(text: str, path: str) -> bytes:
    try:
        return decode_base64(text)
    except ValueError as error:
        raise _malformed(str(error), path) from error


def _malformed(words: str, path: str = "") -> DecodeError:
    return DecodeError(
        words,
        error_id="proof.syntax",
        path=path,
        remedy="Take the proof as `mlspec log prove` wrote it, or ask the log for it anew.",
    )
