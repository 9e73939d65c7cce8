"""Generate the Python package's messages, stubs and schema data from the .proto files.

`python -m tools.generate` writes them; with `--check` it writes nothing, names what is not as
regenerating would make it, and exits 1 if anything is. Runs in the generator's environment.
"""

import argparse
import fcntl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools import image, reexports, tree
from tools.places import BUILD, CONFORMANCE, PACKAGE, PROTO, ROOT, ToolError, buf

NAMESPACE = "mlspec.v1"
_SCHEMA_INIT = PACKAGE / "schema" / "__init__.py"


def messages(scratch: Path) -> dict[Path, bytes]:
    """What `python/mlspec/v1` should hold: messages, stubs, gRPC stubs and the re-exports."""
    commented = image.build(scratch / "commented.binpb", source_info=True)
    stripped = scratch / "stripped.binpb"
    stripped.write_bytes(image.without_rules_import(commented).SerializeToString())
    output = scratch / "output"
    buf("generate", stripped, "--path", "mlspec/v1", "-o", output)
    folder = output.joinpath(*NAMESPACE.split("."))
    found = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.py*")}
    # The stub maker writes an empty gRPC stub for files without a service too.
    found = {path: text for path, text in found.items() if path.with_suffix(".py") in found}
    found[Path("__init__.py")] = reexports.render(commented, NAMESPACE).encode()
    return found


def schema(scratch: Path) -> dict[Path, bytes]:
    """What `python/mlspec/schema` should hold beside its hand-written `__init__.py`."""
    image.build(scratch / "mlspec.binpb")
    found = {Path("mlspec.binpb"): (scratch / "mlspec.binpb").read_bytes()}
    for path in PROTO.rglob("*.proto"):
        found[path.relative_to(PROTO)] = path.read_bytes()
    found[Path("__init__.py")] = _SCHEMA_INIT.read_bytes()
    return found


def conformance(scratch: Path) -> dict[Path, bytes]:
    """What `conformance/schema` should hold: the descriptor set of the kit's own messages."""
    target = scratch / "conformance.binpb"
    source = CONFORMANCE / "proto"
    flags = ["--as-file-descriptor-set", "--exclude-source-info"]
    buf("build", source.relative_to(ROOT), *flags, "-o", target)
    init = CONFORMANCE / "schema" / "__init__.py"
    return {Path(target.name): target.read_bytes(), Path(init.name): init.read_bytes()}


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock that keeps two generators from writing at once."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "generate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Generate, or with `--check` compare; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    with _alone(), tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        wanted = {
            PACKAGE / "v1": messages(scratch),
            PACKAGE / "schema": schema(scratch),
            CONFORMANCE / "schema": conformance(scratch),
        }
        if not check:
            changed = sum(tree.write(target, files) for target, files in wanted.items())
            print(f"generated: {changed} files changed")
            return 0
        stale = [
            line for target, files in wanted.items() for line in tree.differences(target, files)
        ]
    for line in stale:
        print(line.replace(f"{ROOT}/", ""), file=sys.stderr)
    if stale:
        print("generated code must be fresh: run `make generate` and commit", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(f"error: {error}")
