"""The promises are kept by machines: break one in a copy of the repository, and make notices.

Each case runs only the target that is to notice; the copy shares the environments.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.promises import pages
from tools.places import ROOT

pytestmark = pytest.mark.mutation

SHARED = (".venv", ".tools", "third_party")
LEFT_OUT = shutil.ignore_patterns(
    *(".git", "build", "dist", ".*_cache", "__pycache__", ".hypothesis"),
    *("node_modules", "target", "gen"),
)
LAYERS = "test ARGS=tests/promises/test_layers.py"
PAGES = "test ARGS=tests/promises/test_pages.py"
RELEASED = "test ARGS=tests/promises/test_released.py"
DIGEST = Path("proto/mlspec/v1/digest.proto")


@dataclass(frozen=True)
class Mutation:
    """A break, the make target that must notice, and what it must say."""

    change: Callable[[Path], None]
    target: str
    message: str


def replace(path: Path, pattern: str, by: str) -> None:
    """Replace the first match of a pattern; it must be there."""
    text, count = re.subn(pattern, by, path.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1, f"{path}: must hold {pattern}"
    path.write_text(text)


def remove_comment(root: Path) -> None:
    """Take the comment off the message Digest."""
    replace(root / DIGEST, r"(^//.*\n)+(?=message Digest )", "")


def renumber_field(root: Path) -> None:
    """Give a released field another number."""
    replace(root / DIGEST, r"bytes sha256 = 1", "bytes sha256 = 9")


def tighten_rule(root: Path) -> None:
    """Allow names of parameters one character less, which buf alone does not see."""
    replace(root / "proto/mlspec/v1/parameter.proto", r"max_len: 255", "max_len: 254")


def edit_case(root: Path) -> None:
    """Change what a conformance case expects."""
    path = root / "conformance/cases/verify/dsse/cases.json"
    replace(path, r"REFUSAL_TAMPERED", "REFUSAL_UNTRUSTED")


def edit_released_image(root: Path) -> None:
    """Change one byte of a released image."""
    path = sorted((root / "schema" / "released").glob("*.binpb"))[-1]
    image = bytearray(path.read_bytes())
    image[len(image) // 2] ^= 1
    path.write_bytes(bytes(image))


def edit_generated_file(root: Path) -> None:
    """Add a line to a generated module."""
    path = root / "python/mlspec/v1/digest_pb2.py"
    path.write_text(path.read_text() + "\nEXTRA = True\n")


def edit_reference(root: Path) -> None:
    """Improve a generated page by hand."""
    replace(root / "docs/reference/digest.md", r"^# digest\.proto$", "# The digest")


def import_upwards(root: Path) -> None:
    """Let the lowest room import the highest."""
    path = root / "python/mlspec/errors.py"
    path.write_text(path.read_text() + "\nfrom mlspec import cli  # noqa: E402, F401\n")


def import_past_the_door(root: Path) -> None:
    """Let a room use a library whose door is another."""
    path = root / "python/mlspec/digests/__init__.py"
    path.write_text(path.read_text() + "\nimport sqlalchemy  # noqa: E402, F401\n")


def replace_in_block(path: Path, block: pages.Block, pattern: str, by: str) -> None:
    """Replace the first match of a pattern in one block of a page."""
    text = re.sub(pattern, by, block.text, count=1)
    assert text != block.text, f"{path}:{block.line}: must hold {pattern}"
    path.write_text(path.read_text().replace(block.text, text, 1))


def spoil_readme_code(root: Path) -> None:
    """Misspell a name in the README's first python block."""
    path = root / "README.md"
    executed = [block for block, _ in pages.with_output(pages.blocks(path.read_text()))]
    block = next(block for block in executed if block.language == "python")
    replace_in_block(path, block, r"\bmlspec\.(\w)", r"mlspec.no_\1")


def spoil_readme_output(root: Path) -> None:
    """Change what the README says its code prints."""
    path = root / "README.md"
    found = pages.blocks(path.read_text())
    printed = {text for _, text in pages.with_output(found) if text}
    block = next(block for block in found if block.language == "text" and block.text in printed)
    replace_in_block(path, block, r"\A", "something else\n")


def forget_rule_id(root: Path) -> None:
    """Name a rule after another message."""
    path = sorted((root / "proto").rglob("data_splitting.proto"))[0]
    replace(path, r'id: "data_splitting\.', 'id: "splitting.')


MUTATIONS = {
    "comment_removed": Mutation(remove_comment, "lint", 'Message "Digest" should have a non-empty'),
    "field_renumbered": Mutation(renumber_field, "breaking", r"digest\.proto:\d+: FIELD_"),
    "rule_tightened": Mutation(
        tighten_rule,
        "breaking",
        r"parameter\.proto:\d+: RULE_TIGHTENED mlspec\.v1\.Parameter\.name",
    ),
    "case_edited": Mutation(edit_case, "generated-fresh", "cases/verify/dsse/cases.json: differs"),
    "released_image_edited": Mutation(edit_released_image, RELEASED, "that SHA256SUMS pins"),
    "generated_file_edited": Mutation(
        edit_generated_file, "generated-fresh", "python/mlspec/v1/digest_pb2.py: differs"
    ),
    "reference_edited": Mutation(
        edit_reference, "generated-fresh", "docs/reference/digest.md: differs"
    ),
    "layer_broken": Mutation(
        import_upwards, LAYERS, "errors must import downwards only \\(got cli\\)"
    ),
    "door_bypassed": Mutation(import_past_the_door, LAYERS, "digests is no door of sqlalchemy"),
    "rule_id_misnamed": Mutation(
        forget_rule_id,
        "test ARGS=tests/promises/test_proto_style.py",
        "must be data_splitting.<what>",
    ),
    "readme_code_wrong": Mutation(
        spoil_readme_code, PAGES, r"README.md:\d+: must exit 0 \(got 1\)"
    ),
    "readme_output_wrong": Mutation(
        spoil_readme_output, PAGES, r"README.md:\d+: must print what the page says"
    ),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the working tree that shares its environments."""
    root = tmp_path / "copy"
    shutil.copytree(
        ROOT, root, symlinks=True, ignore=lambda folder, names: {*LEFT_OUT(folder, names), *SHARED}
    )
    for name in SHARED:
        (root / name).symlink_to(ROOT / name)
    return root


def make(root: Path, target: str) -> tuple[int, str]:
    """Run one make target in a copy; return its exit code and all that it printed."""
    done = subprocess.run(
        ["make", *target.split(" ", 1)],
        cwd=root,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("target", sorted({mutation.target for mutation in MUTATIONS.values()}))
def test_an_unchanged_copy_passes(target: str, copy: Path) -> None:
    """What notices the changes below has nothing to say about the repository as it is."""
    code, printed = make(copy, target)
    assert code == 0, printed


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_promise_is_noticed(name: str, copy: Path) -> None:
    """The target fails, and says what was broken."""
    mutation = MUTATIONS[name]
    mutation.change(copy)
    code, printed = make(copy, mutation.target)
    assert code != 0
    assert re.search(mutation.message, printed), printed
