"""`mlspec export`: what it writes, for others to read."""

import json
from pathlib import Path

import pytest

from mlspec import open_store
from mlspec.cli.commands.export import command
from mlspec.exporters import read_bundle, read_statement
from mlspec.sealing import Envelope, Sealed, load_public_key, pae
from tests.cli.conftest import Call

IN_TOTO = ("export", "in-toto", "mlspec.db")
TRUST = ("--trust", "trust.json", "--key", "keys/trainer.pem")


@pytest.fixture
def trained(bench: Path) -> Sealed:
    """The record of the training step."""
    with open_store(bench / "mlspec.db", read_only=True) as store:
        (found,) = store.records(step="train")
        return store.get(found.sha256)


def test_a_statement_is_verified_made_and_signed(call: Call, bench: Path, trained: Sealed) -> None:
    """Its subject is the model, its predicate the record; the report says what was written."""
    done = call(*IN_TOTO, trained.hex[:8], *TRUST, "--output", "t.json", "--json")
    assert (done.code, done.err) == (0, "")
    envelope = Envelope.from_json((bench / "t.json").read_bytes())
    key = load_public_key("keys/trainer.pub")
    assert json.loads(done.out) == {
        "output": "t.json",
        "predicateType": "https://github.com/mlspec/mlspec/predicate/model_training/v1",
        "record": f"sha256:{trained.hex}",
        "keyid": key.keyid,
    }
    (signature,) = envelope.signatures
    assert key.fits(signature.sig, pae(envelope.payload_type, envelope.payload))
    statement = read_statement(envelope.payload)
    assert [subject.name for subject in statement.subjects] == ["model.joblib"]
    assert statement.record_sha256 == trained.sha256
    assert call(*IN_TOTO, trained.hex, *TRUST, "-o", "t.json").code == 2
    assert call(*IN_TOTO, trained.hex, *TRUST, "-o", "t.json", "--overwrite").code == 0


def test_the_document_goes_to_standard_output(call: Call, trained: Sealed) -> None:
    """And what is said about it beside it, so that a pipe carries only the document."""
    done = call(*IN_TOTO, trained.hex, *TRUST)
    assert done.code == 0
    assert read_statement(Envelope.from_json(done.out.encode()).payload).record is not None
    assert trained.hex in done.err


def test_a_bundle_of_an_envelope_or_of_a_record_in_a_store(call: Call, trained: Sealed) -> None:
    """Both are read back."""
    done = call("export", "sigstore-bundle", "mlspec.db", trained.hex[:8])
    assert done.code == 0
    assert Sealed(read_bundle(done.out.encode())) == trained
    done = call("export", "sigstore-bundle", "record.sealed.json", "-o", "b.json")
    assert (done.code, done.err) == (0, "")
    assert done.out == "b.json  application/vnd.mlspec.record.v1+protobuf\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("in-toto record.sealed.json --trust trust.json --key keys/trainer.pem", 2, "outputs"),
        ("in-toto mlspec.db --trust trust.json --key keys/trainer.pem", 2, "digest"),
        ("in-toto record.sealed.json ab --trust trust.json --key keys/trainer.pem", 2, "store"),
        ("in-toto none.json --trust trust.json --key keys/trainer.pem", 2, "none.json"),
        ("in-toto record.sealed.json --key keys/trainer.pem", 2, "--trust"),
        ("sigstore-bundle record.sealed.json --keyid zz", 2, "signatures"),
        ("sigstore-bundle record.yaml", 2, "record.yaml"),
    ],
)
def test_what_cannot_be_exported(call: Call, arguments: str, code: int, words: str) -> None:
    """The error names the place and the remedy, and nothing is written."""
    done = call("export", *arguments.split())
    assert (done.code, done.out) == (code, "")
    assert words in done.err


def test_what_nobody_trusted_sealed_is_not_stated(call: Call, bench: Path) -> None:
    """Whoever signs a statement vouches for it: an untrusted record ends with 3, as in verify."""
    stranger = ("sign", "record.yaml", "--key", "keys/stranger.pem", "-o", "s.json")
    assert call(*stranger).code == 0
    done = call("export", "in-toto", "s.json", *TRUST, "-o", "t.json")
    assert done.code == 3
    assert not (bench / "t.json").exists()


@pytest.mark.parametrize("name", command.commands)
def test_each_form_explains_itself(call: Call, name: str) -> None:
    """With examples."""
    shown = call("export", name, "--help")
    assert (shown.code, shown.err) == (0, "")
    assert f"mlspec export {name} " in shown.out.partition("Example")[2]
