"""What each command does when all is well."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import yaml

from mlspec import codec, open_store, records, unseal, v1
from mlspec.cli import main
from mlspec.cli.commands import verify
from mlspec.codec import Format
from mlspec.sealing import Sealed, TrustPolicy, load_private_key
from tests.cli.conftest import Call, record


def test_keygen_makes_a_pair(call: Call, bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The private key for its owner's eyes only, encrypted unless told otherwise."""
    monkeypatch.setenv("MLSPEC_KEY_PASSWORD", "correct horse")
    shown = call("keygen", "new/mine.pem", "--json")
    made = json.loads(shown.out)
    assert (shown.code, made["private"], made["public"]) == (0, "new/mine.pem", "new/mine.pub")
    assert stat.S_IMODE((bench / "new/mine.pem").stat().st_mode) == 0o600
    assert b"ENCRYPTED" in (bench / "new/mine.pem").read_bytes()
    assert load_private_key("new/mine.pem", "correct horse").keyid == made["keyid"]
    shown = call("keygen", "other.pem", "--algorithm", "ecdsa-p256", "--unencrypted")
    assert shown.code == 0
    assert load_private_key("other.pem").keyid in shown.out
    assert load_private_key("other.pem").algorithm == "ecdsa-p256"


def test_keygen_asks_for_the_password(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice, without showing it."""
    asked = []

    def prompt(text: str, **how: object) -> str:
        asked.append((text, how["hide_input"], how["confirmation_prompt"]))
        return "correct horse"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", prompt)
    assert call("keygen", "mine.pem").code == 0
    assert asked == [("Password", True, True)]
    assert load_private_key("mine.pem", "correct horse").keyid


def test_trust_files_grow(call: Call) -> None:
    """Version by version, role by role."""
    person = ["--identity", "t@bank.example", "--key", "keys/trainer.pub", "--role", "trainer"]
    shown = call("trust", "init", "t.json", "--expires", "2036-01-01", *person)
    assert (shown.code, shown.out) == (0, "t.json: version 1, 1 key, 1 role\n")
    first = TrustPolicy.load("t.json")
    assert first.roles[0].stages == set(records.all_stages())
    other = ["--identity", "a@bank.example", "--key", "keys/approver.pub"]
    assert call("trust", "add", "t.json", *other, "--role", "trainer").code == 0
    shown = call(
        *("trust", "add", "t.json", *other, "--role", "approver", "--stage", "gate_decision"),
        *("--namespace", "loans/*", "--power", "waive"),
    )
    assert shown.out == "t.json: version 3, 2 keys, 2 roles\n"
    policy = TrustPolicy.load("t.json")
    assert [len(role.keyids) for role in policy.roles] == [2, 1]
    assert policy.roles[1].stages == {v1.STAGE_GATE_DECISION}
    assert policy.roles[1].powers == {v1.TRUST_POWER_WAIVE}
    shown = call("trust", "show", "t.json")
    assert shown.code == 0
    assert "approver  1" in shown.out
    assert "gate_decision" in shown.out
    assert json.loads(call("trust", "show", "t.json", "--json").out)["version"] == "3"


def test_a_key_that_counts_for_a_time(call: Call) -> None:
    """The options reach the file."""
    call(
        *("trust", "init", "t.json", "--expires", "2036-01-01T00:00:00+01:00"),
        *("--identity", "t", "--key", "keys/trainer.pub", "--role", "r"),
        *("--valid-from", "2026-01-01", "--valid-until", "2027-01-01T12:00:00Z"),
    )
    (key,) = TrustPolicy.load("t.json").keys.values()
    assert key.valid_from is not None
    assert key.valid_until is not None
    assert f"{key.valid_from} {key.valid_until}" == (
        "2026-01-01 00:00:00+00:00 2027-01-01 12:00:00+00:00"
    )


@pytest.mark.parametrize("stage", [records.stage_name(stage) for stage in records.all_stages()])
def test_templates_explain_every_field(call: Call, stage: str) -> None:
    """In YAML and in text; both can be read as they are, and with a field uncommented."""
    descriptor = records.body_type(records.stage_by_name(stage)).DESCRIPTOR
    for form in (Format.YAML, Format.TEXT):
        text = call("new", stage, "--format", form.value).out
        empty = codec.decode(v1.Record, text.encode(), form)
        assert records.stage_name(empty.header.stage) == stage
        assert records.is_id(empty.header.record_id)
        for field in descriptor.fields:
            name = field.name if form is Format.TEXT else field.json_name
            assert f"\n  #{name}" in text
    assert text.count("\n  # ") >= len(descriptor.fields)


def test_a_template_uncommented_is_a_record(call: Call, bench: Path) -> None:
    """Taking the marks away is all there is to do but knowing the facts."""
    assert call("new", "model_training", "-o", "t.yaml", "--namespace", "loans").code == 0
    text = (bench / "t.yaml").read_text().replace('#algorithm: ""', 'algorithm: "ridge"')
    (bench / "t.yaml").write_text(text)
    made = codec.read(v1.Record, "t.yaml")
    assert (made.model_training.algorithm, made.header.namespace_name) == ("ridge", "loans")
    lines = [line.replace("  #", "  ", 1) for line in text.splitlines() if "  #" in line]
    shape = [line for line in lines if not line.startswith("   ") or ":" in line]
    assert yaml.safe_load("\n".join(line for line in shape if not line.startswith("   ")))


@pytest.mark.parametrize("name", ["record.yaml", "plain.binpb", "record.sealed.json"])
def test_valid_files_are_said_to_be(call: Call, name: str) -> None:
    """Whatever their form."""
    shown = call("validate", name)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"{name}: valid ")
    assert "object_event" in shown.out
    assert json.loads(call("validate", name, "--json").out)[0]["valid"] is True


def test_other_messages_can_be_validated(call: Call) -> None:
    """By their name in the specification."""
    for name in ("TrustPolicy", "mlspec.v1.TrustPolicy"):
        assert call("validate", "trust.json", "--type", name).code == 0


def test_conversion_loses_nothing(call: Call, bench: Path) -> None:
    """Round through every form."""
    for source, target in (
        ("record.yaml", "a.json"),
        ("a.json", "b.txtpb"),
        ("b.txtpb", "c.binpb"),
        ("c.binpb", "d.yaml"),
    ):
        assert call("convert", source, target).code == 0
    assert (bench / "d.yaml").read_bytes() == (bench / "record.yaml").read_bytes()
    shown = call("convert", "record.yaml", "--to", "json")
    assert shown.out == (bench / "a.json").read_text()


def test_conversion_reads_standard_input(
    call: Call, bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And tells JSON and YAML apart if nobody says."""
    for name, given in (("record.yaml", []), ("record.yaml", ["--from", "yaml"])):
        with (bench / name).open("rb") as file:
            monkeypatch.setattr("sys.stdin", type("In", (), {"buffer": file, "isatty": bool})())
            shown = call("convert", "-", "-", "--to", "binary", *given)
        assert (shown.code, shown.err) == (0, "")


def test_signing_seals_and_countersigns(call: Call) -> None:
    """The same bytes, one more signature."""
    for arguments in (
        ("record.yaml", "--key", "keys/trainer.pem", "-o", "one.json"),
        ("one.json", "--key", "keys/approver.pem", "-o", "two.json"),
    ):
        shown = call("sign", *arguments)
        assert (shown.code, shown.out) == (0, "")
    one, two = (Sealed.from_any(Path(name).read_bytes()) for name in ("one.json", "two.json"))
    assert one.payload == two.payload
    assert two.signatures[:1] == one.signatures
    verified = unseal(two, TrustPolicy.load("trust.json"))
    assert [each.identity for each in verified.signers] == [
        "trainer@bank.example",
        "approver@bank.example",
    ]
    shown = call("sign", "record.yaml", "--key", "keys/trainer.pem")
    assert Sealed.from_json(shown.out.encode()).payload == one.payload


def test_signing_can_store(call: Call) -> None:
    """In one go."""
    arguments = ("--key", "keys/trainer.pem", "--store", "new.db", "-o", "s.json")
    assert call("sign", "record.yaml", *arguments).code == 0
    with open_store("new.db", create=False) as store:
        assert store.size() == 1


def test_showing_says_who_checked(call: Call) -> None:
    """A claim is a claim until it is verified."""
    shown = call("show", "record.sealed.json")
    assert shown.out.startswith("# UNVERIFIED")
    assert "stage: STAGE_OBJECT_EVENT" in shown.out
    shown = call("show", "record.sealed.json", "--trust", "trust.json")
    assert shown.out.startswith("# verified: signed by trainer@bank.example")
    told = json.loads(call("show", "record.sealed.json", "--json").out)
    assert (told["verified"], told["signers"]) == (False, [])
    for form in ("text", "json"):
        assert call("show", "record.sealed.json", "--format", form).code == 0


def test_showing_takes_the_start_of_a_digest(call: Call) -> None:
    """From a store."""
    digest = json.loads(call("records", "mlspec.db", "--step", "train", "--json").out)[0]["digest"]
    shown = call("show", "mlspec.db", digest.removeprefix("sha256:")[:10], "--trust", "trust.json")
    assert shown.code == 0
    assert digest in shown.out
    assert "stepName: train" in shown.out


def test_a_sealed_record_is_verified(call: Call) -> None:
    """By a file of either form."""
    shown = call("verify", "record.sealed.json", "--trust", "trust.json")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("PASS  object_event  ")
    told = json.loads(call("verify", "record.sealed.json", "--trust", "trust.json", "--json").out)
    assert told["signers"] == ["trainer@bank.example"]
    Path("envelope.pb").write_bytes(
        Sealed.from_any(Path("record.sealed.json").read_bytes()).to_bytes()
    )
    assert call("verify", "envelope.pb", "--trust", "trust.json").code == 0


def test_a_store_is_verified(call: Call) -> None:
    """A line for each record and run, and the sum."""
    shown = call("verify", "mlspec.db", "--trust", "trust.json")
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert len([line for line in lines if line.startswith("PASS       record")]) == 3
    assert lines[-1] == "HOLDS: 3 records PASS, 1 run PASS"
    quiet = call("verify", "mlspec.db", "--trust", "trust.json", "--quiet")
    assert quiet.out.splitlines() == lines[-1:]
    told = json.loads(call("verify", "mlspec.db", "--trust", "trust.json", "--json").out)
    assert (told["exitCode"], told["counts"]) == (0, {"record.PASS": 3, "run.PASS": 1})
    assert len(told["lines"]) == 4


def test_long_work_shows_how_far_it_is(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """To people only: on standard error, and only if that is a terminal."""
    monkeypatch.setattr(verify, "_LONG_WORK", 1)
    assert "verifying" not in call("verify", "mlspec.db", "--trust", "trust.json").err
    monkeypatch.setattr(verify, "may_draw", lambda: True)
    shown = call("verify", "mlspec.db", "--trust", "trust.json")
    assert shown.code == 0
    assert "verifying" in shown.err
    assert shown.out.splitlines()[-1].startswith("HOLDS")


def test_verifying_writes_nothing(call: Call, bench: Path) -> None:
    """Not into the store, and nothing is left beside it."""
    before = {path: path.read_bytes() for path in bench.iterdir() if path.is_file()}
    for command in ("verify mlspec.db --trust trust.json", "records mlspec.db"):
        assert call(*command.split()).code == 0
    after = {path: path.read_bytes() for path in bench.iterdir() if path.is_file()}
    assert after == before


def test_records_are_listed(call: Call) -> None:
    """In columns, narrowed down as asked."""
    shown = call("records", "mlspec.db")
    assert shown.code == 0
    head, *rows = shown.out.splitlines()
    assert head.split() == ["DIGEST", "STAGE", "STEP", "STATE", "RUN", "NAMESPACE", "CREATED"]
    assert ["ingest#1" in rows[0], "train#1" in rows[1], len(rows)] == [True, True, 3]
    assert "unverified" in shown.err
    for narrowed, count in (
        (("--stage", "run-manifest"), 1),
        (("--step", "train"), 1),
        (("--namespace", "loans"), 3),
        (("--namespace", "cards"), 0),
        (("--artifact", "table.csv"), 2),
        (("--artifact", "model.joblib"), 1),
        (("--limit", "2"), 2),
        (("--run", record().header.run_id), 0),
    ):
        assert len(json.loads(call("records", "mlspec.db", *narrowed, "--json").out)) == count


def test_lineage_is_a_tree(call: Call) -> None:
    """Up from a model to its data, down from the data to the model; by digest or by file."""
    shown = call("lineage", "mlspec.db", "model.joblib")
    assert shown.code == 0
    first, second = shown.out.splitlines()
    assert "model_training train#1  skipped" in first
    assert second.startswith("└─ ")
    assert "object_event ingest#1" in second
    shown = call("lineage", "mlspec.db", "table.csv", "--down")
    assert ["ingest#1" in line for line in shown.out.splitlines()] == [True, False]
    digest = json.loads(call("records", "mlspec.db", "--step", "train", "--json").out)[0]["digest"]
    told = json.loads(call("lineage", "mlspec.db", digest, "--json").out)
    assert [(node["depth"], node["stage"]) for node in told] == [
        (0, "model_training"),
        (1, "object_event"),
    ]
    assert len(json.loads(call("lineage", "mlspec.db", digest, "--depth", "1", "--json").out)) == 2


def test_debug_shows_where_an_error_came_from(call: Call) -> None:
    """And only then."""
    assert "Traceback" not in call("validate", "missing.yaml").err
    shown = call("verify", "missing.json", "--trust", "trust.json", "--debug")
    assert shown.code == 2
    assert "Traceback" in shown.err


def test_a_bug_is_told_from_a_mistake(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw has an exit code of its own, and asks to be reported."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr("mlspec.files.read_bytes", broken)
    monkeypatch.setattr("mlspec.cli.commands.convert.read_bytes", broken)
    shown = call("convert", "record.yaml", "--to", "json")
    assert shown.code == 70
    assert "report" in shown.err


def test_strangers_text_cannot_drive_the_terminal(call: Call, bench: Path) -> None:
    """Escape sequences in a record are not passed on."""
    made = record()
    made.header.inputs.add(name="evil\x1b[2J\u202ename")
    (bench / "evil.yaml").write_bytes(codec.encode(made, Format.YAML))
    assert call("sign", "evil.yaml", "--key", "keys/trainer.pem", "-o", "evil.json").code == 0
    for form in ("yaml", "text"):
        shown = call("show", "evil.json", "--format", form)
        assert shown.code == 0
        assert "\x1b" not in shown.out
        assert "\u202e" not in shown.out


def test_main_reads_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without arguments it takes the process's."""
    monkeypatch.setattr("sys.argv", ["mlspec", "--version"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("mlspec ")
