"""The record log of a run: each record once, in the order of storing, under a signed checkpoint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlspec import Run, v1
from mlspec.errors import SigningError, StoreLockedError, UsageError
from mlspec.requestlog import LogProof, NoteKey, NoteKeyKind, verify_checkpoint
from mlspec.requestlog.disk import LogFolder, LogWriter
from mlspec.requestlog.record_log import RecordLog
from mlspec.sealing import generate_key
from mlspec.store import open_store
from tests.unit import samples

ORIGIN = "bank.example/loans/records"
SIGNER = generate_key()
KEY = NoteKey(ORIGIN, NoteKeyKind.LOG, SIGNER.public)
BODY = v1.ModelTraining(algorithm="logistic regression")
HERE = v1.Environment(language="CPython")


def opened(folder: Path) -> RecordLog:
    """The log of these tests."""
    return RecordLog.open(folder / "records", origin=ORIGIN, signer=SIGNER)


def logged(folder: Path) -> list[bytes]:
    """The digests in the log, in order."""
    entries = [v1.LogEntry.FromString(leaf) for _, leaf in LogFolder.open(folder).leaves()]
    assert entries[0].opened.kind == v1.LOG_KIND_RECORDS
    return [e.logged_record.digest.sha256 for e in entries if e.HasField("logged_record")]


def test_a_run_logs_each_record_and_its_manifest(tmp_path: Path) -> None:
    """In the order of storing; each leaf is proven under the log's signed checkpoint."""
    with opened(tmp_path) as log, open_store(tmp_path / "store.db") as store:
        with Run(
            "loans", store=store, signer=samples.ED25519, environment=HERE, record_log=log
        ) as run:
            for name in ("first", "second"):
                with run.step(BODY, name=name) as step:
                    step.skip("a test")
                assert (
                    verify_checkpoint(log.checkpoint.note.to_bytes(), KEY).size
                    == log.checkpoint.size
                )
        stored = [row.sha256 for row in store.records(run=run.id)]
    assert len(stored) == 3
    assert logged(tmp_path / "records") == stored
    folder = LogFolder.open(tmp_path / "records")
    proof = LogProof.from_bytes(folder.prove(2).to_bytes())
    assert proof.verify(folder.leaf(2), KEY).index == 2


def test_the_manifest_says_how_far_the_log_had_come(tmp_path: Path) -> None:
    """All records of the run are under that checkpoint, and the manifest is the next leaf."""
    with opened(tmp_path) as log, open_store(tmp_path / "store.db") as store:
        run = Run("loans", store=store, signer=samples.ED25519, environment=HERE, record_log=log)
        with run.step(BODY, name="first") as step:
            step.skip("a test")
        position = log.position()
        manifest = run.finish()
        assert manifest is not None
        said = v1.Record.FromString(manifest.payload).run_manifest
        assert said.log_position == position
        assert (position.origin, position.tree_size) == (ORIGIN, 2)
        assert log.checkpoint.size == 3
        without = Run("loans", store=store, signer=samples.ED25519, environment=HERE)
        with without.step(BODY, name="first") as step:
            step.skip("a test")
        sealed = without.finish()
    assert sealed is not None
    body = v1.Record.FromString(sealed.payload).run_manifest
    assert not body.HasField("log_position")


def test_what_other_processes_stored_is_logged_by_the_owner(tmp_path: Path) -> None:
    """A process that resumes the run has no log: its records follow, before the manifest."""
    with opened(tmp_path) as log, open_store(tmp_path / "store.db") as store:
        with Run(
            "loans", store=store, signer=samples.ED25519, environment=HERE, record_log=log
        ) as run:
            with run.step(BODY, name="mine") as step:
                step.skip("a test")
            other = Run.resume(
                signer=samples.OTHER_ED25519, environ=run.context(), environment=HERE
            )
            with other, other.step(BODY, name="theirs") as step:
                step.skip("a test")
            assert len(logged(tmp_path / "records")) == 1
            assert log.follow(store, run.id) == 1
            assert log.follow(store, run.id) == 0
        stored = [row.sha256 for row in store.records(run=run.id)]
    assert logged(tmp_path / "records") == stored


def test_a_forked_process_leaves_the_log_to_its_owner(tmp_path: Path) -> None:
    """It has a copy of the run and of the log, and writes to neither's log."""
    with opened(tmp_path) as log, open_store(tmp_path / "store.db") as store:
        with Run(
            "loans", store=store, signer=samples.ED25519, environment=HERE, record_log=log
        ) as run:
            process = os.fork()
            if process == 0:
                with run.step(BODY, name="forked") as step:
                    step.skip("a test")
                os._exit(0)
            assert os.waitpid(process, 0)[1] == 0
            assert logged(tmp_path / "records") == []
        stored = [row.sha256 for row in store.records(run=run.id)]
    assert logged(tmp_path / "records") == stored
    assert len(stored) == 2


def test_a_log_taken_up_again_knows_what_it_holds(tmp_path: Path) -> None:
    """A record is logged once, across restarts."""
    reference = v1.RecordReference(
        digest=v1.Digest(sha256=bytes(32)),
        payload_type="application/vnd.mlspec.record.v1+protobuf",
        stage=v1.STAGE_MODEL_TRAINING,
    )
    with opened(tmp_path) as log:
        assert log.add(reference)
        assert not log.add(reference)
        with pytest.raises(StoreLockedError):
            opened(tmp_path)
    with opened(tmp_path) as log:
        assert not log.add(reference)
    assert logged(tmp_path / "records") == [bytes(32)]


def test_a_log_of_requests_is_refused(tmp_path: Path) -> None:
    """Records do not go among requests, and the log is let go of."""
    for _ in range(2):
        with LogWriter.open(
            tmp_path / "records",
            origin=ORIGIN,
            signer=SIGNER,
            kind=v1.LOG_KIND_REQUESTS,
            durability=v1.LogDurability(checkpointed=v1.CheckpointedDurability()),
        ):
            pass
        with pytest.raises(UsageError) as caught:
            opened(tmp_path)
        assert caught.value.id == "log.kind"


class Failing:
    """A signer that can be out of reach."""

    def __init__(self) -> None:
        self.public = SIGNER.public
        self.keyid = SIGNER.keyid
        self.reachable = True

    def sign(self, data: bytes) -> bytes:
        """Sign, if it can be reached."""
        if not self.reachable:
            raise ConnectionError("no route")
        return SIGNER.sign(data)


def test_a_record_whose_commit_failed_is_committed_when_it_comes_again(tmp_path: Path) -> None:
    """It is in the log already, and was not durable: to say so would be a lie."""
    reference = v1.RecordReference(
        digest=v1.Digest(sha256=bytes(32)),
        payload_type="application/vnd.mlspec.record.v1+protobuf",
        stage=v1.STAGE_MODEL_TRAINING,
    )
    signer = Failing()
    with RecordLog.open(tmp_path / "records", origin=ORIGIN, signer=signer) as log:
        signer.reachable = False
        with pytest.raises(SigningError):
            log.add(reference)
        assert logged(tmp_path / "records") == []
        signer.reachable = True
        assert not log.add(reference)
        assert logged(tmp_path / "records") == [bytes(32)]
