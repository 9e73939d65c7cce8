"""`mlspec log`: a log is verified, proven, read and erased from as a user does it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet
import pytest

from mlspec import v1
from mlspec.cli import log_verifying
from mlspec.requestlog import LogProof, NoteKey, NoteKeyKind
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.timestamp_requests import request_for
from mlspec.sealing import TrustPolicy, load_private_key, load_signer
from tests.cli import request_logs
from tests.cli.conftest import Call
from tests.unit.requestlog.authority import make_authority

TRUST = ("--trust", "logs.json")


def test_a_log_that_holds(call: Call) -> None:
    """Each check has a line, then what no log proves, then the sum."""
    told = call("log", "verify", "requests", *TRUST)
    assert (told.code, told.err) == (0, "")
    lines = told.out.splitlines()
    assert lines[0].startswith("PASS        checkpoint          bank.example/loans/requests signed")
    assert "PASS        log.sides           17 side records" in told.out
    assert "PASS        log.line            17 text lines" in told.out
    assert "NOT PROVEN  log.history" in told.out
    assert "NOT PROVEN  log.time" in told.out
    assert lines[-2].startswith("Not proven by any log: that what was recorded is true;")
    assert lines[-1] == "HOLDS: 20 leaves, 17 requests, 0 of them failed, 0 dropped"


def test_verifying_as_json(call: Call) -> None:
    """Everything a program needs, counts as the specification names them."""
    told = json.loads(call("log", "verify", "requests", *TRUST, "--json").out)
    assert (told["exitCode"], told["treeSize"], told["prunedCount"]) == (0, 20, 0)
    assert told["entryCounts"] == {
        "inferenceCount": "17",
        "deploymentChangeCount": "1",
        "openedCount": "1",
        "delegationCount": "1",
    }
    assert {"id": "log.root", "verdict": "PASS"}.items() <= told["lines"][1].items()
    assert len(told["notProven"]) == 4


def test_an_altered_log_does_not_hold(call: Call, bench: Path) -> None:
    """The leaf is named, and what to do."""
    path = bench / "requests/tile/entries/000.p/20"
    data = bytearray(path.read_bytes())
    data[-30] ^= 1
    path.write_bytes(data)
    told = call("log", "verify", "requests", *TRUST)
    assert told.code == 1
    assert "FAIL        log.entry" in told.out
    assert "leaf 19:" in told.out
    assert "DOES NOT HOLD" in told.out


def test_a_remembered_checkpoint_is_held_against_the_log(call: Call, bench: Path) -> None:
    """It is extended, or the log was rolled back."""
    known = ("--known-checkpoint", "seen.checkpoint")
    assert "PASS        log.history" in call("log", "verify", "requests", *TRUST, *known).out
    newest = (bench / "requests/checkpoint").read_bytes()
    (bench / "requests/checkpoint").write_bytes((bench / "seen.checkpoint").read_bytes())
    (bench / "seen.checkpoint").write_bytes(newest)
    told = call("log", "verify", "requests", *TRUST, *known)
    assert told.code == 1
    assert "log.rollback" in told.out


def test_a_log_that_nobody_trusts(call: Call) -> None:
    """A trust file that does not name it, or an old one."""
    told = call("log", "verify", "requests", "--trust", "trust.json")
    assert told.code == 3
    assert "mlspec trust add" in told.err
    told = call("log", "verify", "requests", *TRUST, "--min-trust-version", "99")
    assert told.code == 3


def test_a_workers_log_needs_the_one_that_delegated(call: Call) -> None:
    """By itself it is no evidence; with the deployment's log it is."""
    assert call("log", "verify", "worker", *TRUST).code == 3
    told = call("log", "verify", "worker", *TRUST, "--deployment-log", "requests")
    assert (told.code, told.err) == (0, "")
    assert "PASS        log.delegation" in told.out


def test_a_key_that_lapsed_counts_at_a_stated_time_only(call: Call) -> None:
    """Revoked yesterday: the user answers for judging the day before."""
    keyid = load_private_key("keys/log.pem").keyid
    told = call("trust", "revoke", "logs.json", "--key", keyid, "--at", "2026-01-02")
    assert told.code == 0
    assert call("log", "verify", "requests", *TRUST).code == 3
    assert call("log", "verify", "requests", *TRUST, "--at", "2026-01-01").code == 0


def test_no_log_is_unreadable(call: Call) -> None:
    """A folder without a checkpoint."""
    told = call("log", "verify", "keys", *TRUST)
    assert told.code == 2
    assert "checkpoint" in told.err


@pytest.mark.parametrize("which", [("--request", "request-000007"), ("--index", "7")])
def test_a_proof_holds_wherever_it_goes(call: Call, bench: Path, which: tuple[str, str]) -> None:
    """It is C2SP's text, about the leaf beside it."""
    told = call("log", "prove", "requests", *which, "-o", "request.tlog-proof", *TRUST)
    assert (told.code, told.err) == (0, "")
    assert "request.tlog-proof: leaf 7 of 20, bank.example/loans/requests" in told.out
    proof = LogProof.from_bytes((bench / "request.tlog-proof").read_bytes())
    trusted = TrustPolicy.load("logs.json").log(request_logs.ORIGIN)
    key = NoteKey(trusted.origin, NoteKeyKind.LOG, trusted.key.public)
    proven = proof.verify((bench / "request.leaf").read_bytes(), key)
    assert v1.LogEntry.FromString(proven.leaf).inference.request_id == "request-000007"


def test_a_proof_has_a_name_of_its_own(call: Call, bench: Path) -> None:
    """That of the request; nothing is overwritten."""
    told = call("log", "prove", "requests", "--request", "request-000007", "--json")
    assert json.loads(told.out)["verified"] is False
    assert (bench / "request-000007.tlog-proof").is_file()
    assert (bench / "request-000007.leaf").is_file()
    told = call("log", "prove", "requests", "--request", "request-000007")
    assert told.code == 2
    assert "must not exist yet" in told.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--request", "request-999999"), "must hold the request"),
        (("--index", "20"), "below 20"),
        ((), "exactly one of"),
        (("--index", "1", "--request", "x"), "exactly one of"),
    ],
)
def test_what_cannot_be_proven_is_said(call: Call, arguments: tuple[str, ...], words: str) -> None:
    """No such request, no such leaf, or no telling which."""
    told = call("log", "prove", "requests", *arguments)
    assert told.code == 2
    assert words in told.err


def test_a_proof_of_a_log_that_was_altered_is_not_written(call: Call, bench: Path) -> None:
    """It would not hold."""
    path = bench / "requests/tile/0/000.p/20"
    data = bytearray(path.read_bytes())
    data[3 * 32] ^= 1
    path.write_bytes(data)
    told = call("log", "prove", "requests", "--index", "7")
    assert told.code == 1
    assert list(bench.glob("*.tlog-proof")) == []


def test_the_last_requests_are_printed(call: Call) -> None:
    """As lines of the Combined Log Format, with whoever asked as long as that is there."""
    told = call("log", "tail", "requests", "-n", "2")
    first, second = told.out.splitlines()
    assert 'request_id="request-000017"' in first
    assert second.startswith("203.0.113.7 - - [19/Nov/2024:")
    assert second.split('seq="')[1].startswith("19")
    assert len(call("log", "tail", "requests").out.splitlines()) == 10
    assert len(call("log", "tail", "requests", "-n", "99").out.splitlines()) == 17
    assert call("log", "tail", "requests", "-n", "0").out == ""


def test_the_last_requests_as_json(call: Call) -> None:
    """One a line, whole."""
    lines = call("log", "tail", "requests", "-n", "3", "--json").out.splitlines()
    assert [json.loads(line)["sequenceNumber"] for line in lines] == ["16", "17", "19"]


def test_a_log_is_followed(bench: Path) -> None:
    """What is logged later is printed then, until somebody interrupts."""
    done = subprocess.Popen(
        [sys.executable, "-m", "mlspec.cli", "log", "tail", "requests", "-n", "1", "--follow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert done.stdout is not None
        assert 'request_id="request-000019"' in done.stdout.readline()
        with request_logs.writer(bench / "requests", load_private_key("keys/log.pem")) as log:
            request_logs.append(bench / "requests", log, 21)
        assert 'request_id="request-000021"' in done.stdout.readline()
        time.sleep(0.1)
        done.send_signal(signal.SIGINT)
        _, words = done.communicate(timeout=20)
        assert (done.returncode, words.strip()) == (130, "mlspec: interrupted")
    finally:
        done.kill()
        done.wait()


def test_erasing_a_person_leaves_every_proof(call: Call, bench: Path) -> None:
    """No file knows the person any more, and the log holds."""
    assert traces(bench / "requests", "applicant-9")
    told = call("log", "erase", "requests", "--subject", "applicant-9", "--yes")
    assert (told.code, told.out) == (0, "1 leaves: 1 side records and 1 text lines are gone\n")
    assert traces(bench / "requests", "applicant-9") == []
    told = call("log", "verify", "requests", *TRUST)
    assert told.code == 0
    assert "16 side records" in told.out
    shown = call("log", "tail", "requests", "-n", "99").out
    assert len([line for line in shown.splitlines() if line.startswith("- - - [")]) == 1


@pytest.mark.parametrize("which", [("--request", "request-000007"), ("--index", "7")])
def test_erasing_a_request(call: Call, bench: Path, which: tuple[str, str]) -> None:
    """By its id, or its place."""
    told = call("log", "erase", "requests", *which, "--yes", "--json")
    assert json.loads(told.out) == {"indexes": [7], "sideRecordCount": 1, "lineCount": 1}
    assert traces(bench / "requests", "applicant-7") == []


def test_erasing_asks_first(call: Call, bench: Path) -> None:
    """It cannot be undone; without a terminal, only --yes will do."""
    told = call("log", "erase", "requests", "--index", "7")
    assert told.code == 2
    assert "Give --yes." in told.err
    assert traces(bench / "requests", "applicant-7")


def traces(folder: Path, subject: str) -> list[Path]:
    """The files that name a person."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [
        path
        for path in files
        if f'{subject}"'.encode() in path.read_bytes()
        or subject.encode() in path.read_bytes().replace(f"{subject}0".encode(), b"")
    ]


def test_the_key_of_the_log_can_be_loaded_as_signers_are(bench: Path) -> None:
    """The fixture is what `mlspec keygen` writes."""
    assert load_signer(bench / "keys/log.pem")
    assert LogFolder.open(bench / "requests").size() == 20


def test_exporting_a_log(call: Call, bench: Path) -> None:
    """A row a leaf; the file must not be there."""
    told = call("log", "export", "requests", "-o", "requests.parquet")
    assert (told.code, told.out, told.err) == (0, "requests.parquet: 20 rows\n", "")
    rows = pyarrow.parquet.read_table(bench / "requests.parquet").to_pylist()
    assert [row["kind"] for row in rows].count("inference") == 17
    told = call("log", "export", "requests", "-o", "requests.parquet")
    assert told.code == 2
    assert "must not exist yet" in told.err
    told = call("log", "export", "worker", "-o", "worker.parquet", "--entries", "--json")
    assert json.loads(told.out) == {"path": "worker.parquet", "rowCount": 3}


def test_a_proof_and_its_leaf_are_two_new_files(call: Call, bench: Path) -> None:
    """Neither is written if one cannot be."""
    told = call("log", "prove", "requests", "--index", "7", "-o", "x.leaf")
    assert (told.code, "must not end in .leaf" in told.err) == (2, True)
    (bench / "x.tlog-proof").write_bytes(b"mine")
    told = call("log", "prove", "requests", "--index", "7", "-o", "x.tlog-proof")
    assert (told.code, "must not exist yet" in told.err) == (2, True)
    assert not (bench / "x.leaf").exists()


def test_progress_is_shown_to_people_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal, and only of work that takes a while."""
    with log_verifying.bar(1_000_000, "verifying") as advance:
        assert advance is None
    monkeypatch.setattr(log_verifying, "may_draw", lambda: True)
    with log_verifying.bar(100, "verifying") as advance:
        assert advance is None
    with log_verifying.bar(1_000_000, "verifying") as advance:
        assert advance is not None
        advance(500_000, 1_000_000)
        advance(1_000_000, 1_000_000)
    assert capsys.readouterr().out == ""


def test_an_authority_sees_a_log(call: Call, bench: Path, tmp_path: Path) -> None:
    """The request goes out, its answer is kept, and the log's time is proven from then on."""
    authority = make_authority(tmp_path / "authority")
    (bench / "root.pem").write_bytes((authority.folder / "root.pem").read_bytes())
    told = call("log", "stamp", "requests", "--request", "request.tsq")
    assert (told.code, told.out) == (
        0,
        "request.tsq: asks to see requests at 20 leaves; send it to an authority\n",
    )
    (bench / "answer.tsr").write_bytes(authority.respond((bench / "request.tsq").read_bytes()))
    answer = ("log", "stamp", "requests", "--answer", "answer.tsr", *TRUST)
    unknown = call(*answer)
    assert (unknown.code, "root" in unknown.err) == (3, True)
    assert call("trust", "timestamps", "logs.json", "--root", "root.pem").code == 0
    kept = call(*answer)
    assert (kept.code, kept.out.startswith("requests/tokens/20-1.tsr: ")) == (0, True)
    assert "PASS        log.time" in call("log", "verify", "requests", *TRUST).out


def test_t1_an_answer_about_something_else_is_not_kept(
    call: Call, bench: Path, tmp_path: Path
) -> None:
    """It must be over a checkpoint that is kept; twice the same request overwrites nothing."""
    authority = make_authority(tmp_path / "authority")
    (bench / "root.pem").write_bytes((authority.folder / "root.pem").read_bytes())
    assert call("trust", "timestamps", "logs.json", "--root", "root.pem").code == 0
    assert call("log", "stamp", "requests", "--request", "request.tsq").code == 0
    assert call("log", "stamp", "requests", "--request", "request.tsq").code == 2
    (bench / "answer.tsr").write_bytes(authority.respond(request_for(b"something else\n")))
    told = call("log", "stamp", "requests", "--answer", "answer.tsr", *TRUST, "--json")
    assert (told.code, json.loads(told.err)["error"]["id"]) == (1, "timestamp.imprint")
    assert not (bench / "requests/tokens").exists()
    assert call("log", "stamp", "requests", "--answer", "answer.tsr").code == 2
