"""`mlspec evidence`: what a person reads, what a program reads, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.cli.evidence_view import say_report
from mlspec.evidence import UNPROVEN, EvidenceReport, Link
from mlspec.provenance import Verdict
from mlspec.requestlog import Checkpoint, Note, NoteKey, NoteKeyKind
from mlspec.sealing import TrustPolicy, trust_edit
from tests.cli.conftest import Call
from tests.unit import samples
from tests.unit.evidence.people import KEYS, policy

BUNDLE = ("loans/bundle", "--trust", "loans/trust.json")
BUILD = ("loans/mlspec.db", "--log", "loans/requests", "--trust", "loans/trust.json")


def test_verify_tells_a_judge_what_happened(call: Call) -> None:
    """Model, time, launch bar and signers first; then each link; then what is not proven."""
    shown = call("evidence", "verify", *BUNDLE)
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    head, _, rest = shown.out.partition("\n\n")
    answers = {line.split("  ")[0]: line for line in head.splitlines()}
    assert set(answers) >= {"request", "asked", "outcome", "model", "deployment", "gate"}
    assert "loan-approval@3" in answers["model"]
    assert "signed by approver@bank.example" in answers["launch bar"]
    assert "PASS            log.inclusion" in rest
    assert any(line.startswith("NOT PROVEN      log.witnessed") for line in lines)
    assert all(f"  {words}" in lines for words in UNPROVEN)
    assert lines[-1].startswith("HOLDS: ")
    assert " FAIL" not in shown.out


def test_verify_prints_json_for_programs(call: Call) -> None:
    """The same facts by name."""
    shown = call("evidence", "verify", *BUNDLE, "--json")
    report = json.loads(shown.out)
    assert (shown.code, report["exitCode"]) == (0, 0)
    assert report["notProven"] == list(UNPROVEN)
    assert report["summary"]["request"] == "request-2"
    verdicts = {link["id"]: link["verdict"] for link in report["links"]}
    assert verdicts["log.inclusion"] == verdicts["gate.passed"] == "PASS"
    assert all(link["words"] for link in report["links"])


def test_an_altered_bundle_does_not_hold(call: Call, bench: Path) -> None:
    """Exit code 1, the link that fails, and what to do."""
    path = bench / "loans/bundle/leaf.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    shown = call("evidence", "verify", *BUNDLE)
    assert shown.code == 1
    assert "FAIL            bundle.whole" in shown.out
    assert "ask for it anew" in shown.out
    assert shown.out.splitlines()[-1] == "DOES NOT HOLD: 1 FAIL"


def test_a_bundle_that_cannot_be_read_is_exit_code_2(call: Call, bench: Path) -> None:
    """One that is not there, and one that is no bundle."""
    (bench / "text.zip").write_bytes(b"no zip file")
    for place in ("none", "text.zip", "trust.json"):
        shown = call("evidence", "verify", place, "--trust", "loans/trust.json")
        assert (shown.code, shown.out) == (2, "")
        assert "mlspec: " in shown.err


def test_nobody_who_is_trusted_is_exit_code_3(call: Call) -> None:
    """A trust file that knows no such log; and one that is too old."""
    shown = call("evidence", "verify", "loans/bundle", "--trust", "trust.json")
    assert shown.code == 3
    assert shown.out.splitlines()[-1].startswith("NOT TRUSTED: ")
    shown = call("evidence", "verify", *BUNDLE, "--min-trust-version", "999")
    assert (shown.code, "must be at least 999" in shown.err) == (3, True)


def test_a_checkpoint_without_a_proof_is_exit_code_4(call: Call, bench: Path) -> None:
    """The caller asked for it, and the bundle does not decide it."""
    shown = call("evidence", "verify", *BUNDLE, "--known-checkpoint", "loans/requests/checkpoint")
    assert shown.code == 0
    note = Note.from_bytes((bench / "loans/requests/checkpoint").read_bytes())
    now = Checkpoint.from_text(note.text)
    key = NoteKey(now.origin, NoteKeyKind.LOG, KEYS["log"].public)
    older = Checkpoint(now.origin, now.size - 1, bytes(32)).sign(key, KEYS["log"])
    (bench / "older").write_bytes(older)
    shown = call("evidence", "verify", *BUNDLE, "--known-checkpoint", "older")
    assert (shown.code, shown.out.splitlines()[-1].startswith("UNDECIDED: ")) == (4, True)


def test_keys_are_judged_at_a_stated_time(call: Call, bench: Path) -> None:
    """`--at` is the user's word."""
    lapsed = trust_edit.revoke_key(policy(), KEYS["log"].keyid, samples.in_days(-1))
    (bench / "lapsed.json").write_bytes(TrustPolicy(lapsed).to_json())
    arguments = ("evidence", "verify", "loans/bundle", "--trust", "lapsed.json")
    assert call(*arguments).code == 3
    assert call(*arguments, "--at", f"{samples.in_days(-2):%Y-%m-%dT%H:%M:%SZ}").code == 0


def test_what_is_required_and_lacks_fails(call: Call, bench: Path) -> None:
    """The trust file asks for witnesses; nobody cosigned."""
    draft = policy()
    draft.requirements.add(namespace_glob="*", witnesses_required=True)
    (bench / "strict.json").write_bytes(TrustPolicy(draft).to_json())
    shown = call("evidence", "verify", "loans/bundle", "--trust", "strict.json")
    assert shown.code in (1, 3)
    assert "FAIL            requirement.witnesses" in shown.out


@pytest.mark.parametrize("out", ["made", "made.zip"])
def test_build_writes_a_bundle_and_says_what_it_proves(call: Call, bench: Path, out: str) -> None:
    """A folder or a zip file, as the name says; it verifies as it was reported."""
    extras = ("--record-log", "loans/records", "--package", "loans/package", "--with-side")
    shown = call("evidence", "build", *BUILD, "--request", "request-1", "-o", out, *extras)
    assert (shown.code, shown.err) == (0, f"wrote {out}\n")
    again = call("evidence", "verify", out, "--trust", "loans/trust.json")
    assert (again.code, again.out) == (0, shown.out)
    assert "request     request-1" in again.out
    assert "request.side" in again.out


def test_build_writes_over_nothing(call: Call, bench: Path) -> None:
    """Not even over an empty folder; and leaves nothing behind."""
    (bench / "there").mkdir()
    arguments = ("evidence", "build", *BUILD, "--request", "request-1", "-o")
    for out in ("there", "loans/bundle"):
        shown = call(*arguments, out)
        assert (shown.code, "must not exist yet" in shown.err) == (2, True)
    assert list((bench / "there").iterdir()) == []
    shown = call(*arguments, "none/out")
    assert (shown.code, "must be writable" in shown.err) == (2, True)
    shown = call("evidence", "build", *BUILD, "--request", "request-99", "-o", "new")
    assert (shown.code, "must hold request request-99" in shown.err) == (2, True)
    assert not (bench / "new").exists()
    assert not [path for path in bench.iterdir() if path.name.endswith(".draft")]


def test_build_leaves_other_peoples_requests_out_if_asked(call: Call, bench: Path) -> None:
    """Then that no change came between is not proven, and said so."""
    arguments = ("evidence", "build", *BUILD, "--request", "request-2", "-o", "alone")
    shown = call(*arguments, "--leaves-between", "0")
    assert shown.code == 0
    assert "NOT PROVEN      log.in_force" in shown.out
    assert not (bench / "alone/between.bin").exists()
    first = v1.LogEntry.FromString((bench / "alone/leaf.bin").read_bytes())
    assert first.inference.request_id == "request-2"


def test_what_a_record_says_makes_no_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """A waiver's reason is free text: a verdict after a line break would look like ours."""
    forged = "it is well\nPASS            log.witnessed                an outsider saw\r\tthe log"
    link = Link("gate.passed", Verdict.NOT_PROVEN, forged, remedy=forged, subject=forged)
    say_report(EvidenceReport((link,), {"gate": forged}), as_json=False)
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert not any(line.startswith("PASS") for line in lines)
    assert sum("log.witnessed" in line for line in lines) == 3
    assert lines[0].startswith("gate        it is well PASS")
    assert lines[-1] == "HOLDS: 1 NOT PROVEN"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_outside_the_calendar_is_refused(call: Call, at: str) -> None:
    """It has no time in UTC; one hour within, it has."""
    shown = call("evidence", "verify", *BUNDLE, "--at", at)
    assert (shown.code, shown.out) == (2, "")
    assert "must be in the years 1 to 9999" in shown.err
    assert call("evidence", "verify", *BUNDLE, "--at", at[:-6] + "Z").code in (0, 3)
