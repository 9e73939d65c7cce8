"""Bad input: one clear error with place and remedy, the right exit code, nothing half written."""

from __future__ import annotations

import functools
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import mlspec.store
from mlspec import codec, v1
from mlspec.codec import Format
from mlspec.sealing import Envelope, Sealed, load_signer
from mlspec.sealing.signers import sign_envelope
from mlspec.store.sql import SqlStore
from tests.cli.conftest import Call, record

TRAINER = "keys/trainer.pem"
TRUST = ("--trust", "trust.json")


def sealed() -> Sealed:
    """The sealed record of the folder."""
    return Sealed.from_json(Path("record.sealed.json").read_bytes())


def write(name: str, data: bytes) -> None:
    """Write a file into the folder."""
    Path(name).write_bytes(data)


def plain(**header: object) -> v1.Record:
    """A record that is complete, with changes."""
    return record(**header)


def not_a_record() -> None:
    """Some text, some bytes, some JSON."""
    write("bad.yaml", b"- just\n- a list\n")
    write("bad.json", b'{"colour": "blue"}')
    write("bad.binpb", b"\x89PNG\r\n\x1a\n")


def truncated() -> None:
    """Cut in the middle."""
    for name in ("record.sealed.json", "record.yaml", "plain.binpb"):
        data = Path(name).read_bytes()
        write(f"cut-{name}", data[: len(data) * 2 // 3])


def unknown_fields() -> None:
    """A field that nobody knows, in every form."""
    write("extra.binpb", Path("plain.binpb").read_bytes() + b"\xa0\x3f\x01")
    write("extra.yaml", Path("record.yaml").read_bytes() + b"colour: blue\n")
    signer = load_signer(TRAINER)
    payload = sealed().payload + b"\xa0\x3f\x01"
    kind = sealed().payload_type
    envelope = Envelope(payload, kind, (sign_envelope(signer, kind, payload),))
    write("extra.sealed.json", Sealed(envelope).to_json())


def wrong_type() -> None:
    """The payload type changed, or signed as something else."""
    text = Path("record.sealed.json").read_text()
    write("type.json", text.replace("record.v1+protobuf", "Record.v1+protobuf").encode())
    signer, kind = load_signer(TRAINER), "application/vnd.in-toto+json"
    signed = sign_envelope(signer, kind, b"{}")
    write("statement.json", Sealed(Envelope(b"{}", kind, (signed,))).to_json())


def tampered() -> None:
    """A payload, and a signature, in which something was changed."""
    envelope = sealed().envelope
    payload = envelope.payload.replace(b"loans", b"loanz")
    write(
        "payload.json",
        Sealed(Envelope(payload, envelope.payload_type, envelope.signatures)).to_json(),
    )
    (signature,) = envelope.signatures
    forged = type(signature)(bytes(64), signature.keyid)
    write(
        "signature.json",
        Sealed(Envelope(envelope.payload, envelope.payload_type, (forged,))).to_json(),
    )


def broken_rules() -> None:
    """A header and a body that break rules, and a body that is not complete."""
    made = plain(namespace_name="")
    made.object_event.dataset.attributes.name = "no blanks, please"
    write("rules.yaml", codec.encode(made, Format.YAML))
    made = plain()
    made.object_event.ClearField("object_id")
    write("incomplete.yaml", codec.encode(made, Format.YAML))


def no_store() -> None:
    """Files that are none, and a store of the future."""
    write("text.db", b"hello\n")
    write("empty.db", b"")
    write("torn.db", Path("mlspec.db").read_bytes()[:5000])
    write("newer.db", Path("mlspec.db").read_bytes())
    with sqlite3.connect("newer.db") as connection:
        connection.execute("UPDATE meta SET value = 9 WHERE name = 'schema_version'")
    connection.close()
    Path("link.db").symlink_to("mlspec.db")


def changed_store() -> None:
    """A store in which a column was changed."""
    write("changed.db", Path("mlspec.db").read_bytes())
    with sqlite3.connect("changed.db") as connection:
        connection.execute("DROP TRIGGER records_kept")
        connection.execute("UPDATE records SET step_name = 'tested' WHERE step_name = 'train'")
    connection.close()


def other_kinds() -> None:
    """What has a verifier of its own."""
    write("some.zip", b"PK\x03\x04 and so on")


Case = tuple[Callable[[], None], str, int, str]

CASES: list[Case] = [
    (not_a_record, "validate bad.yaml", 2, r"bad\.yaml: must be"),
    (not_a_record, "validate bad.json", 2, r"bad\.json: colour"),
    (not_a_record, "validate bad.binpb", 2, r"bad\.binpb: "),
    (not_a_record, "convert bad.json --to yaml", 2, r"bad\.json: colour"),
    (not_a_record, f"sign bad.yaml --key {TRAINER} -o out.json", 2, r"bad\.yaml: "),
    (not_a_record, "verify bad.json --trust trust.json", 2, r"bad\.json: "),
    (not_a_record, "show bad.binpb", 2, r"bad\.binpb: "),
    (truncated, "verify cut-record.sealed.json --trust trust.json", 2, r"cut-record\.sealed\.json"),
    (truncated, "show cut-record.sealed.json", 2, r"cut-record\.sealed\.json: "),
    (truncated, "validate cut-plain.binpb", 2, r"cut-plain\.binpb: "),
    (truncated, f"sign cut-plain.binpb --key {TRAINER} -o out.json", 2, r"cut-plain\.binpb: "),
    (unknown_fields, "validate extra.binpb", 2, r"extra\.binpb: #1012"),
    (unknown_fields, "validate extra.yaml", 2, r"extra\.yaml: colour"),
    (unknown_fields, "convert extra.binpb out.json", 2, r"extra\.binpb: #1012"),
    (unknown_fields, f"sign extra.binpb --key {TRAINER} -o out.json", 2, r"#1012"),
    (unknown_fields, "verify extra.sealed.json --trust trust.json", 1, r"#1012"),
    (unknown_fields, "validate extra.sealed.json", 2, r"#1012"),
    (wrong_type, "verify type.json --trust trust.json", 1, r"type\.json: signatures\[0\]"),
    (wrong_type, "verify statement.json --trust trust.json", 1, r"must be application/vnd\.mlspec"),
    (wrong_type, "show statement.json", 2, r"statement\.json: payload_type"),
    (wrong_type, f"sign statement.json --key {TRAINER} -o out.json", 2, r"payload_type"),
    (tampered, "verify payload.json --trust trust.json", 1, r"payload\.json: signatures\[0\]"),
    (tampered, "verify signature.json --trust trust.json", 1, r"signature\.json: signatures\[0\]"),
    (tampered, "show payload.json --trust trust.json", 1, r"signatures\[0\]"),
    (broken_rules, "validate rules.yaml", 1, r"header\.namespace_name: "),
    (broken_rules, "validate rules.yaml", 1, r"object_event\.dataset\.attributes\.name: "),
    (broken_rules, "validate incomplete.yaml", 1, r"object_id"),
    (broken_rules, f"sign rules.yaml --key {TRAINER} -o out.json", 1, r"namespace_name"),
    (no_store, "verify text.db --trust trust.json", 2, r"text\.db: must be an MLSpec store"),
    (no_store, "records empty.db", 2, r"empty\.db: must be an MLSpec store"),
    (no_store, "verify torn.db --trust trust.json", 1, r"torn\.db: must be a sound SQLite file"),
    (no_store, "records newer.db", 2, r"newer\.db: must have store version"),
    (no_store, "records link.db", 2, r"link\.db: must be a regular file"),
    (no_store, "lineage missing.db abcd", 2, r"missing\.db: must exist"),
    (other_kinds, "verify requests --trust trust.json", 2, r"mlspec log verify"),
    (other_kinds, "verify loans/bundle --trust trust.json", 2, r"mlspec evidence verify"),
    (
        other_kinds,
        "verify some.zip --trust trust.json",
        2,
        r"some\.zip: .*\n.*mlspec evidence verify",
    ),
    (changed_store, "show changed.db 0000", 2, r"must hold a record"),
]


@pytest.mark.parametrize(
    ("prepare", "line", "code", "message"),
    CASES,
    ids=[f"{case[0].__name__}-{case[1].split()[0]}-{n}" for n, case in enumerate(CASES)],
)
def test_bad_input_is_refused(
    call: Call, bench: Path, prepare: Callable[[], None], line: str, code: int, message: str
) -> None:
    """The error names the file and the place in it, and says what to do."""
    prepare()
    before = {path.name for path in bench.iterdir()}
    shown = call(*line.split())
    assert (shown.code, bool(re.search(message, shown.err))) == (code, True), shown.err
    assert shown.err.startswith("mlspec: ")
    assert "Traceback" not in shown.err
    assert len(shown.err.splitlines()) >= 2, "there must be a remedy"
    # SQLite cannot clear away the log of a file that it cannot read to the end.
    after = {path.name for path in bench.iterdir() if not path.name.startswith("torn.db-")}
    assert after == before
    told = call(*line.split(), "--json")
    if "--json" not in told.err and "No such option" not in told.err and not told.out:
        assert json.loads(told.err)["error"]["message"]


def test_every_file_is_looked_at(call: Call) -> None:
    """The worst decides."""
    not_a_record()
    broken_rules()
    shown = call("validate", "record.yaml", "rules.yaml", "bad.yaml", "plain.binpb")
    assert shown.code == 2
    assert [line.split(":")[0] for line in shown.out.splitlines()] == ["record.yaml", "plain.binpb"]
    told = json.loads(call("validate", "record.yaml", "rules.yaml", "--json").out)
    assert [each["valid"] for each in told] == [True, False]
    assert told[1]["violations"][0]["rule_id"]


def test_a_store_that_was_changed_fails_and_names_the_record(call: Call) -> None:
    """The exit code is that of a forgery, the line that of the record."""
    changed_store()
    shown = call("verify", "changed.db", *TRUST)
    assert shown.code == 1
    line, *_ = (line for line in shown.out.splitlines() if line.startswith("FAIL"))
    assert "model_training train#1" in line
    assert "column step_name must be 'train' (got 'tested')" in line
    assert shown.out.splitlines()[-1].startswith("DOES NOT HOLD: 2 records PASS, ")
    told = json.loads(call("verify", "changed.db", *TRUST, "--json").out)
    assert told["exitCode"] == 1


def test_a_store_of_nonsense_can_still_be_looked_at(call: Call) -> None:
    """Columns of other types than they have: shown as they can be, and failed by verification."""
    changed_store()
    with sqlite3.connect("changed.db") as connection:
        for column in ("create_time", "state", "namespace_name", "pipeline_name", "links"):
            connection.execute(f"UPDATE records SET {column} = 'zz'")  # noqa: S608
    connection.close()
    for line in ("records changed.db", "records changed.db --json"):
        assert call(*line.split()).code == 0
    assert call("verify", "changed.db", *TRUST).code == 1


def test_nobody_who_is_known_is_another_code(call: Call) -> None:
    """A wrong key, a role that does not cover it, a file that has expired."""
    made = call("sign", "record.yaml", "--key", "keys/stranger.pem", "-o", "s.json")
    assert made.code == 0
    shown = call("verify", "s.json", *TRUST)
    assert (shown.code, "trust file knows" in shown.err) == (3, True)
    person = ("--identity", "s", "--key", "keys/stranger.pub", "--role", "r")
    call("trust", "init", "s-trust.json", "--expires", "2036-01-01", *person, "--stage", "logging")
    shown = call("verify", "s.json", "--trust", "s-trust.json")
    assert (shown.code, "in a role for object_event" in shown.err) == (3, True)
    shown = call("verify", "mlspec.db", "--trust", "s-trust.json")
    assert shown.code == 3
    assert shown.out.splitlines()[-1] == "NOT TRUSTED: 3 records UNTRUSTED, 1 run PASS"
    call("trust", "init", "old.json", "--expires", "2020-01-01", *person)
    for place in ("s.json", "mlspec.db"):
        shown = call("verify", place, "--trust", "old.json")
        assert (shown.code, "expired" in shown.err) == (3, True)


def test_keys_that_cannot_be_used(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, another file, a public one, one whose password is wrong or not known."""
    monkeypatch.setenv("MLSPEC_KEY_PASSWORD", "correct horse")
    assert call("keygen", "locked.pem").code == 0
    for key, password in (
        ("missing.pem", None),
        ("record.yaml", None),
        ("keys/trainer.pub", None),
        ("locked.pem", None),
        ("locked.pem", "wrong horse"),
    ):
        monkeypatch.delenv("MLSPEC_KEY_PASSWORD", raising=False)
        if password:
            monkeypatch.setenv("MLSPEC_KEY_PASSWORD", password)
        shown = call("sign", "record.yaml", "--key", key, "-o", "out.json")
        assert (shown.code, key in shown.err) == (2, True)
        assert "horse" not in shown.err
        assert not Path("out.json").exists()


def test_trust_files_that_must_not_be_used(call: Call) -> None:
    """Not there, something else, edited by hand; each says where."""
    text = Path("trust.json").read_text()
    write("twice.json", text.replace('"version"', '"version": "1", "version"').encode())
    keyid = json.loads(text)["keys"][0]["keyid"]
    write("edited.json", text.replace(keyid, "0" * 64).encode())
    for name, message in (
        ("missing.json", "must be readable"),
        ("record.sealed.json", "record.sealed.json"),
        ("twice.json", "version"),
        ("edited.json", "keys[0].keyid"),
    ):
        shown = call("verify", "record.sealed.json", "--trust", name)
        assert (shown.code, message in shown.err) == (2, True), shown.err


def test_nothing_is_overwritten_unasked(call: Call, bench: Path) -> None:
    """Every command that writes, and the pair of keys as a whole."""
    before = {path: path.read_bytes() for path in bench.rglob("*") if path.is_file()}
    for line in (
        "keygen keys/trainer.pem --unencrypted",
        "trust init trust.json --expires 2036-01-01 --key keys/trainer.pub --identity t --role r",
        "new logging -o record.yaml",
        "convert record.yaml plain.binpb",
        f"sign record.yaml --key {TRAINER} -o record.sealed.json",
    ):
        shown = call(*line.split())
        assert (shown.code, "must not exist yet" in shown.err) == (2, True), line
    assert {path: path.read_bytes() for path in bench.rglob("*") if path.is_file()} == before
    assert call("convert", "record.yaml", "plain.binpb", "--overwrite").code == 0
    write("alone.pub", b"mine")
    assert call("keygen", "alone.pem", "--unencrypted").code == 2
    assert not Path("alone.pem").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "No such command 'nonsense'"),
        ("verify", "Missing argument"),
        ("verify record.sealed.json", "Missing option '--trust'"),
        ("verify record.sealed.json --trust trust.json --at yesterday", "must be a time"),
        ("verify record.sealed.json --trust trust.json --at 2026-01-01T00:00", "time zone"),
        ("validate", "Missing argument"),
        ("validate trust.json --type Nonsense", "must be a message of mlspec.v1"),
        ("validate trust.json --type Stage", "must be a message of mlspec.v1"),
        ("validate model.joblib", "must have a suffix"),
        ("convert record.yaml out", "--to or its suffix"),
        ("convert record.yaml --to xml", "Invalid value for '--to'"),
        ("new nonsense", "must be a stage"),
        ("new", "Missing argument"),
        ("show mlspec.db", "must be named by its digest"),
        ("show record.sealed.json abcd", "must come with a store"),
        ("show mlspec.db zzzz", "hex characters"),
        ("records mlspec.db --stage nonsense", "must be a stage"),
        ("records mlspec.db --artifact nonsense", "must be a digest"),
        ("records mlspec.db --limit 0", "Invalid value for '--limit'"),
        ("lineage mlspec.db", "Missing argument"),
        ("lineage mlspec.db record.yaml", "made or read record.yaml"),
        ("keygen x.pem", "password must be given"),
        ("keygen x.pub --unencrypted", "must not end in .pub"),
        ("trust", "Usage"),
        ("trust add trust.json --key keys/trainer.pub --identity other --role r", "one identity"),
        ("trust show missing.json", "must be readable"),
        ("records sqlite:///missing.db", "must exist"),
        ("records oracle://nowhere", "must be a URL"),
    ],
)
def test_wrong_usage_is_told(call: Call, line: str, message: str) -> None:
    """With what would be right."""
    shown = call(*line.split())
    assert shown.code == 2
    assert message in shown.err + shown.out


def test_a_digest_must_name_one_record(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it does not, longer ones are offered."""
    monkeypatch.setattr(SqlStore, "resolve", lambda store, _prefix: list(store.records())[:2])
    shown = call("show", "mlspec.db", "abcd")
    assert (shown.code, "must be long enough" in shown.err) == (2, True)


def test_a_locked_store_says_so(call: Call, bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that does not let go; reading goes on."""
    monkeypatch.chdir(bench)
    patient = mlspec.store.open_store
    monkeypatch.setattr(mlspec.store, "open_store", functools.partial(patient, timeout=0.05))
    holder = sqlite3.connect("mlspec.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    shown = call("sign", "record.yaml", "--key", TRAINER, "--store", "mlspec.db", "-o", "o.json")
    assert (shown.code, "must be free to write" in shown.err) == (2, True)
    assert not Path("o.json").exists()
    assert call("records", "mlspec.db").code == 0
    holder.execute("ROLLBACK")
    holder.close()
