"""A reader meets records of a later minor version: every release does, and the package of today.

What it must make of them is the table of docs/spec/versions.md. All is asked of the installed
packages, each in an environment of its own.
"""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mlspec import Sealed
from mlspec.breaking import compare
from tests.compat import changes
from tests.compat import future as later
from tests.compat.conftest import HERE, RELEASES, TODAY, Installed, Records
from tests.compat.reader import STORES, Reading
from tools import release_kit, release_samples
from tools.places import ROOT, ToolError

pytestmark = pytest.mark.interop

_FAULTY = (ToolError, AssertionError)
FAULTS = tomllib.loads((HERE / "faults.toml").read_text(encoding="utf-8"))
NEEDED = "needs a reader of version {future} (this is {reader})"
ADDED = "is a field of a newer version"

DOUBTED = {
    "new_fields": [NEEDED, ADDED],
    "new_fields_readable": [ADDED],
    "new_value": ["model_training.progress.stop_reason: must be", "by the rules of this version"],
    "newer_reader": [NEEDED],
    "other_order": [NEEDED, ADDED],
}
"""The cases that a reader accepts without understanding them in full, and what it says of each."""

UNDERSTOOD = ("nothing_new", "ignorable")
"""The cases that an older reader understands in full."""

REFUSED = {
    "must_understand": ("record.annotation", 2, ["header.annotations[0]", "bank.example/embargo"]),
    "smuggled_{reader}": ("fields.unknown", 1, ["version {reader}, which it names"]),
    "versions_swapped": ("version.order", 1, ["header.least_reader_version", "999.0.0"]),
    "new_stage": ("role.missing", 3, ["stage {stage} in namespace"]),
}
"""The cases that a reader refuses: the error's id, the exit code, and what it says."""


@pytest.fixture
def names(reader: Installed, future: Installed, copy: Path) -> dict[str, str]:
    """What the words above are filled with."""
    stage = later.number(copy / "proto" / "mlspec" / "v1" / "stage.proto", later.STAGE)
    return {"reader": reader.version, "future": future.version, "stage": str(stage)}


def expect_fault(request: pytest.FixtureRequest, reader: Installed, name: str) -> None:
    """Expect the test to fail if the reader is a version that is known for it."""
    if reader.version in FAULTS[name]["versions"]:
        known = pytest.mark.xfail(strict=True, raises=_FAULTY, reason=FAULTS[name]["why"])
        request.applymarker(known)


def test_the_future_is_a_version_that_may_be(copy: Path) -> None:
    """It only adds to the specification of today, a stage and its rules among it: no break."""
    today, future = (
        FileDescriptorSet.FromString(
            (root / "python" / "mlspec" / "schema" / "mlspec.binpb").read_bytes()
        )
        for root in (ROOT, copy)
    )
    assert compare(today, future) == []


@pytest.mark.parametrize("case", DOUBTED)
def test_a_newer_record_is_verified_and_doubted(
    case: str, readings: dict[str, Reading], names: dict[str, str]
) -> None:
    """Signature and role were checked, the reasons are said, and no gate takes it for a pass."""
    reading = readings[case]
    assert reading["error"] == ""
    assert reading["signers"]
    assert not reading["understood"]
    for words in DOUBTED[case]:
        assert words.format(**names) in reading["words"]


def test_both_kinds_of_key_count(readings: dict[str, Reading]) -> None:
    """Each alone, and together."""
    both = ["writer@mlspec.test", "approver@mlspec.test"]
    assert readings["new_fields"]["signers"] == both
    alone = [readings[case]["signers"] for case in (*DOUBTED, *UNDERSTOOD)]
    assert all([name] in alone for name in both)


@pytest.mark.parametrize("case", UNDERSTOOD)
def test_a_newer_record_without_news_is_understood(case: str, readings: dict[str, Reading]) -> None:
    """Nothing in it is unknown, its writer says that older readers lose nothing."""
    assert readings[case]["words"] == ""
    assert readings[case]["understood"]


@pytest.mark.parametrize("case", REFUSED)
def test_what_must_not_be_relied_on_is_refused(
    case: str, readings: dict[str, Reading], names: dict[str, str]
) -> None:
    """An annotation that must be understood, a smuggled field, an impossible pair of versions."""
    error, code, said = REFUSED[case]
    reading = readings[case.format(**names)]
    assert (reading["error"], reading["exit_code"]) == (error, code)
    for words in said:
        assert words.format(**names) in reading["words"]
    assert not reading["understood"]


def test_payloads_are_handed_on_byte_for_byte(
    readings: dict[str, Reading], records: Records
) -> None:
    """Through every store, refused or not; one is such that encoding it anew would show."""
    assert readings.keys() == records.digests.keys()
    for case, digest in records.digests.items():
        assert set(readings[case]["sha256"]) == {digest}, case
        assert len(readings[case]["sha256"]) >= 1 + len(STORES)
    assert readings["other_order"]["reencoded"] != records.digests["other_order"]


def test_the_signature_covers_what_the_reader_does_not_know(
    reader: Installed, records: Records, trust: Path, tmp_path: Path
) -> None:
    """A changed byte in an unknown field is tampering."""
    data = Sealed.from_any(records.envelope("new_fields").read_bytes()).to_bytes()
    changed = tmp_path / "changed"
    changed.write_bytes(data.replace(b"eu-central", b"us-central"))
    assert changed.read_bytes() != data
    said = reader.mlspec("verify", changed, "--trust", trust, code=1)
    assert "must fit the payload" in said


def test_the_command_says_the_reasons(
    reader: Installed, records: Records, trust: Path, names: dict[str, str]
) -> None:
    """`mlspec verify` prints them below the line of the record."""
    said = reader.mlspec("verify", records.envelope("new_fields"), "--trust", trust)
    line, *notes = said.splitlines()
    assert "  model_training  " in line
    assert NEEDED.format(**names) in notes[0]
    assert ADDED in notes[1]


def test_what_is_not_fully_understood_is_no_pass(
    reader: Installed, records: Records, trust: Path, request: pytest.FixtureRequest
) -> None:
    """Neither by itself nor in a store, while what is understood passes; and it fails nothing."""
    expect_fault(request, reader, "not_understood_passes")
    alone = reader.mlspec("verify", records.envelope("new_fields"), "--trust", trust)
    assert alone.startswith("NOT PROVEN  model_training  ")
    known = reader.mlspec("verify", records.envelope("nothing_new"), "--trust", trust)
    assert known.startswith("PASS  ")
    stored = reader.mlspec("verify", records.folder / "run.mlspecs", "--trust", trust)
    (line,) = (line for line in stored.splitlines() if "  model_training" in line)
    assert line.startswith("NOT PROVEN")


@pytest.mark.parametrize("case", REFUSED)
def test_the_command_refuses(
    case: str, reader: Installed, records: Records, trust: Path, names: dict[str, str]
) -> None:
    """`mlspec verify` exits with the error's code, and says what to do."""
    _, code, said = REFUSED[case]
    envelope = records.envelope(case.format(**names))
    printed = reader.mlspec("verify", envelope, "--trust", trust, code=code)
    assert all(words.format(**names) in printed for words in said)


def test_a_record_is_not_shown_without_what_is_unknown(reader: Installed, records: Records) -> None:
    """`mlspec show` cannot print such a field, and prints no record without it."""
    said = reader.mlspec("show", records.envelope("new_fields_readable"), code=2)
    assert "must hold only fields that this version of MLSpec knows" in said
    assert "recordId" not in said


def test_a_stage_that_is_unknown_is_named(
    reader: Installed, records: Records, names: dict[str, str]
) -> None:
    """By its number; and the reader says that a newer one is needed."""
    said = json.loads(reader.mlspec("validate", "--json", records.envelope("new_stage")))
    assert said[0]["what"] == "sealed record (stage {stage})".format(**names)
    assert NEEDED.format(**names) in said[0]["doubts"]


def test_a_stage_that_is_unknown_can_be_trusted(
    reader: Installed,
    records: Records,
    trust: Path,
    names: dict[str, str],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """A trust file names it by its number, and the record is verified and doubted."""
    expect_fault(request, reader, "new_stage_trusted")
    policy = json.loads(trust.read_text())
    policy["roles"][0]["stages"].append(int(names["stage"]))
    wider = tmp_path / "wider.json"
    wider.write_text(json.dumps(policy))
    said = reader.mlspec("verify", records.envelope("new_stage"), "--trust", wider)
    assert said.startswith("NOT PROVEN  stage {stage}".format(**names))
    assert NEEDED.format(**names) in said


def test_countersigning_keeps_the_payload(
    reader: Installed, records: Records, tmp_path: Path
) -> None:
    """`mlspec sign` adds a signature, and stores the record where it is told to."""
    key, twice = tmp_path / "key.pem", tmp_path / "twice.json"
    reader.mlspec("keygen", key, "--unencrypted")
    store = f"{tmp_path}/{STORES[0]}"
    case = records.envelope("other_order")
    reader.mlspec("sign", case, "--key", key, "--output", twice, "--store", store)
    sealed = Sealed.from_any(twice.read_bytes())
    assert sealed.hex == records.digests["other_order"]
    assert len(sealed.signatures) == 2
    assert sealed.hex[:12] in reader.mlspec("records", store)


def test_a_whole_run_of_the_future_is_verified(
    reader: Installed, records: Records, trust: Path, names: dict[str, str]
) -> None:
    """Its manifest names its records, and the doubts stand in the record's line."""
    said = reader.mlspec("verify", records.folder / "run.mlspecs", "--trust", trust)
    (line,) = (line for line in said.splitlines() if "model_training" in line)
    assert NEEDED.format(**names) in line
    assert "its 1 records are those that its manifest names" in said


@pytest.mark.parametrize("version", RELEASES)
def test_the_future_reads_every_release(version: str, future: Installed, tmp_path: Path) -> None:
    """Vectors mean what they did, and sealed records verify, for who adds to the specification."""
    release = RELEASES[version]
    vectors = release_kit.unpack(release.vectors, tmp_path / "vectors")
    sealed = release_kit.unpack(release.sealed, tmp_path / "sealed")
    count, differences = json.loads(future.script("vectors.py", vectors))
    assert count
    differences |= _refused(future, sealed)
    assert "\n".join(changes.undeclared(version, differences, changes.read())) == ""


def test_the_future_reads_records_of_today(
    future: Installed, installed: Callable[[str], Installed], tmp_path: Path
) -> None:
    """What the package of the working tree seals, it understands in full."""
    script, samples = Path(release_samples.__file__), tmp_path / "sealed"
    installed(TODAY).script(str(script), ROOT / "vectors" / "v1", samples)
    assert _refused(future, samples) == {}


def _refused(future: Installed, folder: Path) -> dict[str, str]:
    """Return what the future does not understand in full of the sealed records in a folder."""
    readings = json.loads(future.script("reader.py", folder, folder / "trust.json"))
    assert readings
    return {
        f"sealed/{name}.sealed.json": reading["words"]
        for name, reading in readings.items()
        if not reading["understood"]
    }
