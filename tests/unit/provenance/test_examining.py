"""Examining: what comes back, from a store or from what is held, and what bounds it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.errors import LimitError, StoreCorruptError, UntrustedError
from mlspec.provenance import (
    RULES,
    Examiner,
    Finding,
    HeldRecords,
    StoreRecords,
    Verdict,
    closure,
    examine,
    request_log,
    request_model,
    sources,
    worst,
)
from mlspec.sealing import Envelope, Sealed, TrustPolicy, VerifiedRecord, unseal
from mlspec.store import UnverifiedRecord, open_store
from tests.unit.provenance.told import TRUST, failing, look, problems
from tools.vectors.provenance import of_gate, people, steps
from tools.vectors.provenance.case import AT
from tools.vectors.provenance.story import Story, digest, tell

WHOLE = tell()


def finding(verdict: Verdict) -> Finding:
    """A finding that says no more than its verdict."""
    return Finding("gate.passed", verdict, "00", "gate", "words")


def test_every_rule_finds_something() -> None:
    """So that none is left out in silence, whether or not there is a deployment."""
    rules = [rule.id for rule in RULES]
    assert list(dict.fromkeys(each.rule for each in look(WHOLE).findings)) == rules
    nothing = examine(HeldRecords([]), TRUST, digest("nothing").sha256, at=AT)
    assert [each.rule for each in nothing.findings] == rules
    assert problems(nothing.findings) == {"deployment.missing"}
    assert [each.verdict for each in nothing.findings[:2]] == [Verdict.FAIL, Verdict.NOT_PROVEN]
    assert nothing.roll_out is None


def test_the_closure_comes_back_verified_and_in_order() -> None:
    """Each record stands after those that it rests on."""
    found = look(WHOLE)
    assert found.verified.keys() == {sealed.sha256 for sealed in WHOLE.held}
    places = {digest: place for place, digest in enumerate(found.order)}
    for sha256, verified in found.verified.items():
        for parent in verified.header.parents:
            assert places[parent.digest.sha256] < places[sha256]


def test_the_worst_verdict_of_nothing_is_not_proven() -> None:
    """And of several the worst, in this order."""
    assert worst([]) is Verdict.NOT_PROVEN
    order = [Verdict.PASS, Verdict.PASS_BY_WAIVER, Verdict.NOT_PROVEN, Verdict.FAIL]
    for count, verdict in enumerate(order, 1):
        assert worst(map(finding, order[:count])) is verdict
    assert [verdict.holds for verdict in order] == [True, True, False, False]


def test_a_finding_as_data_leaves_out_what_is_empty() -> None:
    """For JSON."""
    assert finding(Verdict.PASS).to_dict() == {
        "rule": "gate.passed",
        "verdict": "PASS",
        "subject": "00",
        "label": "gate",
        "message": "words",
    }


def test_a_store_and_a_bundle_give_the_same_findings(tmp_path: Path) -> None:
    """Where records are held makes no difference."""
    with open_store(tmp_path / "mlspec.db") as store:
        for sealed in WHOLE.held:
            store.put(sealed)
        stored = examine(StoreRecords(store), TRUST, WHOLE.sha256("serve"), at=AT)
    assert stored.findings == look(WHOLE).findings


class Corrupt:
    """A store that knows of one record that it is not what was put there."""

    def __init__(self, story: Story, gone: bytes) -> None:
        self.held, self.gone = HeldRecords(story.held), gone

    def get(self, sha256: bytes) -> Sealed | None:
        """Return a record, or raise for the one that was changed."""
        if sha256 == self.gone:
            raise StoreCorruptError("must be what was put there", error_id="store.corrupt")
        return self.held.get(sha256)

    def of_run(self, run_id: str) -> Sequence[UnverifiedRecord]:
        """Return the records of a run."""
        return self.held.of_run(run_id)

    def of_stage(self, stage: int) -> Sequence[UnverifiedRecord]:
        """Return the records of a stage."""
        return self.held.of_stage(stage)


@pytest.mark.parametrize("name", ["dataset", "train", "serve"])
def test_a_record_that_a_store_knows_to_be_corrupt_fails(name: str) -> None:
    """It does not end the examination, and its run is not whole."""
    records = Corrupt(WHOLE, WHOLE.sha256(name))
    found = examine(records, TRUST, WHOLE.sha256("serve"), at=AT)
    assert "store.corrupt" in failing(found)
    assert name == "serve" or "run.unverified" in failing(found)


def test_an_examiner_verifies_each_record_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many deployments rest on it."""
    seen: list[bytes] = []

    def counted(sealed: Sealed, trust: TrustPolicy, *, at: datetime) -> VerifiedRecord:
        seen.append(sealed.sha256)
        return unseal(sealed, trust, at=at)

    monkeypatch.setattr("mlspec.provenance.examining.unseal", counted)
    examiner = Examiner(HeldRecords(WHOLE.held), TRUST, at=AT)
    first, second = (examiner.examine(WHOLE.sha256("serve")) for _ in range(2))
    assert first.findings == second.findings
    assert sorted(seen) == sorted({sealed.sha256 for sealed in WHOLE.held})


def test_no_more_records_than_the_bound_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not looked at must not pass: it is an error."""
    monkeypatch.setattr(closure, "MAX_RECORDS", len(WHOLE.held))
    look(WHOLE)
    monkeypatch.setattr(closure, "MAX_RECORDS", len(WHOLE.held) - 1)
    with pytest.raises(LimitError) as caught:
        look(WHOLE)
    assert caught.value.id == "limit.count"
    monkeypatch.setattr(sources, "MAX_RECORDS", len(WHOLE.held) - 1)
    with pytest.raises(LimitError):
        HeldRecords(WHOLE.held)


def test_a_deep_chain_is_walked_without_recursion() -> None:
    """Thousands of records, each resting on the one before."""
    beside = {}
    before = "dataset"
    for number in range(3_000):
        name, previous = f"n{number}", before

        def make(story: Story, previous: str = previous) -> v1.Record:
            return story.draft(v1.STAGE_OBJECTIVES, previous)

        beside[name], before = make, name
    last = before
    story = tell(
        {"ingest": lambda record, story: record.header.parents.append(story.ref(last))},
        beside={"ingest": beside},
        without=["manifest"],
    )
    found = look(story)
    assert len(found.verified) == len(story.held)
    assert failing(found) == set()


def test_an_expired_trust_file_is_refused() -> None:
    """Before anything is looked at."""
    expired = people.trust()
    expired.expire_time.FromDatetime(datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(UntrustedError) as caught:
        examine(HeldRecords(WHOLE.held), TrustPolicy(expired), WHOLE.sha256("serve"))
    assert caught.value.id == "trust.expired"


def test_a_request_log_is_one_that_the_deployment_names() -> None:
    """By origin and key, or by the log that delegated to it."""
    case = look(WHOLE).roll_out
    assert case is not None
    keyid, origin = people.key("log").keyid, people.LOG_ORIGIN
    assert request_log(case, origin, keyid).verdict is Verdict.PASS
    worker = request_log(case, f"{origin}/1", "00", delegated_by=origin)
    assert worker.verdict is Verdict.PASS
    assert request_log(case, f"{origin}/1", keyid).id == "deployment.other_log"
    assert request_log(case, origin, people.key("stranger").keyid).id == "deployment.log_key"
    other = request_log(case, f"{origin}/1", "00", delegated_by="elsewhere.example")
    assert (other.verdict, other.id) == (Verdict.FAIL, "deployment.other_log")


def test_what_was_waived_is_told_with_who_and_why() -> None:
    """A waiver is never shortened to a pass."""
    story = tell(
        {"evaluate": of_gate.missed, "gate": of_gate.waive(90)}, signers={"gate": of_gate.BOTH}
    )
    (found,) = look(story).of("gate.passed")
    assert found.verdict is Verdict.PASS_BY_WAIVER
    assert "officer@bank.example waived auc until 2025-03-02" in found.message
    assert "Manual review of each refusal." in found.message


def test_a_deprecated_version_is_told() -> None:
    """It stops nothing."""
    deprecate = {
        "ingest": {"old": lambda s: steps.change(s, v1.OBJECT_ACTION_DEPRECATE, "dataset")}
    }
    (found,) = look(tell(beside=deprecate)).of("data.archived")
    assert found.verdict is Verdict.PASS
    assert "deprecated: data_ingestion.dataset_version.id, data_splitting" in found.message


def asked(story: Story, sha256: bytes | None) -> v1.InferenceRecord:
    """A logged request that a model of this digest answered."""
    made = v1.InferenceRecord(deployment_sha256=story.sha256("serve"))
    made.model.name, made.model.version = "loan-approval", "2"
    if sha256 is not None:
        made.model.sha256 = sha256
    return made


def test_a_model_that_serves_beside_is_not_the_one_rolled_out() -> None:
    """It may answer, and other records stand behind it; a hosted one cannot be compared."""

    def canary(record: v1.Record, _story: Story) -> None:
        body = record.model_serving
        body.from_model.model_name, body.from_model.version = "loan-approval", "2"
        body.from_model.digest.CopyFrom(digest("the version before"))

    story = tell({"serve": canary})
    case = look(story).roll_out
    assert case is not None
    before = request_model(case, asked(story, digest("the version before").sha256))
    assert (before.verdict, before.id) == (Verdict.NOT_PROVEN, "deployment.model_beside")
    own = request_model(case, asked(story, digest("model").sha256))
    assert (own.verdict, own.id) == (Verdict.PASS, "")
    hosted = request_model(case, asked(story, None))
    assert (hosted.verdict, hosted.id) == (Verdict.NOT_PROVEN, "deployment.no_digest")


def test_whoever_releases_and_trains_is_told() -> None:
    """It is no fault by itself, and a reader wants to know."""
    apart = look(WHOLE).of("holdout.custodian")[0].message
    both = look(tell(signers={"train": ("trainer", "custodian")})).of("holdout.custodian")[0]
    assert "also signed the training" not in apart
    assert (both.verdict, "also signed the training: custodian@" in both.message) == (
        Verdict.PASS,
        True,
    )


def test_an_envelope_that_cannot_be_read_is_no_record_of_a_run() -> None:
    """It is found by its digest alone, and refused there."""
    junk = Sealed(Envelope(b"\xff\xff", WHOLE.sealed["serve"].payload_type, ()))
    held = HeldRecords([*WHOLE.held, junk, junk])
    assert held.get(junk.sha256) is junk
    assert examine(held, TRUST, WHOLE.sha256("serve"), at=AT).findings == look(WHOLE).findings
    assert problems(examine(held, TRUST, junk.sha256, at=AT).findings[:1])
