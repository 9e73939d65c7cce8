"""What a bundle proves, link by link, and how the links about records fail."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.errors import InputError, UntrustedError
from mlspec.evidence import Bundle, verify
from mlspec.records import new_id
from mlspec.sealing import Sealed, TrustPolicy, generate_key, seal, trust_edit
from tests.unit import samples
from tests.unit.evidence.making import (
    Case,
    failing,
    remade,
    serving,
)
from tests.unit.evidence.people import KEYS, policy


def test_an_untouched_bundle_holds(case: Case, folder: Path) -> None:
    """Every link passes but those that nobody outside the bank vouches for."""
    report = verify(folder, case.trust)
    open_links = {link.id for link in report.links if not link.holds}
    assert (report.exit_code, report.holds, report.problems()) == (0, True, ())
    assert open_links == {
        "objectives.fixed_beforehand",
        "data.archived",
        "record_log.times",
        "log.witnessed",
        "log.known",
    }
    assert {link.verdict for link in report.links} == {"PASS", "NOT PROVEN"}
    for link_id in ("log.inclusion", "log.in_force", "request.model", "request.side"):
        assert [link.verdict for link in report.of(link_id)] == ["PASS"]


def test_the_summary_answers_what_a_judge_asks(case: Case, folder: Path) -> None:
    """Which model, when, which bar, and who signed: from what was verified."""
    summary = verify(folder, case.trust).summary
    model = serving(case).to_model
    assert summary["request"] == "request-2"
    assert summary["model"] == f"loan-approval@3 {model.digest.sha256.hex()}"
    assert summary["outcome"] == "answered, status 200, decision 'refuse'"
    assert summary["asked"].startswith(f"{datetime.now(UTC):%Y-}")
    assert "loan_approval, 1 required criteria" in summary["launch bar"]
    assert "launch: PASS" in summary["gate"]
    assert "signed by release@bank.example" in summary["deployment"]
    assert "trainer@bank.example" in summary["signers"]


@pytest.mark.parametrize("stage", ["OBJECTIVES", "MODEL_TRAINING", "GATE_DECISION", "RUN_MANIFEST"])
def test_c4_c7_a_record_that_was_taken_away_is_missed(
    case: Case, bundle: Bundle, stage: str
) -> None:
    """By who names it, and by the manifest of its run."""
    found = next(
        name
        for name, data in bundle.files.items()
        if name.startswith("records/")
        and Sealed.from_json(data).peek().header.stage == v1.Stage.Value(f"STAGE_{stage}")
    )
    digest = found.removeprefix("records/").removesuffix(".dsse.json")
    report = verify(remade(bundle, {found: None}), case.trust)
    assert ("bundle.stray", "evidence.stray_file") in failing(report)
    if stage == "RUN_MANIFEST":
        # Only the record log names a manifest. Without it, that a run is whole is not shown.
        assert [link.verdict for link in report.of("run.manifest")] == ["NOT PROVEN"]
        logged = {name: None for name in bundle.files if digest in name}
        assert failing(verify(remade(bundle, dict(logged)), case.trust)) == []
        return
    assert ("reference.dangling", "reference.missing") in failing(report)
    assert report.exit_code == 1
    assert any(digest in link.words for link in report.of("reference.dangling"))


def test_c2_a_record_that_nothing_leads_to_is_refused(case: Case, bundle: Bundle) -> None:
    """Even one that a trusted key signed: of another run, it is not this deployment's."""
    record = case.records[v1.STAGE_OBJECTIVES].peek()
    record.header.record_id, record.header.run_id = new_id(), new_id()
    other = seal(record, KEYS["approver"])
    changed = remade(bundle, {f"records/{other.hex}.dsse.json": other.to_json()})
    assert failing(verify(changed, case.trust)) == [("record.stray", "evidence.stray_record")]
    misnamed = remade(bundle, {f"records/{'0' * 64}.dsse.json": other.to_json()})
    assert failing(verify(misnamed, case.trust)) == [("record.verified", "record.digest")]
    unknown = seal(record, generate_key())
    changed = remade(bundle, {f"records/{unknown.hex}.dsse.json": unknown.to_json()})
    assert failing(verify(changed, case.trust)) == [("record.stray", "signature.unknown_key")]


def test_f3_files_that_belong_to_nothing_are_refused(case: Case, bundle: Bundle) -> None:
    """A token over no checkpoint that is there, and what a record log says of other records."""
    token = f"tokens/{'0' * 64}.0.tsr"
    leaf = next(name for name in bundle.files if re.fullmatch(r"record-log/\w+.bin", name))
    other = f"record-log/{'0' * 64}.bin"
    alone = {name: None for name in bundle.files if re.fullmatch(leaf[:-4] + r"\.\d+\.tlog", name)}
    changes: tuple[dict[str, bytes | None], ...] = ({token: b"x"}, {other: b"x"}, dict(alone))
    for change in changes:
        assert ("bundle.stray", "evidence.stray_file") in failing(
            verify(remade(bundle, change), case.trust)
        )
    both = remade(bundle, dict(alone) | {leaf: None})
    assert failing(verify(both, case.trust)) == []


def test_c8_a_revoked_log_key_does_not_count(case: Case, bundle: Bundle) -> None:
    """Nor does one that had expired, unless a time is stated at which it counted."""
    lapsed = TrustPolicy(trust_edit.revoke_key(policy(), KEYS["log"].keyid, samples.in_days(-1)))
    report = verify(bundle, lapsed)
    assert (report.exit_code, failing(report)) == (3, [("log.checkpoint", "log.key_lapsed")])
    assert verify(bundle, lapsed, at=samples.in_days(-2)).exit_code == 0


def test_c9_an_old_or_expired_trust_file_is_refused(case: Case, bundle: Bundle) -> None:
    """Before anything in the bundle is looked at."""
    with pytest.raises(UntrustedError) as raised:
        verify(bundle, case.trust, min_trust_version=case.trust.version + 1)
    assert raised.value.id == "trust.rolled_back"
    assert verify(bundle, case.trust, min_trust_version=case.trust.version).exit_code == 0
    draft = policy()
    draft.expire_time.FromDatetime(samples.in_days(-1))
    with pytest.raises(UntrustedError) as raised:
        verify(bundle, TrustPolicy(draft))
    assert raised.value.id == "trust.expired"


def test_what_the_caller_brings_must_be_readable(case: Case, bundle: Bundle) -> None:
    """A checkpoint that is none, and a time without a zone, are mistakes, not findings."""
    with pytest.raises(InputError):
        verify(bundle, case.trust, known_checkpoint=b"no note")
    with pytest.raises(InputError) as raised:
        verify(bundle, case.trust, at=datetime(2027, 1, 1))
    assert raised.value.id == "time.naive"


def test_a_side_record_must_be_the_one_that_the_leaf_binds(case: Case, bundle: Bundle) -> None:
    """Its absence is no failure: it may have been erased."""
    side = v1.SideRecord.FromString(bundle.files["side.bin"])
    assert verify(bundle, case.trust).of("request.side")[0].holds
    side.content = v1.RequestDetail(host="198.51.100.1").SerializeToString()
    changed = remade(bundle, {"side.bin": side.SerializeToString()})
    assert failing(verify(changed, case.trust)) == [("request.side", "log.side.hmac")]
    report = verify(remade(bundle, {"side.bin": None}), case.trust)
    assert (report.of("request.side"), report.exit_code) == ((), 0)


def test_a_package_of_another_manifest_fails(case: Case, bundle: Bundle) -> None:
    """The packaging names the manifest that it signed."""
    name = "packages/package/SHA256SUMS"
    assert verify(bundle, case.trust).of("package.manifest")[0].holds
    changed = remade(bundle, {name: bundle.files[name].replace(b"model.onnx", b"other.onnx")})
    assert failing(verify(changed, case.trust)) == [("package.manifest", "evidence.package")]


def test_what_the_trust_file_requires_and_the_bundle_lacks_fails(
    case: Case, bundle: Bundle
) -> None:
    """NOT PROVEN is enough only where nobody asks."""
    draft = policy()
    draft.requirements.add(
        namespace_glob="loans",
        stages=[v1.STAGE_MODEL_TRAINING],
        gate_required=True,
        request_log_required=True,
        record_log_required=True,
    )
    report = verify(bundle, TrustPolicy(draft))
    assert (failing(report), report.exit_code) == ([], 0)
    assert report.of("requirement.gate")[0].holds
    draft.requirements[0].witnesses_required = True
    draft.requirements[0].timestamp_required = True
    draft.requirements[0].stages.append(v1.STAGE_MONITORING)
    report = verify(bundle, TrustPolicy(draft))
    assert {link for link, _ in failing(report)} == {
        "requirement.witnesses",
        "requirement.timestamps",
        "requirement.stages",
    }
    assert report.exit_code in (1, 3)
    without = {name: None for name in bundle.files if name.startswith("record-log/")}
    lacking = remade(bundle, dict(without))
    assert "requirement.record_log" in {
        link for link, _ in failing(verify(lacking, TrustPolicy(draft)))
    }
