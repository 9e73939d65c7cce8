"""Reading a bundle: whatever a stranger hands over, it is that bundle or it is refused."""

from __future__ import annotations

import io
import os
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mlspec.errors import DecodeError, InputError, LimitError, MLSpecError, VerificationError
from mlspec.evidence import Bundle, Claim, verify
from mlspec.evidence.bundle import manifest_of
from mlspec.evidence.layout import MAX_FILES
from mlspec.evidence.writing import zip_of
from tests.unit.evidence.making import Case, failing, remade

TRAVERSALS = (
    "../outside",
    "records/../../outside",
    "/etc/passwd",
    "records/./x",
    "records//x",
    "..\\outside",
    "C:\\outside",
    "records/%2e%2e/x",
    "records/\x00",
    "leaf.bin\x00.txt",
    "LEAF.BIN",
    "leaf.bin ",
    "leaf.bin\n",
    "\uff2c\uff25\uff21\uff26.bin",
    "records/..",
    "",
)


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A copy of the bundle's folder that a test may spoil."""
    made = tmp_path / "copy"
    shutil.copytree(folder, made)
    return made


def refusal(call: Callable[[], object]) -> MLSpecError:
    """The error that a call raises."""
    with pytest.raises(MLSpecError) as raised:
        call()
    return raised.value


def test_a_folder_and_its_zip_are_one_bundle(case: Case, folder: Path, tmp_path: Path) -> None:
    """Name by name and byte by byte; both verify."""
    bundle = Bundle.open(folder)
    path = tmp_path / "bundle.zip"
    path.write_bytes(zip_of(bundle))
    assert Bundle.open(path) == bundle
    assert Bundle.open(path).sha256 == bundle.sha256
    assert verify(path, case.trust) == verify(folder, case.trust)
    assert verify(path, case.trust).exit_code == 0


def test_other_programs_zips_are_read(folder: Path, tmp_path: Path) -> None:
    """They have entries for folders, dates, and another order."""
    shutil.make_archive(str(tmp_path / "made"), "zip", folder)
    assert Bundle.open(tmp_path / "made.zip") == Bundle.open(folder)


@pytest.mark.parametrize("name", TRAVERSALS)
def test_f1_names_that_lead_elsewhere_are_refused(bundle: Bundle, name: str) -> None:
    """In the manifest, in a zip file, and among files: only known names are in a bundle."""
    files = dict(bundle.files) | {name: b"x"}
    error = refusal(lambda: Bundle.of(files))
    assert (error.id, error.exit_code) == ("bundle.unknown_file", 1)
    line = b"%b  %b\n" % (b"0" * 64, name.encode())
    listed = dict(bundle.files) | {"MANIFEST": line + bundle.files["MANIFEST"]}
    assert refusal(lambda: Bundle.of(listed)).id in ("bundle.manifest", "bundle.unknown_file")
    assert Bundle.of(bundle.files) == bundle


@pytest.mark.parametrize("name", TRAVERSALS)
def test_f5_a_zip_cannot_write_or_read_outside(bundle: Bundle, tmp_path: Path, name: str) -> None:
    """No path is ever made from a name in it."""
    path = tmp_path / "slip.zip"
    files = dict(bundle.files)
    with zipfile.ZipFile(path, "w") as archive:
        for each, data in files.items():
            archive.writestr(each, data)
        entry = zipfile.ZipInfo("leaf.bin")
        entry.filename = name
        archive.writestr(entry, b"x")
    error = refusal(lambda: Bundle.open(path))
    assert error.id in ("bundle.unknown_file", "bundle.zip")
    assert [each.name for each in tmp_path.iterdir()] == ["slip.zip"]


def test_f2_a_symbolic_link_is_refused(case: Case, copy: Path, tmp_path: Path) -> None:
    """A file's, and a folder's, even if it leads to the right bytes."""
    (tmp_path / "leaf.bin").write_bytes((copy / "leaf.bin").read_bytes())
    assert verify(copy, case.trust).exit_code == 0
    (copy / "leaf.bin").unlink()
    (copy / "leaf.bin").symlink_to(tmp_path / "leaf.bin")
    assert refusal(lambda: verify(copy, case.trust)).id == "bundle.not_a_file"
    (copy / "leaf.bin").unlink()
    shutil.move(copy / "records", tmp_path / "records")
    (copy / "records").symlink_to(tmp_path / "records")
    assert refusal(lambda: Bundle.open(copy)).id == "bundle.not_a_file"


def test_f2_a_hard_link_and_a_pipe_are_refused(case: Case, copy: Path, tmp_path: Path) -> None:
    """Whoever has the other name could change the file while it is looked at."""
    os.link(copy / "leaf.bin", tmp_path / "elsewhere")
    error = refusal(lambda: verify(copy, case.trust))
    assert (error.id, error.exit_code) == ("bundle.not_a_file", 2)
    (tmp_path / "elsewhere").unlink()
    assert verify(copy, case.trust).exit_code == 0
    (copy / "leaf.bin").unlink()
    os.mkfifo(copy / "leaf.bin")
    assert refusal(lambda: verify(copy, case.trust)).id == "bundle.not_a_file"


def test_f2_a_link_in_a_zip_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    """Its mode says that it is one."""
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in bundle.files.items():
            entry = zipfile.ZipInfo(name)
            mode = 0o120777 if name == "leaf.bin" else 0o100644
            entry.external_attr = mode << 16
            archive.writestr(entry, data)
    assert refusal(lambda: Bundle.open(path)).id == "bundle.not_a_file"


@pytest.mark.parametrize(
    ("spoil", "error_id"),
    [
        (lambda folder: (folder / "leaf.bin").unlink(), "bundle.missing"),
        (lambda folder: (folder / "MANIFEST").unlink(), "bundle.missing"),
        (lambda folder: (folder / "leaf.bin").rename(folder / "side.bin"), "bundle.missing"),
        (lambda folder: (folder / "leaf.bin").write_bytes(b"x"), "bundle.altered"),
        (lambda folder: swap(folder / "leaf.bin", folder / "claim.json"), "bundle.altered"),
        (lambda folder: (folder / "between.bin.bak").write_bytes(b""), "bundle.unknown_file"),
        (lambda folder: put(folder / ".git/HEAD"), "bundle.unknown_file"),
        (lambda folder: put(folder / f"records/{'0' * 64}.dsse.json"), "bundle.added"),
    ],
    ids=["missing", "no manifest", "renamed", "altered", "swapped", "added", "git", "record"],
)
def test_f3_added_missing_renamed_and_swapped_files_are_noticed(
    case: Case, copy: Path, spoil: Callable[[Path], object], error_id: str
) -> None:
    """The manifest binds names and bytes; the untouched twin passes."""
    assert verify(copy, case.trust).exit_code == 0
    spoil(copy)
    report = verify(copy, case.trust)
    assert (failing(report), report.exit_code) == ([("bundle.whole", error_id)], 1)


def put(path: Path) -> None:
    """Write a small file, and its folder."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"{}")


def swap(one: Path, other: Path) -> None:
    """Give two files each other's bytes."""
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def test_f5_a_name_twice_in_a_zip_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    """Two readers could take two different files; so can names that only one of them cuts."""
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in bundle.files.items():
            archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("leaf.bin", b"another")
    error = refusal(lambda: Bundle.open(path))
    assert (error.id, type(error)) == ("bundle.zip", DecodeError)


def test_f5_bombs_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    """By what comes out, not by what an entry says of itself; and by how many there are."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("between.bin", bytes(32 * 1024 * 1024))
    error = refusal(lambda: Bundle.open(path))
    assert (error.id, type(error)) == ("bundle.size", LimitError)
    data = bytearray(zip_of(bundle))
    count = struct.pack("<HH", 0xFFFE, 0xFFFE)
    data[-14:-10] = count
    path.write_bytes(data)
    assert 2 * MAX_FILES < 0xFFFE
    assert refusal(lambda: Bundle.open(path)).id == "bundle.size"
    too_many = {f"records/{number:064x}.dsse.json": b"" for number in range(MAX_FILES + 1)}
    assert refusal(lambda: Bundle.of(too_many)).id == "bundle.size"


def test_f5_zips_of_other_kinds_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    """Cut, with a comment, after other bytes, or no zip file at all."""
    whole = zip_of(bundle)
    path = tmp_path / "odd.zip"
    for data in (b"", b"PK\x03\x04", whole[:-1], whole + b"x", b"#!/bin/sh\n" + whole, whole[40:]):
        path.write_bytes(data)
        error = refusal(lambda: Bundle.open(path))
        assert (error.id, error.exit_code, error.source) == ("bundle.zip", 2, str(path))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("leaf.bin", b"x")
    path.write_bytes(made.getvalue())
    assert refusal(lambda: Bundle.open(path)).id == "bundle.zip"


@pytest.mark.parametrize("name", ["trust.json", "trust.dsse.json", "records/Trust.JSON"])
def test_c9_a_trust_file_in_the_bundle_is_refused(case: Case, copy: Path, name: str) -> None:
    """Whom to believe never comes from what is verified, not even by mistake."""
    assert verify(copy, case.trust).exit_code == 0
    (copy / name).write_bytes(case.trust.to_json())
    report = verify(copy, case.trust)
    assert failing(report) == [("bundle.whole", "bundle.trust_inside")]
    assert "from somebody you believe" in report.links[0].remedy


def test_other_places_are_unreadable(case: Case, tmp_path: Path) -> None:
    """What is not there, and what is neither a folder nor a file."""
    assert refusal(lambda: verify(tmp_path / "none", case.trust)).exit_code == 2
    os.mkfifo(tmp_path / "pipe")
    assert refusal(lambda: verify(tmp_path / "pipe", case.trust)).exit_code == 2
    assert isinstance(refusal(lambda: Bundle.open(tmp_path / "a\0b")), InputError)


def test_a_folder_too_deep_is_refused(copy: Path) -> None:
    """Nobody walks for ever."""
    (copy / "a/b/c/d").mkdir(parents=True)
    assert refusal(lambda: Bundle.open(copy)).id == "bundle.depth"


def test_a_manifest_has_one_spelling(bundle: Bundle) -> None:
    """Sorted, each name once, and not its own; files alone have no other."""
    listed = bundle.files["MANIFEST"]
    lines = listed.splitlines(keepends=True)
    itself = b"0" * 64 + b"  MANIFEST\n"
    for data in (lines[1] + lines[0], lines[0] * 2, listed[:-1], listed.upper(), itself):
        with pytest.raises(DecodeError) as raised:
            Bundle.of(dict(bundle.files) | {"MANIFEST": data})
        assert raised.value.id == "bundle.manifest"
    files = {name: data for name, data in bundle.files.items() if name != "MANIFEST"}
    assert manifest_of(files) == listed


@pytest.mark.parametrize(
    "claim",
    [
        b"{}",
        b"[]",
        b'{"mediaType": "application/vnd.mlspec.evidence.v2+json"}',
        b"\xff",
    ],
)
def test_a_claim_of_another_form_is_refused(bundle: Bundle, case: Case, claim: bytes) -> None:
    """A newer one, perhaps: whoever cannot read it says so."""
    changed = remade(bundle, {"claim.json": claim})
    error = refusal(lambda: verify(changed, case.trust))
    assert (error.exit_code, isinstance(error, VerificationError)) == (2, False)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("requestId", '"a b"'),
        ("requestId", "1"),
        ("origin", '""'),
        ("index", "-1"),
        ("index", "04"),
        ("index", "4.0"),
        ("index", "true"),
        ("index", "9223372036854775807"),
        ("deploymentSha256", '"AB"'),
        ("more", "1"),
    ],
)
def test_l3_a_claim_says_what_can_be_said(bundle: Bundle, member: str, value: str) -> None:
    """And in one spelling only; the claim that is there is read."""
    claim = Claim.from_json(bundle.files["claim.json"])
    text = claim.to_json().decode()
    assert text.encode() == bundle.files["claim.json"]
    lines = [line for line in text.splitlines() if f'"{member}"' not in line]
    lines.insert(2, f'  "{member}": {value},')
    changed = "\n".join(lines).replace(",\n}", "\n}").encode() + b"\n"
    assert isinstance(refusal(lambda: Claim.from_json(changed)), DecodeError)
