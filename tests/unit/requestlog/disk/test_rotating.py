"""Delegating and rotating leave a chain from one log to the next."""

from pathlib import Path
from typing import Any

import pytest

from mlspec import v1
from mlspec.errors import MLSpecError, StateError
from mlspec.requestlog import NoteKey, NoteKeyKind, read_entry
from mlspec.requestlog.disk import LogFolder, rotate
from mlspec.sealing import generate_key
from tests.unit.requestlog.disk.folders import ORIGIN, SIGNER, entry, log_of, open_log


def test_a_worker_is_delegated_by_a_leaf_and_names_it_back(tmp_path: Path) -> None:
    """And the delegation ends by another leaf."""
    worker_key = generate_key()
    worker = "bank.example/loans/requests/worker-2"
    with open_log(tmp_path / "main") as writer:
        writer.delegate(worker, worker_key.public, worker_name="worker-2")
        said = read_entry(writer.folder.leaf(1), ORIGIN, 1).delegation
        assert (said.origin, said.keyid, said.worker_name) == (
            worker,
            worker_key.keyid,
            "worker-2",
        )
        assert not said.HasField("end_time")
        writer.delegate(worker, worker_key.public, end_time=said.start_time)
        assert read_entry(writer.folder.leaf(2), ORIGIN, 2).delegation.HasField("end_time")
    parts: dict[str, Any] = {"origin": worker, "signer": worker_key, "delegating_origin": ORIGIN}
    with open_log(tmp_path / "worker", **parts) as writer:
        opened = read_entry(writer.folder.leaf(0), worker, 0).opened
    assert opened.delegating_origin == ORIGIN


def test_a_rotated_log_goes_on_under_a_name_that_the_old_one_gave(tmp_path: Path) -> None:
    """Delegation, kept checkpoint, naming back; the old writer is closed."""
    new_key = generate_key()
    origin = f"{ORIGIN}/2"
    old = open_log(tmp_path / "1")
    old.append(entry())
    with rotate(old, tmp_path / "2", origin=origin, signer=new_key) as new:
        assert (new.origin, new.size) == (origin, 1)
        opened = read_entry(new.folder.leaf(0), origin, 0).opened
        key = NoteKey(origin, NoteKeyKind.LOG, new_key.public)
        assert new.folder.prove(0).verify(new.folder.leaf(0), key).index == 0
    assert (opened.delegating_origin, opened.kind) == (ORIGIN, v1.LOG_KIND_REQUESTS)
    assert opened.durability == old.opening.durability
    log = LogFolder.open(tmp_path / "1")
    said = read_entry(log.leaf(2), ORIGIN, 2).delegation
    assert (said.origin, said.keyid) == (origin, new_key.keyid)
    assert log.kept_sizes() == (3,)
    assert log.checkpoint(3) == log.checkpoint()
    with pytest.raises(StateError):
        old.append(entry())


def test_a_rotation_that_fails_leaves_the_old_log_open(tmp_path: Path) -> None:
    """The new folder belongs to somebody else."""
    log_of(tmp_path / "2", 3)
    with open_log(tmp_path / "1") as old:
        with pytest.raises(MLSpecError):
            rotate(old, tmp_path / "2", origin=f"{ORIGIN}/2", signer=SIGNER)
        old.append(entry())
        assert old.commit().size == 3
