"""A folder as a user has it: keys, a trust file, a record, an envelope, and a store."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from ssl import DER_cert_to_PEM_cert

import pytest

from mlspec import Run, records, v1
from mlspec.breaking import load_image
from mlspec.cli import main
from mlspec.codec import Format, encode
from mlspec.records import new_id
from mlspec.sealing import (
    generate_key,
    load_private_key,
    load_signer,
    make_successor,
    seal,
    trust_edit,
    write_private_key,
    write_public_key,
)
from tests.cli.request_logs import write_logs
from tests.unit import samples
from tests.unit.evidence.making import make_case
from tests.unit.sealing.certificates import certificate

PEOPLE = ("trainer", "approver", "stranger")


@dataclass(frozen=True)
class Result:
    """What a command came to."""

    code: int
    out: str
    err: str


Call = Callable[..., Result]


def record(**header: object) -> v1.Record:
    """A complete record: a dataset is created."""
    made = new_id()
    attributes = v1.ObjectAttributes(id=made, name=f"loans-{made}", status=v1.OBJECT_STATUS_ACTIVE)
    body = v1.ObjectEvent(
        action=v1.OBJECT_ACTION_CREATE,
        object_kind=v1.OBJECT_KIND_DATASET,
        object_id=made,
        dataset=v1.Dataset(attributes=attributes),
    )
    head = records.new_header(v1.STAGE_OBJECT_EVENT, namespace="loans", run_id=new_id())
    for field, value in header.items():
        setattr(head, field, value)
    return records.new_record(body, head)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything, made once."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "keys").mkdir()
    draft = trust_edit.new_policy(samples.in_days(30))
    for name in PEOPLE:
        key = generate_key()
        write_private_key(key, folder / "keys" / f"{name}.pem", None)
        write_public_key(key.public, folder / "keys" / f"{name}.pub")
        if name != "stranger":
            draft = trust_edit.add_key(draft, key.public, f"{name}@bank.example")
            draft = trust_edit.add_role(draft, name, [key.keyid], stages=records.all_stages())
    trust_edit.save(draft, folder / "trust.json")
    _write_signed_trust(folder, draft)
    signer = load_signer(folder / "keys" / "trainer.pem")
    made = record()
    (folder / "record.yaml").write_bytes(encode(made, Format.YAML))
    (folder / "plain.binpb").write_bytes(encode(made))
    (folder / "record.sealed.json").write_bytes(seal(made, signer).to_json())
    (folder / "authority.pem").write_text(DER_cert_to_PEM_cert(certificate()))
    (folder / "model.joblib").write_bytes(b"a model")
    (folder / "table.csv").write_bytes(b"a,b\n")
    _write_protos(folder)
    write_logs(folder)
    make_case(folder / "loans").build()
    environment = v1.Environment(language="CPython")
    with Run(
        "loan-approval",
        store=folder / "mlspec.db",
        signer=signer,
        namespace="loans",
        environment=environment,
    ) as run:
        with run.step(record().object_event, name="ingest") as first:
            first.output(folder / "table.csv")
        with run.step(v1.ModelTraining(), name="train") as second:
            second.input(folder / "table.csv")
            second.input(first)
            second.output(folder / "model.joblib", role="model")
            second.skip("for the test")
    return folder


def _write_signed_trust(folder: Path, draft: v1.TrustPolicy) -> None:
    """A trust file with a root, and the version that its root signed next."""
    approver = load_private_key(folder / "keys" / "approver.pem")
    old = trust_edit.save(trust_edit.add_root_key(draft, approver.keyid), folder / "trust.old.json")
    (folder / "trust.dsse.json").write_bytes(make_successor(old, old.message, [approver]))


def _write_protos(folder: Path) -> None:
    """A repository of .proto files with a release, as somebody else has it."""
    text = 'syntax = "proto3"; package shop.v1; message Order { string id = 1; bytes tag = 2; }'
    (folder / "proto").mkdir()
    (folder / "proto" / "order.proto").write_text(text)
    (folder / "breaks.toml").write_text("breaks = []\n")
    (folder / "released.binpb").write_bytes(load_image(folder / "proto").SerializeToString())
    git = ["git", "-c", "user.name=Pat", "-c", "user.email=pat@shop.example"]
    for arguments in (
        ["init", "-q", "-b", "main"],
        ["add", "proto"],
        ["-c", "commit.gpgsign=false", "commit", "-q", "-m", "orders"],
        ["tag", "v1.2.0"],
    ):
        subprocess.run([*git, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def bench(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder, which the command line is called in."""
    folder = tmp_path / "bench"
    shutil.copytree(prepared, folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLSPEC_KEY_PASSWORD", raising=False)
    return folder


@pytest.fixture
def call(bench: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    """Call the command line in this process."""

    def run(*arguments: str) -> Result:
        capfdbinary.readouterr()
        code = main(arguments)
        out, err = capfdbinary.readouterr()
        return Result(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    return run
