"""Programs that the end-to-end tests start as processes of their own."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from mlspec import Run, open_store, v1
from mlspec.errors import MLSpecError
from mlspec.records import new_id
from tests.unit.store import making


def acknowledge(place: str, count: str) -> None:
    """Store records one after the other, and print the digest of each when it is stored."""
    run = new_id()
    with open_store(place) as store:
        for _ in range(int(count)):
            record = making.sealed(run, reads=["table"])
            store.put(record)
            print(record.hex, flush=True)


def resume(count: str) -> None:
    """Go on with the run of the environment, step by step."""
    run = Run.resume(signer=making.KEY, environment=v1.Environment(language="CPython"))
    with run:
        for _ in range(int(count)):
            with run.step(v1.ModelTraining(), name="shared") as step:
                step.skip("a test")


def fill(place: str, limit: str) -> None:
    """Store records until no file may grow any more; print what was acknowledged and the error."""
    with open_store(place) as store:
        files = (path.stat().st_size for path in Path(place).parent.iterdir() if path.is_file())
        size = max(files, default=0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(limit), resource.RLIM_INFINITY))
        run = new_id()
        try:
            while True:
                record = making.sealed(run, reads=[f"table {n}" for n in range(20)])
                store.put(record)
                print(record.hex, flush=True)
        except MLSpecError as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            sys.exit(error.exit_code)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
