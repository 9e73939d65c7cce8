"""What is handed out is what was hashed, whatever happens to the file meanwhile."""

import hashlib
import itertools
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from mlspec import digests, v1
from mlspec.digests import opening
from mlspec.errors import InputError, MLSpecError, UnreadableError, VerificationError
from tests.unit import samples
from tests.unit.digests.test_packages import ALTERATIONS

GOOD, EVIL = b"good" * 20_000, b"evil" * 20_000


@pytest.fixture(params=["in memory", "on disk"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both kinds of copies."""
    if request.param == "on disk":
        monkeypatch.setattr(opening, "MAX_IN_MEMORY", -1)
    return str(request.param)


@contextmanager
def writer(change: Callable[[int], object]) -> Iterator[None]:
    """A thread that changes something, over and over, while the block runs."""
    stop = threading.Event()

    def work() -> None:
        number = 0
        while not stop.is_set():
            change(number)
            number += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def in_place(path: Path) -> Callable[[int], object]:
    """Write over the bytes of a file, the good and the evil ones by turns."""

    def change(number: int) -> None:
        with path.open("r+b") as file:
            file.write(EVIL if number % 2 else GOOD)

    return change


def by_name(path: Path) -> Callable[[int], object]:
    """Put another file in the place of one, by turns: each is whole at every moment."""

    def change(number: int) -> None:
        draft = path.with_name(f"{path.name}.draft")
        draft.write_bytes(EVIL if number % 2 else GOOD)
        draft.rename(path)

    return change


@pytest.mark.usefixtures("place")
def test_a_file_is_opened_and_read(package: Path) -> None:
    """From its start, in pieces, by the digest of each function; also an empty one."""
    for path, data in (("model/model.onnx", b"weights" * 1000), ("README", b"")):
        for function in ("sha256", "sha512"):
            digest = digests.digest_bytes(data, function)
            with digests.open_verified(package, path, digest) as file:
                assert file.read(7) == data[:7]
                file.seek(0)
                assert file.read() == data


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("how", [in_place, by_name])
def test_f4_a_file_that_is_changed_between_check_and_use(
    package: Path, how: Callable[[Path], Callable[[int], object]]
) -> None:
    """A thread swaps good and evil bytes all the time: only good ones are ever handed out."""
    path = package / "model" / "model.onnx"
    path.write_bytes(GOOD)
    digest = digests.digest_bytes(GOOD)
    with digests.open_verified(package, "model/model.onnx", digest) as file:
        assert file.read() == GOOD
    seen: Counter[str] = Counter()
    end = time.monotonic() + 120
    with writer(how(path)):
        while sum(seen.values()) < 300 or not (seen["opened"] and seen["package.changed"]):
            assert time.monotonic() < end, seen
            result = samples.attempt(
                partial(digests.open_verified, package, "model/model.onnx", digest)
            )
            if isinstance(result, MLSpecError):
                assert result.id in ("package.changed", "digest.changed")
                seen[result.id] += 1
                continue
            with result:
                assert result.read() == GOOD
            seen["opened"] += 1
    path.write_bytes(EVIL)
    with pytest.raises(VerificationError):
        digests.open_verified(package, "model/model.onnx", digest)


def test_f4_checking_first_and_opening_by_name_is_what_fails(package: Path) -> None:
    """The attack is real: after a check that passed, the name leads to other bytes."""
    manifest = digests.manifest(package)
    digests.verify_package(package, manifest)
    digest = v1.Digest(sha256=digests.read_manifest(manifest)["run.sh"].sha256)
    opened_before = digests.open_verified(package, "run.sh", digest)
    (package / "run.sh").write_bytes(b"#!/evil!")
    assert (package / "run.sh").read_bytes() == b"#!/evil!"
    with opened_before:
        assert opened_before.read() == b"#!/bin/s"
    with pytest.raises(VerificationError) as caught:
        digests.open_verified(package, "run.sh", digest)
    assert (caught.value.id, caught.value.path) == ("package.changed", "run.sh")


def test_f4_a_copy_that_is_made_while_a_file_changes(package: Path, tmp_path: Path) -> None:
    """A copied package holds the right bytes, or there is none and nothing is left of it."""
    path = package / "model" / "model.onnx"
    path.write_bytes(GOOD)
    manifest = digests.manifest(package)
    digests.verified_copy(package, manifest, tmp_path / "twin")
    seen: Counter[str] = Counter()
    end = time.monotonic() + 120
    with writer(in_place(path)):
        while sum(seen.values()) < 100 or not (seen["copied"] and seen["package.changed"]):
            assert time.monotonic() < end, seen
            into = tmp_path / f"copy-{sum(seen.values())}"
            result = samples.attempt(partial(digests.verified_copy, package, manifest, into))
            if isinstance(result, MLSpecError):
                assert result.id in ("package.changed", "digest.changed")
                assert not into.exists()
                seen[result.id] += 1
                continue
            assert digests.manifest(into) == manifest
            seen["copied"] += 1
    path.write_bytes(EVIL)
    with pytest.raises(VerificationError):
        digests.verified_copy(package, manifest, tmp_path / "evil")
    assert [left.name for left in tmp_path.iterdir() if left.name.startswith(".")] == []


@pytest.mark.usefixtures("place")
def test_f4_a_file_that_grows_without_end(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read as far as it was long, and not for ever."""
    path = package / "run.sh"
    path.write_bytes(GOOD * 20)
    digest = digests.digest_file(path)
    digests.open_verified(package, "run.sh", digest).close()
    readv, reads = os.readv, itertools.count()

    def growing(descriptor: int, views: list[memoryview]) -> int:
        assert next(reads) < 20
        with path.open("ab") as file:
            file.write(bytes(len(views[0])))
        return readv(descriptor, views)

    monkeypatch.setattr(os, "readv", growing)
    with pytest.raises(InputError) as caught:
        digests.open_verified(package, "run.sh", digest)
    assert caught.value.id == "digest.changed"


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "/etc/passwd",
        "../outside",
        "model/../../outside",
        "model//model.onnx",
        "model/.",
        "./run.sh",
        "run.sh/",
        "run.sh\0",
        "model\\..\\run.sh",
    ],
)
def test_f1_a_path_that_leads_out_of_the_folder(package: Path, path: str) -> None:
    """No spelling of it opens anything, not even a file with the right digest."""
    data = b"#!/bin/s"
    (package.parent / "outside").write_bytes(data)
    digests.open_verified(package, "run.sh", digests.digest_bytes(data)).close()
    with pytest.raises(InputError) as caught:
        digests.open_verified(package, path, digests.digest_bytes(data))
    assert caught.value.id == "digest.name"


def test_f2_links_and_fifos_are_not_opened(package: Path) -> None:
    """Neither as the file nor on the way to it, though the bytes would be right."""
    outside = package.parent / "outside"
    (package / "model").rename(outside)
    (package / "model").symlink_to(outside)
    (package / "link").symlink_to(package / "run.sh")
    os.mkfifo(package / "fifo")
    for path in ("model/scale.json", "link", "fifo", "model"):
        with pytest.raises(InputError) as caught:
            digests.open_verified(package, path, digests.digest_bytes(b'{"a": 1}'))
        assert (caught.value.id, caught.value.path) == ("digest.not_a_file", path)
        assert caught.value.source == str(package)
    (package / "model").unlink()
    outside.rename(package / "model")
    digests.open_verified(package, "model/scale.json", digests.digest_bytes(b'{"a": 1}')).close()
    with pytest.raises(UnreadableError):
        digests.open_verified(package, "model/none", digests.digest_bytes(b""))


@pytest.mark.parametrize("name", ALTERATIONS)
def test_f3_an_altered_package_is_not_copied(package: Path, tmp_path: Path, name: str) -> None:
    """And nothing of it stays; the unaltered twin is copied."""
    manifest = digests.package_manifest(package)
    digests.verified_copy(package, manifest, tmp_path / "twin")
    ALTERATIONS[name][0](package)
    with pytest.raises(VerificationError) as caught:
        digests.verified_copy(package, manifest, tmp_path / "copy")
    assert caught.value.id.startswith("package.")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["package", "twin"]


def test_f3_a_huge_file_in_a_small_ones_place_is_not_copied(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the manifest says sizes, a file of another one is refused before it is read."""
    manifest = digests.package_manifest(package)
    digests.verified_copy(package, manifest, tmp_path / "twin")
    os.truncate(package / "run.sh", 1 << 34)
    read = os.read

    def small_only(descriptor: int, size: int) -> bytes:
        assert os.fstat(descriptor).st_size < 1 << 20
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", small_only)
    with pytest.raises(VerificationError) as caught:
        digests.verified_copy(package, manifest, tmp_path / "copy")
    assert (caught.value.id, caught.value.path) == ("package.size", "run.sh")


def test_a_copy_has_no_link_to_what_it_was_copied_from(package: Path, tmp_path: Path) -> None:
    """A hard link is read like any file; whoever has the other name cannot reach the copy."""
    os.link(package / "run.sh", tmp_path / "outside")
    manifest = digests.package_manifest(package)
    next(each for each in manifest.files if each.path == "run.sh").executable = True
    copied = digests.verified_copy(package, manifest, tmp_path / "copy")
    (tmp_path / "outside").write_bytes(b"#!/evil!")
    assert {file.path for file in copied} == set(digests.read_manifest(manifest))
    assert (tmp_path / "copy" / "run.sh").read_bytes() == b"#!/bin/s"
    assert digests.verify_package(tmp_path / "copy", manifest).linked == ()
    modes = {
        str(path.relative_to(tmp_path / "copy")): oct(path.stat().st_mode & 0o777)
        for path in (tmp_path / "copy").rglob("*")
    }
    assert modes["run.sh"] == "0o500"
    assert modes["README"] == "0o400"
    assert oct((tmp_path / "copy").stat().st_mode & 0o777) == "0o700"


def test_a_copy_replaces_nothing(package: Path, tmp_path: Path) -> None:
    """A folder, file or link that is there stays as it is; the place must be one."""
    manifest = digests.manifest(package)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("folder", "link"):
        with pytest.raises(InputError) as caught:
            digests.verified_copy(package, manifest, tmp_path / name)
        assert caught.value.id == "file.exists"
    with pytest.raises(UnreadableError):
        digests.verified_copy(package, manifest, tmp_path / "none" / "copy")
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_full_disk_is_one_of_our_errors(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no temporary file can be made, the error says so, and nothing is left open."""
    monkeypatch.setattr(opening, "MAX_IN_MEMORY", -1)
    digest = digests.digest_file(package / "run.sh")
    monkeypatch.setattr(tempfile, "tempdir", str(package / "none"))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    with pytest.raises(UnreadableError) as caught:
        digests.open_verified(package, "run.sh", digest)
    assert caught.value.id == "file.unwritable"
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


def test_a_writer_that_takes_little_at_once_gets_all() -> None:
    """Raw files may write less than they are given."""
    data, written = hashlib.sha256(b"x").digest() * 10, bytearray()

    def write(view: memoryview) -> int:
        written.extend(view[:7])
        return len(view[:7])

    opening._writer(write, "file")(memoryview(data))
    assert bytes(written) == data
