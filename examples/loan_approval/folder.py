"""Where the run keeps its files, all below one folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from mlspec import digests, v1

LOGS = "requests"
MARKER = ".loan-approval-demo"
"""Stands in every folder that the job made, and only there: nothing else is ever wiped."""


class NotOursError(Exception):
    """The output folder holds something that this job did not make."""


@dataclass(frozen=True)
class Folder:
    """Paths below the output folder, and artifacts with uris relative to it."""

    root: Path

    @property
    def store(self) -> Path:
        """The SQLite file with every sealed record."""
        return self.root / "mlspec.db"

    @property
    def trust(self) -> Path:
        """The trust file: whose key may vouch for what."""
        return self.root / "trust.json"

    @property
    def records(self) -> Path:
        """The record log: the digest of each record, in the order of sealing."""
        return self.root / "records"

    @property
    def requests(self) -> Path:
        """The request log: a leaf for each request, side records and lines beside it."""
        return self.root / LOGS

    def at(self, relative: str) -> Path:
        """The path of a file below the root; the folder it lies in is made."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def artifact(self, relative: str, *, role: str, media_type: str | None = None) -> v1.Artifact:
        """A file or folder below the root as an artifact, its uri relative to the root."""
        path = self.root / relative
        return digests.artifact(
            path, name=path.name, role=role, media_type=media_type, uri=relative
        )


def start_clean(root: Path) -> Folder:
    """An empty output folder: made, or wiped if an earlier run of this job made it.

    Raises:
        NotOursError: It is a symbolic link, a file, or holds something without our marker.
    """
    root = root.absolute()
    if root.is_symlink() or (root.exists() and not root.is_dir()):
        raise NotOursError(f"{root}: must be a folder (is a link or a file)")
    if root.exists() and any(root.iterdir()):
        if not (root / MARKER).is_file():
            raise NotOursError(f"{root}: must be empty or made by this job (holds no {MARKER})")
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / MARKER).write_text("Made by examples/loan_approval: the next run wipes it.\n")
    return Folder(root)
