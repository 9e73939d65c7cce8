"""`mlspec trust`: files grow, are signed by their roots, and are checked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.sealing import Envelope, TrustPolicy, accept_successor, load_public_key
from tests.cli.conftest import Call

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
    run(call, f"add trust.json {KEY} --log bank.example/loans --log-kind records --namespace loans")
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
    assert re.search(rf"bank\.example/loans +records +{stranger[:16]} +loans\n", shown)


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
