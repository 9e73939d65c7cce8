"""The programs that must agree: a folder with a `program.toml` each."""

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.places import KIT, OUTPUT
from tools.places import ROOT, ToolError


@dataclass(frozen=True)
class ExpectedFailure:
    """Cases that a program is known to fail, and why that is so."""

    cases: str
    why: str

    def covers(self, case_id: str) -> bool:
        """Tell whether the glob fits."""
        return fnmatchcase(case_id, self.cases)


@dataclass(frozen=True)
class ProgramSpec:
    """What `program.toml` and `expected_failures.toml` in a program's folder say.

    Attributes:
        folder: The folder's name, by which the program is asked for.
        name: What people call it.
        needs: Commands that must be on the PATH.
        build: The command that builds it, in the repository's root. Empty: nothing to build.
        run: The command that starts it, in the repository's root.
        validator: Which library applies the rules, or "none: why".
        cases: Globs on the ids of the cases that it is asked about. Empty: all.
        failures: What it is known to fail.
    """

    folder: str
    name: str
    needs: tuple[str, ...]
    build: tuple[str, ...]
    run: tuple[str, ...]
    validator: str
    cases: tuple[str, ...]
    failures: tuple[ExpectedFailure, ...] = field(default=())

    def asked_about(self, case_id: str) -> bool:
        """Tell whether the program is asked about a case."""
        return not self.cases or any(fnmatchcase(case_id, glob) for glob in self.cases)

    @property
    def missing(self) -> list[str]:
        """The commands it needs that this machine lacks."""
        return [need for need in self.needs if shutil.which(need) is None]

    @property
    def log(self) -> Path:
        """The file that gets what it says while it is built and run."""
        return OUTPUT / f"{self.folder}.log"

    def make(self) -> None:
        """Build it. Raises ToolError with the end of what the build said."""
        if not self.build:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            built = subprocess.run(
                self.build, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False
            )
        if built.returncode:
            said = self.log.read_text(errors="replace")[-3000:]
            raise ToolError(f"{self.folder}: must build ({' '.join(self.build)})\n{said}")


def _failures(path: Path) -> tuple[ExpectedFailure, ...]:
    if not path.exists():
        return ()
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("failures", [])
    return tuple(ExpectedFailure(entry["cases"], entry["why"]) for entry in entries)


def read(folder: Path) -> ProgramSpec:
    """Read what stands in a program's folder."""
    table = tomllib.loads((folder / "program.toml").read_text(encoding="utf-8"))
    run = [sys.executable if word == "{python}" else word for word in table["run"]]
    return ProgramSpec(
        folder=folder.name,
        name=table["name"],
        needs=tuple(table["needs"]),
        build=tuple(table.get("build", ())),
        run=tuple(run),
        validator=table["validator"],
        cases=tuple(table.get("cases", ())),
        failures=_failures(folder / "expected_failures.toml"),
    )


def find(wanted: tuple[str, ...] = (), kit: Path = KIT) -> list[ProgramSpec]:
    """Return the programs of the kit, or those that are wanted, by their folders' names.

    Raises:
        ToolError: One that is wanted is not there.
    """
    found = {path.parent.name: path.parent for path in sorted(kit.glob("*/program.toml"))}
    if unknown := sorted(set(wanted) - set(found)):
        raise ToolError(f"{unknown[0]}: must be one of {', '.join(found)}")
    return [read(folder) for name, folder in found.items() if not wanted or name in wanted]
