"""The table of edits, compiled once: as images of ours, and as one run of buf."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mlspec.breaking import Finding, compare, load_image
from tests.breaking.table import Edit, read_edits
from tools.places import GENERATOR, VALIDATE_PROTO

EDITS = {edit.name: edit for edit in read_edits()}
FOUND = 100

Seen = dict[str, set[tuple[str, str]]]
"""The file and the rule of each finding, by the name of the edit."""


@dataclass(frozen=True)
class Bench:
    """A folder with every edit, before (`old`) and after (`new`)."""

    folder: Path
    old: FileDescriptorSet
    new: FileDescriptorSet
    findings: list[Finding]

    def seen(self) -> Seen:
        """What our comparison finds."""
        found: Seen = defaultdict(set)
        for finding in self.findings:
            found[name_of(finding.file)].add((finding.file, finding.rule_id))
        return found

    def by_buf(self, *, plugin: bool) -> Seen:
        """What `buf breaking` finds, alone or with our plugin, in one run over all edits."""
        self._configure("old", plugin=False)
        self._buf("build", "old", "-o", "old.binpb")
        self._configure("new", plugin=plugin)
        run = self._buf("breaking", "new", "--against", "old.binpb", "--error-format", "json")
        found: Seen = defaultdict(set)
        for line in run.stdout.splitlines():
            change = json.loads(line)
            # A deleted file has no path; the message quotes its name.
            path = change.get("path") or re.findall(r'"(.+?)"', change["message"])[0]
            path = path.removeprefix("new/")
            found[name_of(path)].add((path, change["type"]))
        return found

    def _configure(self, module: str, *, plugin: bool) -> None:
        use = "FILE, MLSPEC" if plugin else "FILE"
        text = f"version: v2\nmodules:\n  - path: {module}\n  - path: rules\n"
        text += f"breaking:\n  use: [{use}]\n"
        if plugin:
            command = json.dumps([sys.executable, "-m", "mlspec.breaking.plugin"])
            text += f"plugins:\n  - plugin: {command}\n"
        (self.folder / "buf.yaml").write_text(text)

    def _buf(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(GENERATOR / "buf"), *arguments]
        run = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert run.returncode in (0, FOUND), run.stderr + run.stdout
        return run


def name_of(file: str) -> str:
    """The name of the edit whose folder a file is in."""
    return file.split("/")[1]


@pytest.fixture(scope="session")
def edits() -> dict[str, Edit]:
    """The edits by name."""
    return EDITS


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """All edits, compiled and compared by us."""
    folder = tmp_path_factory.mktemp("edits")
    for edit in EDITS.values():
        edit.write(folder)
    rules = folder / "rules" / "buf" / "validate" / "validate.proto"
    rules.parent.mkdir(parents=True)
    shutil.copy(VALIDATE_PROTO, rules)
    old, new = load_image(folder / "old"), load_image(folder / "new")
    return Bench(folder, old, new, compare(old, new))
