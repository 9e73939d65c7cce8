"""The log's half of a bundle: leaf, checkpoint, what was in force."""

from __future__ import annotations

import pytest

from mlspec import v1
from mlspec.evidence import Bundle, Claim, verify
from mlspec.requestlog import Checkpoint, LogProof, Note, NoteKey, NoteKeyKind
from mlspec.requestlog.disk import LogFolder, LogWriter
from mlspec.sealing import PrivateKey, TrustPolicy, generate_key
from tests.unit.evidence.making import (
    CHECKPOINTED,
    Case,
    another_log,
    answer,
    failing,
    open_log,
    remade,
    serve,
    serving,
    start,
)
from tests.unit.evidence.people import KEYS, ORIGIN, policy
from tests.unit.requestlog import logs


def resigned(bundle: Bundle, signer: PrivateKey, **changes: object) -> bytes:
    """The bundle's proof with its checkpoint changed, and signed anew by some key."""
    proof = LogProof.from_bytes(bundle.files["proof.tlog"])
    old = Checkpoint.from_text(Note.from_bytes(proof.checkpoint).text)
    parts = {"origin": old.origin, "size": old.size, "root": old.root} | changes
    made = Checkpoint(**parts)  # type: ignore[arg-type]
    note = made.sign(NoteKey(made.origin, NoteKeyKind.LOG, signer.public), signer)
    return LogProof(proof.index, proof.hashes, note).to_bytes()


def test_c6_a_roll_out_of_another_model_does_not_stand_behind_the_answer(case: Case) -> None:
    """The log says B from change to leaf, honestly; the signed roll-out is of A."""
    other = v1.ModelVersionReference(model_name="loan-approval", version="4")
    other.digest.sha256 = bytes(range(32))
    elsewhere = another_log(case, "c6")
    serve(elsewhere, other)
    report = verify(elsewhere.build("c6-bundle"), case.trust)
    assert (report.exit_code, failing(report)) == (
        1,
        [("request.model", "deployment.other_model")],
    )
    twin = another_log(case, "c6-twin")
    serve(twin)
    assert verify(twin.build("c6-twin-bundle"), case.trust).exit_code == 0


def test_c6_a_model_that_the_log_did_not_put_in_force_fails(case: Case) -> None:
    """The deployment change serves A, and the entry says B."""
    other = v1.ModelVersionReference(model_name="loan-approval", version="4")
    other.digest.sha256 = bytes(range(32))
    elsewhere = another_log(case, "c6-leaf")
    with open_log(elsewhere) as log:
        start(elsewhere, log, serving(case).to_model)
        for number, model in enumerate((serving(case).to_model, other)):
            answer(elsewhere, log, model, number)
    report = verify(elsewhere.build("c6-leaf-bundle", request=1), case.trust)
    assert failing(report) == [("log.deployment", "log.model")]
    assert verify(elsewhere.build("c6-leaf-twin", request=0), case.trust).exit_code == 0


def test_a_later_deployment_change_is_noticed(case: Case, bundle: Bundle) -> None:
    """A bundle that shows an earlier change, and the leaves between, fails at the later one."""
    elsewhere = another_log(case, "superseded")
    model = serving(case).to_model
    with open_log(elsewhere) as log:
        start(elsewhere, log, model)
        start(elsewhere, log, model)
        answer(elsewhere, log, model, 0)
    built = Bundle.open(elsewhere.build("superseded-bundle", request=0))
    assert verify(built, case.trust).exit_code == 0
    source = LogFolder.open(elsewhere.log)
    leaf = source.leaf(2)
    changed = remade(
        built,
        {
            "deployment-changes/2.bin": None,
            "deployment-changes/2.tlog": None,
            "deployment-changes/1.bin": source.leaf(1),
            "deployment-changes/1.tlog": source.prove(1).to_bytes(),
            "between.bin": len(leaf).to_bytes(2, "big") + leaf,
        },
    )
    assert failing(verify(changed, case.trust)) == [("log.in_force", "log.deployment_superseded")]
    report = verify(remade(changed, {"between.bin": None}), case.trust)
    assert [link.verdict for link in report.of("log.in_force")] == ["NOT PROVEN"]
    left_out = remade(changed, {"between.bin": b""})
    assert failing(verify(left_out, case.trust)) == [("log.in_force", "evidence.between")]
    assert "between.bin" in bundle.files


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data + data,
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        lambda data: swapped(data),
        lambda _data: b"",
    ],
    ids=["cut", "doubled", "flipped", "reordered", "emptied"],
)
def test_l1_leaves_between_are_all_or_none(case: Case, bundle: Bundle, spoil: object) -> None:
    """Missing, added, altered or moved: what they hash to is not the tree."""
    data = bundle.files["between.bin"]
    assert verify(bundle, case.trust).of("log.in_force")[0].holds
    changed = remade(bundle, {"between.bin": spoil(data)})  # type: ignore[operator]
    assert failing(verify(changed, case.trust)) == [("log.in_force", "evidence.between")]


def swapped(data: bytes) -> bytes:
    """The first two leaves of a run in the other order."""
    first = 2 + int.from_bytes(data[:2], "big")
    return data[first:] + data[:first]


def test_l5_the_size_is_the_checkpoints(case: Case, bundle: Bundle) -> None:
    """A proof at another size, and a checkpoint whose size was changed, lead nowhere."""
    proof = LogProof.from_bytes(bundle.files["proof.tlog"])
    assert verify(bundle, case.trust).of("log.inclusion")[0].holds
    smaller = LogProof(proof.index, proof.hashes[:-1], proof.checkpoint).to_bytes()
    report = verify(remade(bundle, {"proof.tlog": smaller}), case.trust)
    assert failing(report) == [("log.inclusion", "log.proof.length")]
    text = bundle.files["proof.tlog"].replace(f"{ORIGIN}\n6\n".encode(), f"{ORIGIN}\n5\n".encode())
    report = verify(remade(bundle, {"proof.tlog": text}), case.trust)
    assert failing(report) == [("log.checkpoint", "note.signature")]
    beyond = LogProof(6, proof.hashes, proof.checkpoint).to_bytes()
    claim = Claim.from_json(bundle.files["claim.json"])
    moved = Claim(claim.request_id, claim.origin, 6, claim.deployment_sha256)
    changed = remade(bundle, {"proof.tlog": beyond, "claim.json": moved.to_json()})
    assert failing(verify(changed, case.trust)) == [("log.inclusion", "log.index")]


def test_l9_a_checkpoint_of_another_log_does_not_count(case: Case, bundle: Bundle) -> None:
    """Another origin by its own key, the right name by a wrong key, and one that is unknown."""
    stranger = generate_key()
    for signer, origin in ((KEYS["records"], "bank.example/loans/records"), (stranger, ORIGIN)):
        proof = resigned(bundle, signer, origin=origin)
        report = verify(remade(bundle, {"proof.tlog": proof}), case.trust)
        assert (report.exit_code, failing(report)) == (3, [("log.checkpoint", "note.untrusted")])
    claim = Claim.from_json(bundle.files["claim.json"])
    unknown = Claim(claim.request_id, "evil.example/log", claim.index, claim.deployment_sha256)
    report = verify(remade(bundle, {"claim.json": unknown.to_json()}), case.trust)
    assert (report.exit_code, failing(report)) == (3, [("log.checkpoint", "trust.unknown_log")])
    records = Claim(
        claim.request_id, "bank.example/loans/records", claim.index, claim.deployment_sha256
    )
    report = verify(remade(bundle, {"claim.json": records.to_json()}), case.trust)
    assert failing(report) == [("log.checkpoint", "log.kind")]
    own = resigned(bundle, KEYS["log"])
    assert LogProof.from_bytes(own).checkpoint in own
    assert verify(remade(bundle, {"proof.tlog": bundle.files["proof.tlog"]}), case.trust).holds


def test_l13_another_requests_leaf_is_not_this_one(case: Case, bundle: Bundle) -> None:
    """Leaf, proof and claim must be of one request."""
    other = Bundle.open(case.build("other-request", request=1))
    for name, link in (
        ("leaf.bin", ("log.inclusion", "log.inclusion")),
        ("proof.tlog", ("log.inclusion", "log.index")),
        ("claim.json", ("log.inclusion", "log.index")),
    ):
        changed = remade(bundle, {name: other.files[name]})
        assert failing(verify(changed, case.trust)) == [link]
    both = {name: other.files[name] for name in ("leaf.bin", "proof.tlog")}
    claim = Claim.from_json(bundle.files["claim.json"])
    moved = Claim(claim.request_id, ORIGIN, 3, claim.deployment_sha256)
    changed = remade(bundle, both | {"claim.json": moved.to_json()})
    assert failing(verify(changed, case.trust)) == [("log.entry", "evidence.claim")]
    assert verify(other, case.trust).exit_code == 0


def test_all_leaves_are_under_one_checkpoint(case: Case, bundle: Bundle) -> None:
    """The order of two leaves is known only within one tree."""
    name = "deployment-changes/1.tlog"
    proof = LogProof.from_bytes(bundle.files[name])
    other = LogProof(proof.index, proof.hashes, logs.cosigned(proof.checkpoint, logs.ANNA))
    changed = remade(bundle, {name: other.to_bytes()})
    assert failing(verify(changed, case.trust)) == [("log.deployment", "evidence.checkpoint")]
    left_out = remade(bundle, {name: None, "deployment-changes/1.bin": None})
    assert failing(verify(left_out, case.trust)) == [("log.deployment", "evidence.no_change")]


def test_a_log_of_records_or_of_another_key_is_not_the_deployments(case: Case) -> None:
    """What the first leaf says of the log must be what the trust file believes."""
    stranger = generate_key()
    made = another_log(case, "stranger")
    with LogWriter.open(
        made.log,
        origin=ORIGIN,
        signer=stranger,
        kind=v1.LOG_KIND_REQUESTS,
        durability=CHECKPOINTED,
    ) as log:
        start(made, log, serving(case).to_model)
        answer(made, log, serving(case).to_model, 0)
    report = verify(made.build("stranger-bundle", request=0), case.trust)
    assert (report.exit_code, failing(report)) == (3, [("log.checkpoint", "note.untrusted")])
    draft = policy()
    for each in draft.logs:
        each.namespace_globs[:] = ["cards"]
    report = verify(case.build("cards"), TrustPolicy(draft))
    assert ("request.namespace", "log.namespace") in failing(report)
