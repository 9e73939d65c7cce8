"""Files are read with a bound and written whole or not at all."""

import errno
import io
import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mlspec import files
from mlspec.errors import InputError, LimitError, UnreadableError


def test_reading_is_bounded(tmp_path: Path) -> None:
    """A file at the bound is read, one byte more is refused, an endless one too."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert files.read_bytes(path, max_bytes=10) == b"x" * 10
    with pytest.raises(LimitError) as caught:
        files.read_bytes(path, max_bytes=9)
    assert caught.value.source == str(path)
    with pytest.raises(LimitError):
        files.read_bytes("/dev/zero", max_bytes=1000)


def test_a_dash_is_standard_input_and_output(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Commands can be piped."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"data")))
    assert files.read_bytes("-") == b"data"
    files.write_bytes(b"out", "-")
    assert capfdbinary.readouterr().out == b"out"
    assert files.name_of("-") == "standard input"


def test_writing_follows_the_umask_and_leaves_nothing_else(tmp_path: Path) -> None:
    """The mode is what was asked for, less the umask."""
    old = os.umask(0o027)
    try:
        files.write_bytes(b"data", tmp_path / "file")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["file"]


def test_an_existing_file_is_replaced_only_when_asked(tmp_path: Path) -> None:
    """Without `overwrite` the old bytes stay."""
    path = tmp_path / "file"
    files.write_bytes(b"old", path)
    with pytest.raises(InputError):
        files.write_bytes(b"new", path)
    assert path.read_bytes() == b"old"
    files.write_bytes(b"new", path, overwrite=True)
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_write_that_fails_leaves_nothing(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full or read-only disk: one clear error, the old file whole, no draft."""
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(_descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(UnreadableError) as caught:
        files.write_bytes(b"new", path, overwrite=True)
    assert caught.value.id == "file.unwritable"
    assert os.strerror(code) in caught.value.message
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_too_large_for_the_disk_leaves_nothing(tmp_path: Path) -> None:
    """The same with a real bound of the system's, in a process of its own."""
    code = (
        "import resource, signal, sys; from mlspec import files, errors\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: files.write_bytes(bytes(5000), sys.argv[1])\n"
        "except errors.UnreadableError as error: print(error.id)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "file")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "file.unwritable"
    assert os.listdir(tmp_path) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


def test_impossible_names_are_our_errors(tmp_path: Path) -> None:
    """A NUL byte, a missing folder, a folder in the file's place."""
    for path in ("nul\0byte", str(tmp_path / "missing" / "file")):
        with pytest.raises(UnreadableError):
            files.read_bytes(path)
        with pytest.raises(UnreadableError):
            files.write_bytes(b"", path)
    with pytest.raises(UnreadableError):
        files.read_bytes(tmp_path)
    with pytest.raises(UnreadableError):
        files.write_bytes(b"", tmp_path, overwrite=True)
    assert os.listdir(tmp_path) == []
