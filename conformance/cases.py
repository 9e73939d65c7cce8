"""Cases: read from their folders, and turned into the requests that programs get."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from conformance.places import CASES
from conformance.schema import CaseSet, Request
from mlspec.records import SPEC_VERSION

# Cases of that size are about limits. What they would be as JSON is hundreds of megabytes.
_LARGE = 1024 * 1024


@dataclass(frozen=True)
class LoadedCase:
    """One case, and the folder that its files are in.

    Attributes:
        id: "<task>/<set>/<name>", for example "verify/dsse/ed25519".
        case: The `mlspec.conformance.v1.Case`.
        folder: The folder of its set.
    """

    id: str
    case: Any
    folder: Path

    def content(self, content: Any) -> bytes:
        """Return the bytes that a `Content` stands for."""
        if content.WhichOneof("content") == "file":
            return self.file(content.file)
        return b"".join(piece.content * piece.times for piece in content.pieces.pieces)

    def file(self, name: str) -> bytes:
        """Return the content of a file of the set."""
        return (self.folder / name).read_bytes()

    def request(self) -> Any:
        """Return what a program is asked."""
        request = Request(case_id=self.id)
        match self.case.WhichOneof("kind"):
            case "convert":
                self._convert(request.convert)
            case "seal":
                self._seal(request.seal)
            case "verify":
                self._verify(request.verify)
        return request

    def _convert(self, task: Any) -> None:
        given = self.case.convert
        task.message_type = given.message_type
        form = given.WhichOneof("input")
        data = self.content(getattr(given, form))
        setattr(task, form, data)
        task.rules_only = len(data) > _LARGE

    def _seal(self, task: Any) -> None:
        given = self.case.seal
        task.payload = self.content(given.payload)
        task.private_key = self.file(given.private_key_file).decode("ascii")
        task.reader_version = SPEC_VERSION

    def _verify(self, task: Any) -> None:
        given = self.case.verify
        form = given.WhichOneof("envelope")
        setattr(task, form, self.content(getattr(given, form)))
        task.trust = self.file(given.trust_file)
        task.at.CopyFrom(given.at)
        task.understood_annotations.extend(given.understood_annotations)
        task.reader_version = SPEC_VERSION


def load(folder: Path = CASES, wanted: tuple[str, ...] = ()) -> list[LoadedCase]:
    """Return the cases below a folder, in the order of their ids.

    Args:
        folder: The folder of the tasks.
        wanted: Globs on the ids, of which one must fit. Empty: every case.
    """
    found = [case for path in sorted(folder.rglob("cases.json")) for case in _read(path, folder)]
    return [case for case in found if not wanted or _fits(case.id, wanted)]


def _fits(case_id: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(case_id, glob) for glob in globs)


def _read(path: Path, root: Path) -> Iterator[LoadedCase]:
    cases = json_format.Parse(path.read_text(encoding="utf-8"), CaseSet())
    set_id = path.parent.relative_to(root).as_posix()
    for case in cases.cases:
        yield LoadedCase(f"{set_id}/{case.name}", case, path.parent)
