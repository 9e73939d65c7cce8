"""What outsiders said about checkpoints is kept beside the log, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlspec import v1
from mlspec.errors import DecodeError, LimitError, VerificationError
from mlspec.requestlog import Checkpoint, Note, NoteKey, NoteKeyKind, verify_checkpoint
from mlspec.requestlog.disk import LogFolder, LogWriter
from mlspec.requestlog.keeping import keep_checkpoint, keep_token, kept_tokens
from mlspec.requestlog.timestamp_requests import MAX_TOKEN
from mlspec.requestlog.trusted_checkpoints import MAX_TOKENS
from mlspec.sealing import generate_key
from tests.unit.requestlog import logs

ORIGIN = "bank.example/loans/records"
SIGNER = generate_key()
KEY = NoteKey(ORIGIN, NoteKeyKind.LOG, SIGNER.public)


def reference(number: int) -> v1.RecordReference:
    """A record to be logged."""
    return v1.RecordReference(
        digest=v1.Digest(sha256=bytes([number]) * 32),
        payload_type="application/vnd.mlspec.record.v1+protobuf",
        stage=v1.STAGE_MODEL_TRAINING,
    )


def writer(folder: Path) -> LogWriter:
    """The writer of the log of these tests."""
    return LogWriter.open(
        folder,
        origin=ORIGIN,
        signer=SIGNER,
        kind=v1.LOG_KIND_RECORDS,
        durability=v1.LogDurability(checkpointed=v1.CheckpointedDurability()),
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The folder of a log with checkpoints of several sizes."""
    with writer(tmp_path / "log") as log:
        for number in range(4):
            log.append(v1.LogEntry(logged_record=reference(number)))
            log.commit()
    return tmp_path / "log"


def test_a_token_is_kept_with_its_checkpoint(tmp_path: Path) -> None:
    """Also when the log has grown since, and while its writer goes on; the first stays first."""
    with writer(tmp_path) as log:
        early = log.checkpoint.note.to_bytes()
        log.append(v1.LogEntry(logged_record=reference(1)))
        log.commit()
        assert keep_token(tmp_path, early, b"one") == "tokens/1-1.tsr"
        assert keep_token(tmp_path, early, b"two") == "tokens/1-2.tsr"
        assert LogFolder.open(tmp_path).checkpoint(1) == early
        assert kept_tokens(tmp_path, 1) == (b"one", b"two")
        assert kept_tokens(tmp_path, 2) == ()
        (tmp_path / "tokens/1-1.tsr").unlink()
        assert keep_token(tmp_path, early, b"one") == "tokens/1-1.tsr"
        assert kept_tokens(tmp_path, 1) == (b"one", b"two")
        assert keep_checkpoint(tmp_path, log.checkpoint.note.to_bytes()) == 2
    with writer(tmp_path) as log:
        assert log.size == 3
    assert kept_tokens(tmp_path, 1) == (b"one", b"two")


def test_l7_another_history_is_not_kept(log: Path) -> None:
    """A signed checkpoint of another tree is refused; the log's own of that size is kept."""
    folder = LogFolder.open(log)
    own = Checkpoint.from_text(b"%b\n" % b"\n".join(folder.checkpoint().split(b"\n")[:3]))
    for root, size in ((bytes(32), own.size), (own.root, own.size - 1)):
        forged = Checkpoint(ORIGIN, size, root).sign(KEY, SIGNER)
        with pytest.raises(VerificationError) as caught:
            keep_checkpoint(log, forged)
        assert caught.value.id == "log.fork"
    assert folder.kept_sizes() == ()
    assert keep_checkpoint(log, folder.checkpoint()) == own.size
    assert folder.kept_sizes() == (own.size,)


@pytest.mark.parametrize(("origin", "size"), [("bank.example/other", 5), (ORIGIN, 99)])
def test_what_is_of_another_log_or_ahead_is_not_kept(log: Path, origin: str, size: int) -> None:
    """Another origin, or a size that the log has not come to."""
    key = NoteKey(origin, NoteKeyKind.LOG, SIGNER.public)
    with pytest.raises(VerificationError) as caught:
        keep_token(log, Checkpoint(origin, size, bytes(32)).sign(key, SIGNER), b"token")
    assert caught.value.id == "log.checkpoint"
    assert not (log / "tokens").exists()


def test_tokens_are_bounded(log: Path) -> None:
    """In length and in number; what is no checkpoint has none."""
    note = LogFolder.open(log).checkpoint()
    with pytest.raises(LimitError):
        keep_token(log, note, bytes(MAX_TOKEN + 1))
    for _ in range(MAX_TOKENS):
        keep_token(log, note, b"token")
    with pytest.raises(LimitError) as caught:
        keep_token(log, note, b"token")
    assert caught.value.id == "timestamp.count"
    with pytest.raises(DecodeError):
        keep_token(log, b"junk", b"token")


def test_a_token_does_not_push_cosignatures_out(log: Path) -> None:
    """What witnesses signed stays when the bare checkpoint comes back with a token."""
    bare = LogFolder.open(log).checkpoint()
    size = keep_checkpoint(log, logs.cosigned(bare, logs.ANNA))
    keep_token(log, bare, b"token")
    keep_checkpoint(log, logs.cosigned(bare, logs.BORIS))
    kept = Note.from_bytes(LogFolder.open(log).checkpoint(size))
    assert [each.name for each in kept.signatures] == [
        ORIGIN,
        *(each.key.name for each in (logs.ANNA, logs.BORIS)),
    ]
    trusted = [each.key for each in (logs.ANNA, logs.BORIS)]
    assert len(verify_checkpoint(kept.to_bytes(), KEY, trusted, needed=2).cosignatures) == 2


def test_t1_no_other_text_takes_the_place_of_what_tokens_are_over(log: Path) -> None:
    """Of the same size and root, with a line more: the tokens would be over other bytes."""
    note = LogFolder.open(log).checkpoint()
    size = keep_checkpoint(log, note)
    own = Checkpoint.from_text(Note.from_bytes(note).text)
    longer = Checkpoint(ORIGIN, own.size, own.root, ("more",)).sign(KEY, SIGNER)
    with pytest.raises(VerificationError) as caught:
        keep_checkpoint(log, longer)
    assert caught.value.id == "log.checkpoint"
    assert LogFolder.open(log).checkpoint(size) == note
