"""`mlspec trust`: files grow, are signed by their roots, and are checked."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.sealing import Envelope, TrustPolicy, accept_successor, load_public_key
from tests.cli.conftest import Call
from tests.unit.sealing.certificates import certificate

KEY = "--key keys/stranger.pub --identity stranger@bank.example"
APPROVE = "--sign-with keys/approver.pem"


def keyid(name: str) -> str:
    """The id of somebody's key."""
    return load_public_key(f"keys/{name}.pub").keyid


def run(call: Call, line: str, code: int = 0) -> str:
    """Call `mlspec trust`; return what it said."""
    shown = call("trust", *line.split())
    assert shown.code == code, shown.err
    return shown.out + shown.err


def test_keys_get_every_purpose(call: Call) -> None:
    """Role, root, log and witness, one version each."""
    version = TrustPolicy.load("trust.json").version
    run(call, f"add trust.json {KEY} --root")
    run(call, f"add trust.json {KEY} --witness")
    log = "--key keys/approver.pub --identity approver@bank.example --log bank.example/loans"
    run(call, f"add trust.json {log} --log-kind records --namespace loans")
    told = run(call, f"add trust.json {KEY} --role trainer --threshold 2 --json")
    assert json.loads(told) == {
        "path": "trust.json",
        "version": version + 4,
        "keys": 3,
        "roles": 2,
        "signed": False,
        "notes": [],
    }
    made = TrustPolicy.load("trust.json").message
    stranger = keyid("stranger")
    assert (list(made.root.keyids), made.root.threshold) == ([stranger], 1)
    assert (list(made.witnesses.keyids), made.witnesses.threshold) == ([stranger], 1)
    assert made.logs[0].kind == v1.LOG_KIND_RECORDS
    assert made.roles[0].threshold == 2
    shown = run(call, "show trust.json")
    assert "not signed" in shown
    assert re.search(rf"root +1 +{stranger[:16]}\nwitnesses +1 +{stranger[:16]}\n", shown)
    approver = keyid("approver")
    assert re.search(rf"bank\.example/loans +records +{approver[:16]} +loans\n", shown)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"add trust.json {KEY}", "one thing that the key is for (got 0)"),
        (f"add trust.json {KEY} --root --witness", "one thing that the key is for (got 2)"),
        (f"add trust.json {KEY} --log o", "must say what the log holds"),
        (f"add trust.json {KEY} --log o --log-kind records --power waive", "a log has none"),
        (f"add trust.json {KEY} --root --stage logging", "only roles have them"),
        (f"add trust.json {KEY} --root --log-kind records", "only a log has a kind"),
        (f"add trust.json {KEY} --role trainer --stage logging", "keeps what it has"),
        (
            "add trust.json --key keys/trainer.pub --identity trainer@bank.example --root"
            " --valid-until 2027-01-01",
            "must be new to get times",
        ),
        ("revoke trust.json --key 00zz", "must name one key"),
        ("rotate trust.json", "Missing option '--key'"),
        ("rotate trust.json --key keys/trainer.pem", "must be a root key"),
        (f"add trust.dsse.json {KEY} --root", "must be signed anew"),
        ("sign trust.json --key keys/trainer.pem", "must be a root key"),
        ("sign record.sealed.json --key keys/trainer.pem", "record.sealed.json: payload_type"),
        ("check missing.json", "must be readable"),
        ("check trust.json --min-trust-version 0", "--min-trust-version"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Call, bench: Path, line: str, message: str) -> None:
    """With a remedy; nothing is written."""
    before = {path: path.read_bytes() for path in bench.rglob("*") if path.is_file()}
    assert message in run(call, line, 2)
    assert {path: path.read_bytes() for path in bench.rglob("*") if path.is_file()} == before


def test_a_root_is_handed_on(call: Call) -> None:
    """From no root to one, to two of two, to another; each link is checked with the one before."""
    run(
        call,
        "rotate trust.json --add-root keys/trainer.pub trainer@bank.example"
        " --key keys/trainer.pem -o 1.dsse.json",
    )
    told = run(
        call,
        "rotate 1.dsse.json --add-root keys/approver.pub approver@bank.example --threshold 2"
        " --expires 2040-01-01 --key keys/trainer.pem --key keys/approver.pem -o 2.dsse.json",
    )
    assert told.endswith("2 keys, 2 roles, 2 signed\n")
    assert "successor" not in told
    drop = "rotate 2.dsse.json --drop-root keys/trainer.pub --key keys/approver.pem -o 3"
    run(call, drop, 2)
    assert "must be by 2 identities of the root of version" in run(call, f"{drop} --threshold 1", 3)
    assert not Path("3").exists()
    run(
        call,
        "rotate 2.dsse.json --drop-root keys/trainer.pub --threshold 1"
        " --key keys/approver.pem --key keys/trainer.pem -o 3.dsse.json",
    )
    for old, new in (("1", "2"), ("2", "3")):
        shown = run(call, f"check {new}.dsse.json --previous {old}.dsse.json")
        assert "it may follow version" in shown
    run(call, "check 3.dsse.json --previous 1.dsse.json")
    (who,) = re.findall(r"signed by (.+)", run(call, "show 2.dsse.json"))
    assert sorted(who.split(", ")) == ["approver@bank.example", "trainer@bank.example"]
    assert TrustPolicy.load("3.dsse.json").root is not None
    assert "must not exist yet" in run(
        call, "rotate 1.dsse.json --key keys/trainer.pem -o 2.dsse.json", 2
    )


def test_holders_in_two_places_sign_one_after_the_other(call: Call) -> None:
    """What is still lacking is said each time."""
    run(
        call,
        f"rotate trust.dsse.json --add-root keys/trainer.pub trainer@bank.example --threshold 2"
        f" {APPROVE} -o two.dsse.json --partial",
    )
    told = run(call, "check two.dsse.json", 3)
    assert "must be by 2 identities of its own root (got 1)" in told
    assert "signed by approver@bank.example" in run(call, "show two.dsse.json")
    line = "sign two.dsse.json --key keys/trainer.pem --previous trust.dsse.json"
    assert "NOTE" not in run(call, line)
    told = run(call, "check two.dsse.json --previous trust.dsse.json --json")
    assert json.loads(told)["signed"] is True


def test_changes_of_a_signed_file_are_signed(call: Call) -> None:
    """In place, and lawful for whoever holds the version before."""
    old = TrustPolicy.load("trust.dsse.json")
    run(call, f"add trust.dsse.json {KEY} --role trainer {APPROVE}")
    new = accept_successor(old, Path("trust.dsse.json").read_bytes())
    assert new.version == old.version + 1
    run(call, f"revoke trust.dsse.json --key {keyid('stranger')[:12]} --at 2026-01-01 {APPROVE}")
    made = accept_successor(new, Path("trust.dsse.json").read_bytes())
    assert made.keys[keyid("stranger")].revoked is not None


def test_a_revoked_key_vouches_for_nothing(call: Call) -> None:
    """From now on, and the role that it leaves empty is noted."""
    verify = ("verify", "record.sealed.json", "--trust")
    assert call(*verify, "trust.json").code == 0
    told = run(call, "revoke trust.json --key keys/trainer.pub")
    assert "NOTE  role trainer asks for 1 identities, and keys of 0 count" in told
    shown = call(*verify, "trust.json")
    assert (shown.code, "was revoked" in shown.err) == (3, True)
    assert "must be earlier" in run(call, "revoke trust.json --key keys/trainer.pub", 2)


def test_c9_check_refuses_what_may_not_follow(call: Call) -> None:
    """Older, bare, and forged; the lawful one passes."""
    assert "PASS" in run(call, "check trust.dsse.json --previous trust.old.json")
    version = TrustPolicy.load("trust.dsse.json").version
    run(call, f"check trust.dsse.json --min-trust-version {version}")
    told = run(call, f"check trust.dsse.json --min-trust-version {version + 1}", 3)
    assert f"must be at least {version + 1} (got {version})" in told
    assert "must be signed" in run(call, "check trust.json --previous trust.old.json", 3)
    told = run(call, "check trust.dsse.json --previous trust.dsse.json", 3)
    assert "must be higher" in told
    envelope = Envelope.from_json(Path("trust.dsse.json").read_bytes())
    forged = envelope.payload.replace(b"trainer@bank.example", b"mallory@bank.example")
    data = Envelope(forged, envelope.payload_type, envelope.signatures).to_json()
    Path("forged.dsse.json").write_bytes(data)
    told = run(call, "check forged.dsse.json --previous trust.old.json", 1)
    assert told.startswith("mlspec: forged.dsse.json: signatures[0]: must fit")
    assert call("verify", "record.sealed.json", "--trust", "forged.dsse.json").code == 1


def test_c9_verify_refuses_an_older_trust_file(call: Call) -> None:
    """For one record and for a store; both forms of the file will do."""
    for place in ("record.sealed.json", "mlspec.db"):
        for trust in ("trust.json", "trust.dsse.json"):
            version = TrustPolicy.load(trust).version
            line = ("verify", place, "--trust", trust, "--min-trust-version")
            assert call(*line, str(version)).code == 0
            shown = call(*line, str(version + 1))
            assert (shown.code, "old trust file" in shown.err) == (3, True)


def test_c9_check_refuses_an_expired_file(call: Call) -> None:
    """And passes it before."""
    who = "--key keys/trainer.pub --identity t --role r"
    run(call, f"init good.json --expires 2036-01-01 {who}")
    told = json.loads(run(call, "check good.json --json"))
    assert (told["exitCode"], told["version"], told["signed"]) == (0, 1, False)
    assert told["expireTime"] == "2036-01-01T00:00:00Z"
    run(call, f"init gone.json --expires 2020-01-01 {who}")
    assert "must not have expired" in run(call, "check gone.json", 3)


def test_t3_what_is_required_and_was_not_judged_never_looks_as_if_it_held(call: Call) -> None:
    """Of one record and of a store; only whoever asks for the records alone gets a 0."""
    run(call, "require trust.json --namespace loans* --gate --timestamps")
    for place in ("record.sealed.json", "mlspec.db"):
        line = ("verify", place, "--trust", "trust.json")
        for extra in ((), ("--quiet",)):
            shown = call(*line, *extra)
            assert (shown.code, "not judged" in shown.out.lower()) == (4, True)
        shown = call(*line, "--records-only")
        assert (shown.code, "not judged" in shown.out.lower()) == (0, True)
        assert json.loads(call(*line, "--json").out)["exitCode"] == 4
        assert call("verify", place, "--trust", "trust.dsse.json").code == 0


def test_requirements_are_added_shown_and_taken_away(call: Call) -> None:
    """Under one glob they add up; times take the place of earlier ones."""
    run(call, "require trust.json --namespace loans* --gate --stage objectives")
    run(call, "require trust.json --namespace loans* --stage objectives --stage model_training")
    run(call, "require trust.json --namespace loans* --log-retention 90d --max-loss-window 0s")
    run(call, "require trust.json --namespace loans* --log-retention 183d --record-log")
    run(call, "require trust.json --namespace * --timestamps --witnesses --request-log")
    loans, every = TrustPolicy.load("trust.json").message.requirements
    assert list(loans.stages) == [v1.STAGE_OBJECTIVES, v1.STAGE_MODEL_TRAINING]
    assert (loans.gate_required, loans.record_log_required) == (True, True)
    assert loans.log_retention_duration.seconds == 183 * 86_400
    assert loans.HasField("max_loss_window_duration")
    assert (every.timestamp_required, every.witnesses_required) == (True, True)
    shown = run(call, "show trust.json")
    assert "records of objectives model_training, a gate that was passed, a record log" in shown
    assert "request logs kept for 183 days" in shown
    assert "losses in a crash of at most 0:00:00" in shown
    assert re.search(r"\n\* +outside times, witnesses, a request log\n", shown)
    told = run(call, "check trust.json")
    for what in ("outside times", "witnesses", "request logs", "record logs"):
        assert f"NOTE  * must show {what}, and the file believes none" in told
    run(call, "require trust.json --namespace loans* --nothing")
    (only,) = TrustPolicy.load("trust.json").message.requirements
    assert only.namespace_glob == "*"


def test_authorities_for_time_are_added_shown_and_taken_away(call: Call) -> None:
    """By their certificates, in DER or PEM; those that run out are noted."""
    run(call, "timestamps trust.json --root authority.pem")
    Path("soon.der").write_bytes(certificate("soon.example", datetime.now() + timedelta(days=30)))
    told = run(call, "timestamps trust.json --root soon.der")
    assert "NOTE  the authority CN=soon.example expires on 20" in told
    Path("gone.der").write_bytes(certificate("gone.example", datetime(2021, 1, 1)))
    run(call, "timestamps trust.json --root gone.der")
    shown = run(call, "show trust.json")
    assert re.search(r"CN=time\.example +2040-01-01 00:00Z", shown)
    told = run(call, "check trust.json")
    assert "the authority CN=gone.example expired on 2021-01-01" in told
    assert "CN=time.example" not in told
    run(call, "timestamps trust.json --drop soon.der --drop gone.der")
    (left,) = TrustPolicy.load("trust.json").timestamp_roots
    assert left.subject == "CN=time.example"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("require trust.json --namespace loans", "must say what is required"),
        ("require trust.json --namespace loans --gate --nothing", "must say what is required"),
        ("require trust.json --namespace loans --nothing", "must be a glob under which"),
        ("require trust.json --namespace loans --log-retention 3w", "must be a number and s, m"),
        ("require trust.dsse.json --namespace loans --gate", "must be signed anew"),
        ("timestamps trust.json", "Missing option '--root' or '--drop'"),
        ("timestamps trust.json --root keys/trainer.pub", "must be one X.509 certificate"),
        ("timestamps trust.json --root record.yaml", "must be one X.509 certificate"),
        ("timestamps trust.json --drop authority.pem", "must know the certificate"),
        (f"add trust.json {KEY} --witness --threshold 2", "must not exceed the number"),
    ],
)
def test_duties_that_make_no_sense_are_refused(
    call: Call, bench: Path, line: str, message: str
) -> None:
    """With a remedy; nothing is written."""
    before = {path: path.read_bytes() for path in bench.rglob("*") if path.is_file()}
    assert message in run(call, line, 2)
    assert {path: path.read_bytes() for path in bench.rglob("*") if path.is_file()} == before


def test_a_name_that_no_note_can_have_is_refused(call: Call) -> None:
    """Of a witness, and of a log."""
    key = ("--key", "keys/stranger.pub", "--identity")
    shown = call("trust", "add", "trust.json", *key, "A Stranger", "--witness")
    assert (shown.code, "the identity of a witness must be a name" in shown.err) == (2, True)
    log = ("--log", "a+b", "--log-kind", "records")
    shown = call("trust", "add", "trust.json", *key, "A Stranger", *log)
    assert (shown.code, "the origin of a log must be a name" in shown.err) == (2, True)


def test_a_witness_that_no_note_can_name_is_found_by_check(call: Call) -> None:
    """Before its first cosignature is refused."""
    run(call, f"add trust.json {KEY} --witness")
    run(call, "check trust.json")
    text = Path("trust.json").read_text()
    Path("trust.json").write_text(text.replace("stranger@bank.example", "A Stranger"))
    told = run(call, "check trust.json", 2)
    assert "notes can be signed under" in told
