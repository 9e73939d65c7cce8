"""The README of each language does what it says, in a clean copy of the repository."""

import shutil
import subprocess
from pathlib import Path

import pytest

from conformance import programs
from conformance.generator import people
from tests.promises import pages
from tools.places import CONFORMANCE, ROOT

LANGUAGES = ("cpp", "go", "java", "rust", "typescript")
_SAME = "<!-- same as: "


def readme(folder: str) -> Path:
    """The README of a language."""
    return CONFORMANCE / folder / "README.md"


@pytest.fixture(scope="session")
def clean_copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a clone would hold: the files that git knows or would know, and nothing built."""
    target = tmp_path_factory.mktemp("clean") / "mlspec"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout.split(b"\0")
    for name in filter(None, names):
        source, copy = ROOT / name.decode(), target / name.decode()
        if source.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    return target


@pytest.mark.interop
@pytest.mark.parametrize("folder", LANGUAGES)
def test_the_commands_of_a_readme_print_a_verified_record(folder: str, clean_copy: Path) -> None:
    """From an empty machine to the two lines that name the stage, the signer and the digest."""
    (spec,) = programs.find((folder,))
    if spec.missing:
        pytest.skip(f"{spec.name} needs {', '.join(spec.missing)}")
    found = pages.blocks(readme(folder).read_text())
    printed = [expected for _, expected in pages.with_output(found) if expected]
    assert any(people.ADA_IDENTITY in text for text in printed)
    page = pages.Page(f"conformance/{folder}/README.md", clean_copy / "conformance" / folder)
    for block, expected in pages.with_output(found):
        assert (page.run(block, expected) or "") == ""


@pytest.mark.parametrize("folder", LANGUAGES)
def test_the_code_of_a_readme_is_that_of_the_example(folder: str) -> None:
    """A dozen lines or so that somebody can copy, and that are built and run."""
    text = readme(folder).read_text()
    assert text.count(_SAME) == 1
    after = text[text.index(_SAME) :]
    path = after[len(_SAME) : after.index(" -->")]
    block = pages.blocks(after)[0]
    assert block.text.strip() == (CONFORMANCE / folder / path).read_text().strip()


@pytest.mark.parametrize("folder", LANGUAGES)
def test_links_of_a_readme_lead_somewhere(folder: str) -> None:
    """Every relative link names a file that is there."""
    links = [link for link in pages.links(readme(folder).read_text()) if "://" not in link]
    gone = [link for link in links if not (CONFORMANCE / folder / link.split("#")[0]).exists()]
    assert gone == []
