"""Archives that must be refused; each beside the one that it was made of."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from mlspec.evidence import Bundle
from mlspec.evidence.bundle import manifest_of
from tests.attacks.refusing import refused

FILES = {"leaf.bin": b"leaf", "claim.json": b"{}"}
WHOLE = FILES | {"MANIFEST": manifest_of(FILES)}
OUTSIDE = ("../leaf.bin", "/etc/passwd", "records/../../leaf.bin", "leaf.bin/", "C:\\leaf.bin")


def zipped(files: dict[str, bytes], *more: tuple[str, bytes]) -> bytes:
    """A zip file, with entries more that may have any name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (*files.items(), *more):
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.compress_type = name, zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return made.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_f5_archives_that_lie_about_their_files(tmp_path: Path) -> None:
    """Names that lead out, one name twice, and more bytes than the file may have."""
    path = tmp_path / "bundle.zip"
    path.write_bytes(zipped(WHOLE))
    assert dict(Bundle.open(path).files) == WHOLE
    for name in OUTSIDE:
        path.write_bytes(zipped(WHOLE, (name, b"x")))
        refused("bundle.unknown_file", Bundle.open, path)
    path.write_bytes(zipped(WHOLE, ("leaf.bin", b"other")))
    refused("bundle.zip", Bundle.open, path)
    path.write_bytes(zipped(WHOLE | {"leaf.bin": bytes(32 * 1024 * 1024)}))
    refused("bundle.size", Bundle.open, path)
    assert [each.name for each in tmp_path.iterdir()] == ["bundle.zip"]
