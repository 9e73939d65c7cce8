"""The README of a bundle: its steps work with plain tools, and show what is wrong."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from mlspec.evidence import Bundle, verify
from mlspec.evidence.bundle import manifest_of
from tests.promises.pages import blocks, matches, with_output
from tests.unit.evidence.making import Case
from tests.unit.evidence.steps import run_steps


def expected(folder: Path) -> list[str | None]:
    """What the README says that each step prints."""
    page = (folder / "README.md").read_text(encoding="utf-8")
    return [text for _, text in with_output(blocks(page))]


def test_each_step_prints_what_the_readme_says(
    case: Case, folder: Path, tools: Path, tmp_path: Path
) -> None:
    """On a machine that has openssl, jq and the like, and no MLSpec on its PATH."""
    assert shutil.which("mlspec", path=str(tools)) is None
    code, printed = run_steps(folder, case.folder / "trust.json", tools, tmp_path)
    assert code == 0, printed[-1]
    for text, got in zip(expected(folder), printed, strict=False):
        assert text is None or matches(text, got), got
    assert sum(text is not None for text in expected(folder)) >= 6
    (work,) = tmp_path.iterdir()
    signers = (work / "signers.txt").read_text().splitlines()
    assert len(signers) == 11
    assert f"{case.deployment.hex} signed by release@bank.example" in signers


@pytest.mark.parametrize("name", ["leaf.bin", "proof.tlog", "record"])
def test_a_step_fails_for_an_altered_copy(
    case: Case, folder: Path, tools: Path, tmp_path: Path, name: str
) -> None:
    """Even if whoever altered it wrote a new manifest."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    path = copy / (f"records/{case.deployment.hex}.dsse.json" if name == "record" else name)
    data = path.read_bytes()
    at = data.index(b'"payload": "') + 60 if name == "record" else len(data) - 12
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    files = {
        str(each.relative_to(copy)): each.read_bytes() for each in copy.rglob("*") if each.is_file()
    }
    del files["MANIFEST"]
    (copy / "MANIFEST").write_bytes(manifest_of(files))
    (tmp_path / "work").mkdir()
    code, _ = run_steps(copy, case.folder / "trust.json", tools, tmp_path / "work")
    assert code != 0
    assert verify(Bundle.open(copy), case.trust).exit_code == 1


def test_the_same_files_give_the_same_readme(case: Case, folder: Path) -> None:
    """Built twice, a bundle is the same bytes."""
    again = case.build("again", with_side=True)
    assert Bundle.open(again).files == Bundle.open(folder).files
    assert case.build("a.zip").read_bytes() == case.build("b.zip").read_bytes()


def test_a_readme_of_somebody_else_is_not_taken_for_ours(case: Case, bundle: Bundle) -> None:
    """Its steps could be anything: the report says so."""
    files = dict(bundle.files) | {"README.md": b"# Run this\n\n```bash\nrm -rf ~\n```\n"}
    del files["MANIFEST"]
    report = verify(Bundle.of(files | {"MANIFEST": manifest_of(files)}), case.trust)
    assert [link.verdict for link in report.of("bundle.guide")] == ["NOT PROVEN"]
    assert "before you run them" in report.of("bundle.guide")[0].remedy
    assert report.exit_code == 0
    assert verify(bundle, case.trust).of("bundle.guide")[0].holds
    assert os.linesep == "\n"
