"""A folder's digest is Go's dirhash of it, and sha256sum takes its manifest."""

import base64
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from mlspec import digests
from mlspec.errors import VerificationError

PROGRAM = Path(__file__).with_name("dirhash")
LETTERS = ("\u00e9t\u00e9", "\u6570\u636e", "\U0001f600")
NAMES = ("a", "B", "a.b", "a-b", "a_b", "ab", "Z9", "e f", *LETTERS)

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def dirhash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, compiled."""
    if not shutil.which("go"):
        pytest.skip("go is not installed")
    made = tmp_path_factory.mktemp("dirhash") / "dirhash"
    subprocess.run(["go", "build", "-trimpath", "-o", made, "."], cwd=PROGRAM, check=True)
    return made


def folder(place: Path, seed: int) -> Path:
    """Some folder: names that sort differently in other orders, folders in folders, big files."""
    dice = random.Random(seed)
    made = place / str(seed)
    made.mkdir()
    for name in dice.sample(NAMES, dice.randint(1, len(NAMES))):
        where = made
        for _ in range(dice.randint(0, 3)):
            where = where / f"{dice.choice(NAMES)}.d"
        where.mkdir(parents=True, exist_ok=True)
        size = dice.choice((0, 1, 4096, (1 << 20) + 1, 3 << 20))
        (where / name).write_bytes(dice.randbytes(size))
    return made


def hash1(path: Path) -> str:
    """Our digest in Go's spelling."""
    return "h1:" + base64.b64encode(digests.digest_folder(path).sha256).decode()


def test_go_gives_every_folder_the_same_digest(dirhash: Path, tmp_path: Path) -> None:
    """Whatever the names; and another one once a byte or a name is changed."""
    folders = [folder(tmp_path, seed) for seed in range(30)]
    done = subprocess.run([dirhash, *folders], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [hash1(path) for path in folders]
    first = next(path for path in folders[0].rglob("*") if path.is_file())
    first.rename(first.with_name("renamed"))
    again = subprocess.run([dirhash, folders[0]], capture_output=True, text=True, check=True)
    assert again.stdout.strip() == hash1(folders[0]) != done.stdout.split()[0]


def test_sha256sum_checks_our_manifests(tmp_path: Path) -> None:
    """And we read what it prints, once sorted."""
    for seed in range(30):
        made = folder(tmp_path, seed)
        manifest = digests.manifest(made)
        check = ["sha256sum", "--check", "--strict", "--quiet", "-"]
        subprocess.run(check, cwd=made, input=manifest, check=True)
        command = "find . -type f -printf '%P\\n' | LC_ALL=C sort | xargs -d '\\n' sha256sum"
        done = subprocess.run(["sh", "-c", command], cwd=made, capture_output=True, check=True)
        assert done.stdout == manifest
        digests.verify_package(made, done.stdout)


def test_both_refuse_a_changed_file(tmp_path: Path) -> None:
    """The checks above can fail."""
    made = folder(tmp_path, 1)
    manifest = digests.manifest(made)
    changed = next(path for path in made.rglob("*") if path.is_file())
    with changed.open("ab") as file:
        file.write(os.urandom(1))
    check = ["sha256sum", "--check", "--strict", "--quiet", "-"]
    done = subprocess.run(check, cwd=made, input=manifest, capture_output=True, check=False)
    assert done.returncode == 1
    with pytest.raises(VerificationError):
        digests.verify_package(made, manifest)
