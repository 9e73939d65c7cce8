"""Answers the runner's requests with `buf convert --validate`: `python -m conformance.buf`.

A process for each form of each case, as there is no other way in. It converts and validates; it
knows nothing of envelopes, and it names the place of a violation but not the rule's id.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from conformance.exchange import serve
from tools.places import GENERATOR, PROTO, ROOT, buf

_FAILURE = re.compile(r"^Failure: --from: (validation errors?:)? *", re.MULTILINE)
# "a.b[3].c: words", or only words if the whole message is meant.
_PLACE = re.compile(r"^(?: - )?(?:([a-z0-9_]+(?:\[\d+\])?(?:\.[a-z0-9_]+(?:\[\d+\])?)*): )?")


class Converter:
    """buf, with the specification compiled once, and a folder for what it reads and writes."""

    def __init__(self, folder: Path) -> None:
        """Compile the specification into the folder."""
        self._image = folder / "image.binpb"
        self._files = {form: folder / f"in.{form}" for form in ("binpb", "json")}
        self._written = folder / "out"
        buf("build", PROTO.relative_to(ROOT), "--exclude-source-info", "-o", self._image)

    def answer(self, request: Any, response: Any) -> None:
        """Fill in the response to one request."""
        if request.WhichOneof("task") != "convert":
            response.unsupported = "buf converts and validates, and knows nothing of envelopes"
            return
        task = request.convert
        form = "json" if task.WhichOneof("input") == "json" else "binpb"
        self._files[form].write_bytes(task.json if form == "json" else task.binary)
        said = self._convert(task.message_type, form, "binpb", "--validate")
        if said and "validation error" not in said:
            response.unreadable = said
            return
        response.converted.SetInParent()
        if said:
            self._say_violations(response.converted, said)
            self._convert(task.message_type, form, "binpb")
        if not task.rules_only:
            response.converted.binary = self._written.read_bytes()
            refusal = self._convert(task.message_type, form, "json")
            if refusal:
                response.converted.json_refusal = refusal
            else:
                response.converted.json = self._written.read_text(encoding="utf-8")

    @staticmethod
    def _say_violations(converted: Any, said: str) -> None:
        for line in _FAILURE.sub("", said).splitlines():
            if line.strip() and (place := _PLACE.match(line)):
                converted.violations.add(path=place[1] or "")

    def _convert(self, message_type: str, source: str, target: str, *flags: str) -> str:
        """Convert, and return what buf said. Empty: it went well."""
        command = [str(GENERATOR / "buf"), "convert", str(self._image), "--type", message_type]
        command += ["--from", str(self._files[source]), "--to", f"{self._written}#format={target}"]
        run = subprocess.run([*command, *flags], check=False, capture_output=True, text=True)
        return "" if run.returncode == 0 else run.stderr or f"exit code {run.returncode}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        serve(Converter(Path(scratch)).answer, sys.stdin.buffer, sys.stdout.buffer)
