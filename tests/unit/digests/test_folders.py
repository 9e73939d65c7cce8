"""A folder's digest binds names and bytes, and nothing else gets into it."""

import hashlib
import os
import socket
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import digests
from mlspec.digests import folders
from mlspec.errors import InputError, LimitError, MLSpecError, UnreadableError
from tests.unit import samples


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files in it and below, one of them empty."""
    made = tmp_path / "model"
    (made / "weights" / "empty folder").mkdir(parents=True)
    (made / "weights" / "b.bin").write_bytes(b"b" * 3_000_000)
    (made / "weights.txt").write_text("w")
    (made / "a.json").write_text("{}")
    (made / "none").touch()
    (made / "\u00e9t\u00e9").write_text("summer")
    return made


def test_the_manifest_is_what_sha256sum_checks(folder: Path) -> None:
    """Anybody can check it: `sha256sum --check` accepts every line."""
    manifest = digests.manifest(folder)
    command = ["sha256sum", "--check", "--strict", "--quiet", "-"]
    assert subprocess.run(command, cwd=folder, input=manifest, check=True).returncode == 0
    assert digests.digest_folder(folder).sha256 == hashlib.sha256(manifest).digest()


def test_lines_are_sorted_by_the_bytes_of_the_path(folder: Path) -> None:
    """As `LC_ALL=C sort` sorts names, whatever the system lists first."""
    names = [line[66:] for line in digests.manifest(folder).splitlines()]
    assert names == [b"a.json", b"none", b"weights.txt", b"weights/b.bin", "\u00e9t\u00e9".encode()]


def test_added_missing_renamed_and_swapped_files_make_another_digest(folder: Path) -> None:
    """Each of them is another folder; touching a file is not."""
    seen = {digests.to_hex(digests.digest_folder(folder))}

    def changed() -> bool:
        count = len(seen)
        seen.add(digests.to_hex(digests.digest_folder(folder)))
        return len(seen) > count

    os.utime(folder / "a.json", (1, 1))
    assert not changed()
    (folder / ".git").mkdir()
    (folder / ".git" / "hook").touch()
    assert changed()
    (folder / ".git" / "hook").unlink()
    (folder / "none").rename(folder / "nothing")
    assert changed()
    (folder / "nothing").unlink()
    assert changed()
    first, second = (folder / "a.json").read_bytes(), (folder / "weights.txt").read_bytes()
    (folder / "a.json").write_bytes(second)
    (folder / "weights.txt").write_bytes(first)
    assert changed()


def test_f2_symbolic_links(folder: Path) -> None:
    """A link is refused, wherever it leads: what it names can change unseen."""
    digests.digest_folder(folder)
    for target in ("a.json", "weights", "/etc/passwd", "nowhere"):
        link = folder / "weights" / "link"
        link.symlink_to(target)
        with pytest.raises(InputError) as caught:
            digests.digest_folder(folder)
        assert (caught.value.id, caught.value.path) == ("digest.not_a_file", "weights/link")
        assert caught.value.source == str(folder)
        link.unlink()
    digests.digest_folder(folder)


def test_f2_fifos_and_sockets(folder: Path) -> None:
    """What is neither file nor folder is refused, and not waited for."""
    digests.digest_folder(folder)
    os.mkfifo(folder / "fifo")
    with pytest.raises(InputError) as caught:
        digests.digest_folder(folder)
    assert caught.value.id == "digest.not_a_file"
    with pytest.raises(InputError):
        digests.digest_file(folder / "fifo")
    (folder / "fifo").unlink()
    with socket.socket(socket.AF_UNIX) as endpoint:
        endpoint.bind(os.path.relpath(folder / "s"))
        with pytest.raises(InputError):
            digests.digest_folder(folder)


@pytest.mark.parametrize(
    "name", [b"back\\slash", b"new\nline", b"bell\x07", b"\xff\xfe", b"carriage\r", b"del\x7f"]
)
def test_f1_names_that_do_not_mean_the_same_everywhere(name: bytes, folder: Path) -> None:
    """Backslashes, control characters and broken UTF-8 are refused by name."""
    digests.digest_folder(folder)
    Path(os.fsdecode(os.path.join(os.fsencode(folder), name))).touch()
    with pytest.raises(InputError) as caught:
        digests.digest_folder(folder)
    assert caught.value.id == "digest.name"
    assert caught.value.path.isprintable()


@pytest.mark.parametrize(
    "twins", [("README", "readme"), ("stra\u00dfe", "STRASSE"), ("\u00e9", "e\u0301")]
)
def test_f1_twins(twins: tuple[str, str], tmp_path: Path) -> None:
    """Two names that are one elsewhere are refused; each alone passes."""
    (tmp_path / twins[0]).touch()
    digests.digest_folder(tmp_path)
    (tmp_path / twins[1]).touch()
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system takes the two for one")
    with pytest.raises(InputError, match="differ"):
        digests.digest_folder(tmp_path)


def test_f1_twin_folders(tmp_path: Path) -> None:
    """Folders that would be one elsewhere are refused too."""
    (tmp_path / "Data").mkdir()
    (tmp_path / "Data" / "a").touch()
    digests.digest_folder(tmp_path)
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "b").touch()
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system takes the two for one")
    with pytest.raises(InputError, match="differ") as caught:
        digests.digest_folder(tmp_path)
    assert caught.value.id == "digest.name"


def test_depth_is_bounded(tmp_path: Path) -> None:
    """Folders that nest without end are refused, and every descriptor is closed."""
    deep = tmp_path
    for _ in range(130):
        deep /= "d"
        deep.mkdir()
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    with pytest.raises(LimitError):
        digests.digest_folder(tmp_path)
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing folder, and a file in a folder's place, are our errors."""
    (tmp_path / "file").touch()
    for path in (tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(UnreadableError) as caught:
            digests.digest_folder(path)
        assert caught.value.source == str(path)


LETTERS = st.characters(categories=("L", "N", "P", "S"), exclude_characters="/\\")
NAMES = st.text(LETTERS, min_size=1).filter(lambda name: name not in (".", "..") and len(name) < 40)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(NAMES, st.binary()))
def test_any_flat_folder_agrees_with_hashlib(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    """The manifest is the sorted list of names and hashes, or a name is refused."""
    made = tmp_path_factory.mktemp("flat")
    for name, content in files.items():
        (made / name).write_bytes(content)
    manifest = samples.attempt(lambda: digests.manifest(made))
    if isinstance(manifest, MLSpecError):
        assert manifest.id == "digest.name"
        return
    pairs = sorted((name.encode(), hashlib.sha256(data)) for name, data in files.items())
    assert manifest == b"".join(b"%s  %s\n" % (h.hexdigest().encode(), n) for n, h in pairs)


@pytest.mark.parametrize("cores", [1, 3])
def test_large_files_hash_the_same_on_any_number_of_cores(
    cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Side by side or one after the other: the manifest is the same, and nothing stays open."""
    monkeypatch.setattr(folders, "_LARGE", 1000)
    monkeypatch.setattr(folders, "_cores", lambda: cores)
    data = {f"{number:02}": os.urandom(900 + 10 * number) for number in range(30)}
    for name, content in data.items():
        (tmp_path / name).write_bytes(content)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    expected = [f"{hashlib.sha256(d).hexdigest()}  {n}" for n, d in sorted(data.items())]
    assert digests.manifest(tmp_path).decode().splitlines() == expected
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


def test_f4_a_large_file_that_changes_on_another_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the file, though it comes from another thread, and nothing stays open."""
    monkeypatch.setattr(folders, "_LARGE", 1000)
    monkeypatch.setattr(folders, "_cores", lambda: 2)
    for number in range(8):
        (tmp_path / f"{number}").write_bytes(bytes(2000))
    digests.digest_folder(tmp_path)
    read = os.read

    def growing(descriptor: int, size: int) -> bytes:
        with (tmp_path / "3").open("ab") as file:
            file.write(b"more")
        return read(descriptor, size)

    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    monkeypatch.setattr(os, "read", growing)
    with pytest.raises(InputError) as caught:
        digests.digest_folder(tmp_path)
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert (caught.value.id, caught.value.path) == ("digest.changed", "3")
    assert caught.value.source == str(tmp_path)
    assert after == before
