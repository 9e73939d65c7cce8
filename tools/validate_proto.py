"""Fetch `buf/validate/validate.proto` into the git-ignored `third_party/`.

The only package that carries it is protovalidate's source distribution. pip downloads that and
checks it against the pinned hash; one file is taken out and nothing is installed or run from it.
"""

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tools.places import ROOT, VALIDATE_PROTO

_PIN = ROOT / "tools" / "requirements" / "protovalidate-sdist.txt"
_MEMBER = "upstream/proto/buf/validate/validate.proto"


def fetch() -> None:
    """Download the source distribution and write the one file, whole or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--quiet", "--no-deps", "--no-binary", "protovalidate", "--require-hashes"]
        subprocess.run(
            [sys.executable, "-m", "pip", "download", *flags, "-r", str(_PIN), "-d", folder],
            check=True,
        )
        (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as source:
            (member,) = (m for m in source.getmembers() if m.name.endswith(f"/{_MEMBER}"))
            content = source.extractfile(member)
            if content is None:
                raise SystemExit(f"{member.name}: must be a file")
            VALIDATE_PROTO.parent.mkdir(parents=True, exist_ok=True)
            fresh = VALIDATE_PROTO.with_suffix(".new")
            fresh.write_bytes(content.read())
            fresh.replace(VALIDATE_PROTO)


if __name__ == "__main__":
    fetch()
