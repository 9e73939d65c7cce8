"""Releases: the specification as each version published it, never to change again.

`python -m tools.release` keeps, for the version that records of this package name
(`mlspec.records.SPEC_VERSION`), `schema/released/<version>.binpb` and, in the folder
`schema/released/<version>`, what `tools.release_kit` makes: the wheel with the constraints that it
was tried with, the vectors, and records that it sealed. All of it is pinned in `SHA256SUMS`.
"""

import hashlib
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools import image, release_kit
from tools.places import PROTO, RELEASED, ROOT, ToolError, buf

_SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Release:
    """What is kept of one version. `image` is its descriptor set, `kit` the folder of the rest."""

    image: Path

    @property
    def version(self) -> str:
        """The version, such as "0.1.0"."""
        return self.image.stem

    @property
    def kit(self) -> Path:
        """The folder that holds everything but the image."""
        return self.image.with_suffix("")

    @property
    def wheel(self) -> Path:
        """The package as it was published."""
        (path,) = self.kit.glob(release_kit.WHEEL)
        return path

    @property
    def vectors(self) -> Path:
        """The archive of the folder `vectors`."""
        return self.kit / release_kit.VECTORS

    @property
    def sealed(self) -> Path:
        """The archive of records that the wheel sealed, with their trust file."""
        return self.kit / release_kit.SEALED

    @property
    def constraints(self) -> Path:
        """The versions of other packages that the wheel was tried with."""
        return self.kit / release_kit.CONSTRAINTS


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


def releases(folder: Path = RELEASED) -> list[Release]:
    """What is kept of each version, oldest first."""
    return [Release(path) for path in images(folder)]


def newest() -> Path:
    """The image of the newest release.

    Raises:
        ToolError: nothing was released yet.
    """
    if not (found := images()):
        raise ToolError("schema/released: must hold an image; make one with `make release-image`")
    return found[-1]


def pinned(folder: Path = RELEASED) -> dict[str, str]:
    """The SHA-256 in hex that `SHA256SUMS` gives for each file, by its path in the folder."""
    sums = (folder / _SUMS).read_text().splitlines() if (folder / _SUMS).exists() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in sums)}


def _sums(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / _SUMS
    }


def problems(folder: Path = RELEASED) -> list[str]:
    """One line for each file that is not as `SHA256SUMS` pins it, and each part that is missing."""
    pins, found = pinned(folder), _sums(folder)
    lines = [
        f"schema/released/{name}: must have the sha256 that {_SUMS} pins"
        f" (got {found.get(name, 'no file')}, pinned {pins.get(name, 'nothing')})"
        for name in sorted(pins.keys() | found.keys())
        if pins.get(name) != found.get(name)
    ]
    kits = {path for path in folder.iterdir() if path.is_dir()}
    lines += [
        f"schema/released/{kit.name}: must hold one {part} (got {count})"
        for kit in sorted(kits | {each.kit for each in releases(folder)})
        for part in release_kit.PARTS
        if (count := len(list(kit.glob(part)))) != 1
    ]
    return lines + [
        f"schema/released/{kit.name}: must have an image beside it (got no {kit.name}.binpb)"
        for kit in sorted(kits - {each.kit for each in releases(folder)})
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


def release() -> Release:
    """Keep and pin the current version.

    Raises:
        ToolError: that version is released already, the .proto files do not compile, or the wheel
            cannot be built or does not seal. Nothing is kept then.
    """
    made = Release(RELEASED / f"{version()}.binpb")
    for path in (made.image, made.kit):
        if path.exists():
            raise ToolError(f"schema/released/{path.name}: must not be there (a release is final)")
    with tempfile.TemporaryDirectory() as scratch:
        draft = Release(Path(scratch, made.image.name))
        buf("build", PROTO.relative_to(ROOT), "--exclude-source-info", "-o", draft.image)
        release_kit.make(ROOT, draft.kit)
        lines = [f"{digest}  {name}\n" for name, digest in _sums(Path(scratch)).items()]
        RELEASED.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(draft.image, made.image)
        shutil.copytree(draft.kit, made.kit)
    with (RELEASED / _SUMS).open("a") as sums:
        sums.writelines(lines)
    return made


if __name__ == "__main__":
    try:
        print(f"released: {release().version}, in {RELEASED.relative_to(ROOT)}")
    except ToolError as error:
        sys.exit(f"error: {error}")
