"""Proofs and logs that must be refused; each beside one that must not.

The parts are tested one by one in tests/unit/requestlog.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.requestlog import Checkpoint, prove_inclusion, verify_checkpoint
from mlspec.requestlog.checking import Verdict, verify_trusted_log
from mlspec.requestlog.keeping import keep_token
from mlspec.requestlog.record_log import RecordLog
from mlspec.sealing import TrustPolicy, generate_key, trust_edit
from tests.attacks.refusing import refused
from tests.unit import samples
from tests.unit.requestlog import logs
from tests.unit.requestlog.authority import Authority, make_authority

ORIGIN = "bank.example/loans/records"
SIGNER = generate_key()


def test_l5_a_size_of_the_proofs_own() -> None:
    """Hashes that fit another tree of the log do not fit the one that was signed."""
    proof = logs.proof(5, 13)
    assert proof.verify(logs.leaf(5), logs.KEY).index == 5
    for size, error_id in ((6, "log.proof.length"), (16, "log.inclusion")):
        hashes = prove_inclusion(logs.tree(size), 5, size)
        refused(error_id, replace(proof, hashes=hashes).verify, logs.leaf(5), logs.KEY)


def test_l8_two_people_are_shown_two_trees() -> None:
    """Of one size, each signed by the log: whoever compares them has caught it."""
    first = verify_checkpoint(logs.checkpoint(13), logs.KEY)
    same = verify_checkpoint(logs.checkpoint(13), logs.KEY)
    same.require_extends(first, ())
    shown = Checkpoint(logs.ORIGIN, 13, bytes(32)).sign(logs.KEY, logs.SIGNER)
    other = verify_checkpoint(shown, logs.KEY)
    refused("log.fork", other.require_extends, first, ())
    refused("log.fork", first.require_extends, other, ())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A time-stamping authority of this machine."""
    return make_authority(tmp_path / "authority")


def trust(authority: Authority) -> TrustPolicy:
    """A trust file that asks for times, and believes the authority about them."""
    draft = trust_edit.add_key(samples.policy(samples.ED25519), SIGNER.public, ORIGIN)
    draft = trust_edit.add_log(
        draft,
        ORIGIN,
        SIGNER.keyid,
        kind=v1.LOG_KIND_RECORDS,
        namespace_globs=[samples.NAMESPACE],
    )
    draft.timestamp_roots.append(authority.root)
    draft.requirements.add(namespace_glob=samples.NAMESPACE, timestamp_required=True)
    return TrustPolicy(draft)


def test_t3_a_time_that_is_asked_for_and_not_there(tmp_path: Path, authority: Authority) -> None:
    """The log fails by its line on time, and holds once its checkpoint was time-stamped."""
    with RecordLog.open(tmp_path / "log", origin=ORIGIN, signer=SIGNER) as log:
        note = log.checkpoint.note
    lacking = verify_trusted_log(tmp_path / "log", trust(authority))
    assert [line.id for line in lacking.problems] == ["log.time"]
    assert lacking.exit_code == 1
    keep_token(tmp_path / "log", note.to_bytes(), authority.token(note.text))
    whole = verify_trusted_log(tmp_path / "log", trust(authority))
    assert whole.exit_code == 0
    assert [line.verdict for line in whole.of("log.time")] == [Verdict.PASS]
