"""Write vectors/v1/derived, provenance and requirements: `python -m tools.vectors [--check]`."""

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from mlspec import schema
from tools.places import ROOT, ToolError
from tools.schema import read
from tools.vectors import derive, sites
from tools.vectors.provenance import files
from tools.vectors.requirements import files as required

VECTORS = ROOT / "vectors" / "v1"


def derived() -> tuple[dict[str, str], list[sites.Site]]:
    """Return the text of each file by message name, and the sites that none could be made for."""
    files = read(FileDescriptorSet.FromString(schema.descriptor_set()))
    specimens = derive.specimens(VECTORS)
    cases: dict[str, list[dict[str, Any]]] = defaultdict(list)
    missing = []
    for site in sites.of_files(files):
        if site.written:
            continue
        case = derive.derive(site, specimens.get(site.message, []))
        if case is None:
            missing.append(site)
        else:
            cases[site.message].append(case)
    return {name: derive.render(name, found) for name, found in sorted(cases.items())}, missing


def main(arguments: list[str]) -> None:
    """Write the files, or with `--check` fail when writing would change one."""
    texts, missing = derived()
    if missing:
        places = "\n".join(f"  {' '.join(site.key)}" for site in missing)
        raise ToolError(f"a full.txtpb must hold each field that has a rule; none serves\n{places}")
    named = {f"{name.removeprefix('mlspec.v1.')}.json": text for name, text in texts.items()}
    kept = {files.FOLDER: files.texts(), required.FOLDER: required.texts()}
    for folder, wanted in ((VECTORS / "derived", named), *kept.items()):
        keep(folder, wanted, check="--check" in arguments)


def keep(folder: Path, texts: dict[str, str], *, check: bool) -> None:
    """Make the files of a folder these, or with `check` fail when that would change one."""
    wanted = {folder / name: text for name, text in texts.items()}
    present = {path: path.read_text(encoding="ascii") for path in folder.glob("*.json")}
    if check:
        stale = sorted(p.name for p in wanted | present if wanted.get(p) != present.get(p))
        if stale:
            place = folder.relative_to(ROOT)
            raise ToolError(f"{place}: must be as derived (run make vectors): {stale}")
        return
    folder.mkdir(parents=True, exist_ok=True)
    for path in present.keys() - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="ascii")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ToolError as error:
        sys.exit(f"error: {error}")
