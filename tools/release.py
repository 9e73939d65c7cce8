"""Released images: the specification as each version published it, never to change again.

`python -m tools.release` writes `schema/released/<version>.binpb` for the version that records of
this package name (`mlspec.records.SPEC_VERSION`), and pins it in `SHA256SUMS` beside it.
"""

import hashlib
import sys
import tempfile
from pathlib import Path

from tools import image
from tools.places import PROTO, RELEASED, ROOT, ToolError, buf

_SUMS = "SHA256SUMS"


def version() -> str:
    """The specification's version, as records name it."""
    # Only here: comparing with a release needs neither the package nor its environment.
    from mlspec.records import SPEC_VERSION

    return SPEC_VERSION


def _number(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in path.stem.split("."))


def images(folder: Path = RELEASED) -> list[Path]:
    """The released images, oldest version first."""
    return sorted(folder.glob("*.binpb"), key=_number)


def newest() -> Path:
    """The image of the newest release.

    Raises:
        ToolError: nothing was released yet.
    """
    if not (found := images()):
        raise ToolError("schema/released: must hold an image; make one with `make release-image`")
    return found[-1]


def problems(folder: Path = RELEASED) -> list[str]:
    """One line for each image that is missing, not pinned, or not as `SHA256SUMS` pins it."""
    sums = (folder / _SUMS).read_text().splitlines() if (folder / _SUMS).exists() else []
    pinned = {name: digest for digest, _, name in (line.partition("  ") for line in sums)}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in images(folder)}
    return [
        f"schema/released/{name}: must have the sha256 that {_SUMS} pins"
        f" (got {found.get(name, 'no file')}, pinned {pinned.get(name, 'nothing')})"
        for name in sorted(pinned.keys() | found.keys())
        if pinned.get(name) != found.get(name)
    ]


def outdated(folder: Path = RELEASED) -> str | None:
    """What is wrong if the working tree is not what the release of the same version says.

    A record that names a released version must not hold fields that its readers do not know.
    """
    released = folder / f"{version()}.binpb"
    if not released.exists():
        return None
    with tempfile.TemporaryDirectory() as scratch:
        then, now = Path(scratch, "then.binpb"), Path(scratch, "now.binpb")
        buf("build", released, "--as-file-descriptor-set", "-o", then)
        image.build(now)
        if then.read_bytes() == now.read_bytes():
            return None
    return f"SPEC_VERSION: must be newer than what was released, proto changed (got {version()})"


def release() -> Path:
    """Write and pin the image of the current version.

    Raises:
        ToolError: that version is released already, or the .proto files do not compile.
    """
    target = RELEASED / f"{version()}.binpb"
    if target.exists():
        raise ToolError(f"schema/released/{target.name}: must not be there (a release is final)")
    RELEASED.mkdir(parents=True, exist_ok=True)
    buf("build", PROTO.relative_to(ROOT), "--exclude-source-info", "-o", target)
    line = f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {target.name}\n"
    with (RELEASED / _SUMS).open("a") as sums:
        sums.write(line)
    return target


if __name__ == "__main__":
    try:
        print(f"released: {release().relative_to(ROOT)}")
    except ToolError as error:
        sys.exit(f"error: {error}")
