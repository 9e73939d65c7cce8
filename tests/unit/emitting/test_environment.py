"""What is known of the machine, and what is not made up."""

import subprocess
from pathlib import Path

import pytest

from mlspec import v1
from mlspec.emitting import capture_environment, machine, source_code
from mlspec.emitting.environment import installed_packages
from mlspec.validation import validate


def test_the_environment_of_this_process_is_valid() -> None:
    """And has what every machine has."""
    environment = capture_environment()
    validate(environment)
    assert environment.language == "CPython"
    assert environment.cpu_count >= 1
    assert environment.memory_bytes > 1 << 20
    assert environment.operating_system
    assert environment.architecture


def test_packages_are_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorted, whatever way their names are written."""
    names = [name.lower().replace("_", "-") for name, _ in installed_packages()]
    assert names == sorted(set(names))


def test_graphics_processors_are_counted_by_model(tmp_path: Path) -> None:
    """As the driver tells of them."""
    for index, model in enumerate(("NVIDIA P100", "NVIDIA P100", "NVIDIA H100")):
        gpu = tmp_path / "gpus" / f"0000:0{index}:00.0"
        gpu.mkdir(parents=True)
        (gpu / "information").write_text(f"Model: \t\t {model}\nIRQ: 1\n")
    version = tmp_path / "version"
    version.write_text("NVRM version: NVIDIA UNIX Kernel Module  550.54.15  Tue Mar  5\n")
    found = machine.accelerators(tmp_path / "gpus", version)
    assert [(each.model, each.count) for each in found] == [("NVIDIA P100", 2), ("NVIDIA H100", 1)]
    assert {each.driver_version for each in found} == {"550.54.15"}
    assert machine.accelerators(tmp_path / "none", tmp_path / "none") == []


@pytest.mark.parametrize(
    ("remote", "uri"),
    [
        ("https://u:p@git.example/a/b.git?x=1", "https://git.example/a/b.git"),
        ("git@git.example:a/b.git", "ssh://git.example/a/b.git"),
        ("git.example:a/b.git", "ssh://git.example/a/b.git"),
        ("ssh://git@git.example:22/a", "ssh://git.example:22/a"),
        ("/home/jane/repo", None),
        ("file:///home/jane/repo", None),
        ("C:\\Users\\jane\\repo", None),
        ("ext::sh -c whoami", None),
        ("", None),
    ],
)
def test_a_repository_is_named_without_credentials(remote: str, uri: str | None) -> None:
    """Only where others could find it; and the record accepts it."""
    assert source_code.repository_uri(remote) == uri
    if uri:
        validate(v1.SourceRevision(commit="a", repository_uri=uri))


def test_a_folder_under_no_version_control_has_no_revision(tmp_path: Path) -> None:
    """Nor does one whose repository has no commit."""
    assert source_code.describe_source(tmp_path) is None
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert source_code.describe_source(tmp_path) is None


def test_a_changed_file_makes_the_revision_dirty(tmp_path: Path) -> None:
    """And a program that the repository's settings name is not run."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@x.y"]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "file").write_text("a")
    subprocess.run([*git, "add", "file"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "m"], check=True)
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    subprocess.run([*git, "config", "core.fsmonitor", str(trap)], check=True)
    (tmp_path / "file").write_text("b")
    revision = source_code.describe_source(tmp_path)
    assert revision is not None
    assert revision.dirty is True
    assert not (tmp_path / "sprung").exists()
